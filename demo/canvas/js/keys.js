// Keys. Letters and arrows act while the stage has the focus; undo and redo act anywhere but in a text field.

import { isTyping, namesOf, undoKey } from "../../kit/js/keys.js";
import { TOOLS } from "./tools/index.js";

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** @param {import("./main.js").Bench} bench */
export function listenForKeys(bench, stage) {
  /** @type {Record<string, () => void>} */
  const letters = {
    f: () => bench.selection.area && bench.edits.flip("flippedAcross"),
    F: () => bench.selection.area && bench.edits.flip("flippedDown"),
    r: () => bench.selection.area && bench.edits.turn(),
    Delete: () => (bench.selection.area ? bench.edits.fill() : bench.cursor.paint()),
    Backspace: () => (bench.selection.area ? bench.edits.fill() : bench.cursor.paint()),
    1: () => bench.look.setLayer("original"),
    2: () => bench.look.setLayer("rebuilt"),
    3: () => bench.look.setLayer("codes"),
    4: () => bench.look.setLayer("error"),
    5: () => bench.look.setLayer("surprise"),
    6: () => bench.look.setLayer("alone"),
    a: () => bench.look.toggle(stage.pane?.layer),
    l: () => bench.levels.next(),
    "+": () => stage.zoomBy(1.4),
    "=": () => stage.zoomBy(1.4),
    "-": () => stage.zoomBy(1 / 1.4),
    0: () => (stage.view.fit(), stage.invalidate()),
    Enter: () => bench.cursor.paint(),
    Escape: () => (bench.selection.area ? bench.selection.put(null) : bench.cursor.put(null)),
  };
  for (const { name, key } of TOOLS) for (const letter of key ?? "") letters[letter] = () => bench.use(name);
  const heldBy = (event) => TOOLS.find(({ holdKey }) => namesOf(event).includes(holdKey));
  const actionOf = (event) => letters[namesOf(event).find((name) => letters[name])];
  document.addEventListener("keydown", (event) => {
    if (isTyping(event)) return;
    if (event.key === "?" && !bench.keyList.open) return bench.keyList.showModal();
    const change = undoKey(event);
    if (!change) return;
    event.preventDefault();
    bench.strokes[change]();
  });
  stage.element.addEventListener("keydown", (event) => {
    if (event.altKey || event.target !== stage.element || !bench.picture) return;
    if (event.ctrlKey || event.metaKey) {
      if (namesOf(event).includes("a")) bench.selection.all();
      else if (ARROWS[event.key]) bench.edits.move(...ARROWS[event.key]);
      else return;
    } else if (heldBy(event)) event.repeat || heldBy(event).hold(bench);
    else if (event.shiftKey && ARROWS[event.key]) bench.cursor.select(...ARROWS[event.key]);
    else if (ARROWS[event.key]) bench.cursor.move(...ARROWS[event.key]);
    else if (actionOf(event)) actionOf(event)();
    else return;
    event.preventDefault();
  });
  document.addEventListener("keyup", (event) => heldBy(event)?.letGo(bench));
  stage.element.addEventListener("blur", () => TOOLS.forEach((tool) => tool.letGo?.(bench)));
}

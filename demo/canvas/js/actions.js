// The buttons of the page that do one thing, and menus that close when something else is pressed, or Esc.

/** @param {import("./main.js").Bench} bench */
export function listenForActions(bench) {
  const { intake, keyList, root, stage, strokes } = bench;
  const actions = {
    open: () => intake.choose(),
    keys: () => keyList.showModal(),
    camera: () => intake.openCamera(),
    undo: () => strokes.undo(),
    redo: () => strokes.redo(),
    closer: () => stage.zoomBy(1.4),
    farther: () => stage.zoomBy(1 / 1.4),
    fit: () => (stage.view.fit(), stage.invalidate()),
    "paint-with": () => bench.use("paint"),
    present: () => bench.present.toggle(),
    skip: () => /** @type {HTMLElement} */ (document.querySelector("#benches [role=tab][aria-selected=true]"))?.focus(),
    back: () => (root.scrollIntoView({ block: "start" }), stage.element.focus({ preventScroll: true })),
  };
  for (const button of root.querySelectorAll("[data-action]"))
    button.addEventListener("click", () => actions[button.dataset.action]());
  for (const menu of root.querySelectorAll(".menu")) {
    document.addEventListener("pointerdown", (event) => menu.contains(event.target) || (menu.open = false));
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      event.stopPropagation();
      menu.querySelector("summary").focus();
      menu.open = false;
    });
    // Once a command has closed it, the keys act on the picture.
    menu.addEventListener("click", ({ target }) => {
      if (target.closest("button") && !menu.open && !root.querySelector("dialog[open]")) stage.element.focus({ preventScroll: true });
    });
  }
}

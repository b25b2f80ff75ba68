// Drag a rectangle of tokens, or one that is there to another place; a click that drags nothing lets it go.

/** @type {import("./tool.js").Tool} */
export const select = {
  name: "select",
  key: "sm",
  takesAlt: true,
  cursor: "crosshair",
  label: "Select",
  title: "Select a rectangle, then drag it (S or M); Alt-drag copies",
  help: "Select a rectangle",
  icon: '<path d="M4 4h16v16H4z" stroke-dasharray="3.2 2.600"/>',
  press({ bench, stage, token, place, event }) {
    const anchor = stage.view.nearestToken(place.x, place.y);
    return { anchor, moves: bench.selection.holds(token), copies: event.altKey, carried: null };
  },
  move(drag, { bench, stage, place }) {
    const { anchor, moves, copies } = drag;
    const here = stage.view.nearestToken(place.x, place.y);
    if (!drag.carried && here.row === anchor.row && here.column === anchor.column) return;
    drag.carried = { down: here.row - anchor.row, right: here.column - anchor.column, copies };
    if (moves) bench.selection.carry(drag.carried);
    else bench.selection.between(anchor, here);
  },
  release({ anchor, moves, carried }, { bench }) {
    const { cursor, edits, selection } = bench;
    selection.carry(null);
    if (!carried) {
      selection.put(null);
      cursor.put(anchor);
    } else if (moves) edits.move(carried.down, carried.right, carried.copies);
    else cursor.put(null);
  },
  cancel({ selection }) {
    selection.carry(null);
  },
};

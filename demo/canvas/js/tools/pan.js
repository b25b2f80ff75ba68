// Move the view.

/** @type {import("./tool.js").Tool} */
export const pan = {
  name: "pan",
  key: "h",
  holdKey: " ",
  cursor: "grab",
  label: "Move",
  title: "Move the view (H, or hold Space)",
  help: "Move the view",
  icon: '<path d="M12 3v18M3 12h18M9.500 5.500 12 3l2.500 2.500M9.500 18.500 12 21l2.500-2.500M5.500 9.500 3 12l2.500 2.500M18.500 9.500 21 12l-2.500 2.500"/>',
  press({ place }) {
    return { last: place };
  },
  move(drag, { stage, place }) {
    stage.view.pan(place.x - drag.last.x, place.y - drag.last.y);
    stage.invalidate();
    drag.last = place;
  },
  hold(bench) {
    bench.panning = true;
  },
  letGo(bench) {
    bench.panning = false;
  },
};

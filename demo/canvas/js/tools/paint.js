// Write the chosen code where the pointer goes; a stroke is one step of the history.

/** @type {import("./tool.js").Tool} */
export const paint = {
  name: "paint",
  key: "b",
  cursor: "cell",
  label: "Paint",
  title: "Paint with the chosen code (B); Alt-click picks",
  help: "Paint with the chosen code",
  icon: '<path d="M20 4c-4 1-8.500 5-10.500 8.500l2 2C15 12.500 19 8 20 4zM9 13.500c-3 0-3.500 2.500-3.500 4.500 0 1-1 2-2 2 3 1.500 8 .5 8-4z"/>',
  press({ bench, token }) {
    if (!token) return null;
    bench.strokes.begin();
    bench.strokes.paint([token]);
    return { last: token };
  },
  move(stroke, { bench, stage, path }) {
    for (const { x, y } of path) {
      const token = stage.view.tokenAt(x, y);
      if (!token) continue;
      bench.strokes.paint(tokensBetween(stroke.last, token));
      stroke.last = token;
    }
  },
  release(_, { bench }) {
    bench.strokes.end();
  },
  cancel(bench) {
    bench.strokes.drop();
  },
};

// The tokens on the straight line between two, both included: a fast pointer leaves no gaps.
function tokensBetween(from, to) {
  const steps = Math.max(Math.abs(to.row - from.row), Math.abs(to.column - from.column), 1);
  return Array.from({ length: steps + 1 }, (_, i) => ({
    row: Math.round(from.row + ((to.row - from.row) * i) / steps),
    column: Math.round(from.column + ((to.column - from.column) * i) / steps),
  }));
}

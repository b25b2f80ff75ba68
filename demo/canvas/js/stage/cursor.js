// The token that the keys act on: arrows move it, Enter paints it, Shift with arrows selects from it.

export class Cursor {
  /** @param {import("../main.js").Bench} bench */
  constructor(bench) {
    this.bench = bench;
    /** @type {import("../../../kit/js/types.js").Token | null} */
    this.token = null;
  }

  put(token) {
    this.token = token;
    this.bench.readout.show(token);
    this.bench.stage.invalidate();
  }

  get orMiddle() {
    const { rows, columns } = this.bench.picture;
    return this.token ?? { row: rows >> 1, column: columns >> 1 };
  }

  move(down, right) {
    const { bench, bench: { picture } } = this;
    this.put(picture.grid.inside(this.orMiddle, down, right));
    if (bench.tool.name !== "pick") return;
    bench.choose(picture.codeAt(this.token));
    bench.why.picked();
  }

  // The cursor stays at the corner where the selection began.
  select(down, right) {
    const { bench, bench: { picture, selection } } = this;
    const from = this.orMiddle;
    if (!this.token) this.put(from);
    const [top, bottom, left, end] = selection.holds(from) ? selection.area : [from.row, from.row + 1, from.column, from.column + 1];
    const far = { row: top < from.row ? top : bottom - 1, column: left < from.column ? left : end - 1 };
    bench.use("select");
    selection.between(from, picture.grid.inside(far, down, right));
  }

  paint() {
    if (!this.token) return;
    const { strokes } = this.bench;
    strokes.begin();
    strokes.paint([this.token]);
    strokes.end();
  }
}

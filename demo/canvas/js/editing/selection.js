// The selected rectangle of tokens, on which edits work, or on the whole picture where none is.
// An area is [top, bottom, left, right] in tokens, ends excluded.

import { Block } from "./block.js";

export class Selection {
  /** @param {import("../main.js").Bench} bench */
  constructor(bench) {
    this.bench = bench;
    /** @type {import("../../../kit/js/types.js").Area | null} */
    this.area = null;
    this.carried = null; // {down, right, copies}: where a hand has it now
  }

  put(area) {
    this.area = area;
    this.bench.editMenu.refresh();
    this.bench.stage.invalidate();
  }

  between(a, b) {
    this.put([
      Math.min(a.row, b.row), Math.max(a.row, b.row) + 1,
      Math.min(a.column, b.column), Math.max(a.column, b.column) + 1,
    ]);
  }

  all() {
    const { rows, columns } = this.bench.picture;
    this.bench.use("select");
    this.put([0, rows, 0, columns]);
  }

  holds(token) {
    if (!this.area || !token) return false;
    const [top, bottom, left, right] = this.area;
    return token.row >= top && token.row < bottom && token.column >= left && token.column < right;
  }

  get orWhole() {
    return this.area ?? [0, this.bench.picture.rows, 0, this.bench.picture.columns];
  }

  get cells() {
    const { columns } = this.bench.picture;
    const [top, bottom, left, right] = this.orWhole;
    const cells = [];
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) cells.push(row * columns + column);
    return cells;
  }

  get block() {
    const [top, bottom, left, right] = this.orWhole;
    return new Block(bottom - top, right - left, this.bench.picture.cut(this.orWhole));
  }

  // Show it in a hand: {down, right, copies}, or null once it is put down.
  carry(carried) {
    this.carried = carried;
    this.bench.stage.invalidate();
  }
}

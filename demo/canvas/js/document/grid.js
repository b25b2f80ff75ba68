// One level of a picture's tokens. All levels' tokens are numbered through, coarse first: a token's place is the grid's
// `first` plus its cell in the grid, row by row. Areas are [top, bottom, left, right] in tokens, ends excluded.

import { packGrid } from "../../../kit/js/document.js";

export class Grid {
  constructor(codebook, [rows, columns], tokens, first) {
    this.codebook = codebook;
    this.rows = rows;
    this.columns = columns;
    this.tokens = tokens;
    this.first = first;
    this.counts = new Int32Array(codebook.size);
    for (const code of tokens) this.counts[code]++;
  }

  holds(place) {
    return place >= this.first && place < this.first + this.tokens.length;
  }

  set(cell, code) {
    this.counts[this.tokens[cell]]--;
    this.counts[code]++;
    this.tokens[cell] = code;
  }

  // The pixels that a token spans: [left, top, right, bottom].
  pixelsOf({ row, column }) {
    const f = this.codebook.downsampling;
    return [column * f, row * f, (column + 1) * f, (row + 1) * f];
  }

  // A step from a token, or as far as the grid goes.
  inside({ row, column }, down, right) {
    return { row: Math.min(this.rows - 1, Math.max(0, row + down)), column: Math.min(this.columns - 1, Math.max(0, column + right)) };
  }

  // The corner where a block of this size lies wholly in the grid, nearest to the one asked for.
  cornerFor({ rows, columns }, top, left) {
    return [Math.max(0, Math.min(this.rows - rows, top)), Math.max(0, Math.min(this.columns - columns, left))];
  }

  // The grid as it would be with another code in one cell.
  with(cell, code) {
    const trial = new Grid(this.codebook, [this.rows, this.columns], this.tokens.slice(), this.first);
    trial.set(cell, code);
    return trial;
  }

  // The tokens of an area, row by row.
  cut(/** @type {number[]} */ [top, bottom, left, right]) {
    const { tokens, columns } = this;
    const part = new Int32Array((bottom - top) * (right - left));
    for (let row = top; row < bottom; row++)
      part.set(tokens.subarray(row * columns + left, row * columns + right), (row - top) * (right - left));
    return part;
  }

  /**
   * An area, or the whole, as documents and questions have it.
   * @param {number[]} area
   * @returns {import("../../../kit/js/types.js").GridData}
   */
  pack(area = [0, this.rows, 0, this.columns]) {
    const [top, bottom, left, right] = area;
    return packGrid(this.cut(area), [bottom - top, right - left], this.codebook.size);
  }
}

// One level of a picture's tokens. All levels' tokens are numbered through, coarse first: a token's place is the grid's
// `first` plus its cell in the grid, row by row. Areas are [top, bottom, left, right] in tokens, ends excluded.

import { packTokens } from "../../../kit/js/bytes.js";

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
    return { shape: [bottom - top, right - left], data: packTokens(this.cut(area), this.codebook.size) };
  }
}

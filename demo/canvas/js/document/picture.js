// A picture of the filmstrip: its tokens of each level, its pixels before and after them, and its history.

import { unpackGrid } from "../../../kit/js/document.js";
import { pixelsOfUrl } from "../../../kit/js/images.js";
import { Grid } from "./grid.js";
import { History } from "./history.js";

export const MOST_PICTURES = 12; // in the filmstrip

export class Picture {
  /**
   * answer: what the server gives for an opened file; original is missing for a document opened alone. With kept: what
   * the browser's storage adds to a document, its original's pixels and its history.
   * @param {import("../../../kit/js/answers.js").Opened & {kept?: import("./history.js").Kept}} answer
   * @param {import("../../../kit/js/codebook.js").Codebook} codebook  of its model's finest level
   */
  static async fromAnswer({ document, original, rebuilt, kept, note }, codebook) {
    const [before, after] = await Promise.all([original ? pixelsOfUrl(original) : null, pixelsOfUrl(rebuilt)]);
    const picture = new Picture(document, codebook, kept?.original ?? before, after);
    picture.note = note ?? "";
    if (kept) picture.history = History.of(kept);
    return picture;
  }

  /**
   * @param {import("../../../kit/js/types.js").Document} document
   * @param {import("../../../kit/js/codebook.js").Codebook} codebook
   * @param {ImageData | null} original
   * @param {ImageData} rebuilt
   */
  constructor(document, codebook, original, rebuilt) {
    this.source = document;
    this.id = document.id || crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.name = document.name;
    this.note = ""; // on what was done to its file
    this.width = document.width;
    this.height = document.height;
    this.original = original;
    this.whole = original ?? rebuilt; // what another model tokenizes: it may be larger than the original that this one takes
    this.rebuilt = rebuilt;
    /** @type {import("../../../kit/js/types.js").Fidelity | null} */
    this.fidelity = null;
    this.history = new History();
    /** @type {Picture | null} */
    this.twin = null; // the same picture through another decoder of its tokens, as it was seen last
    let first = 0;
    this.grids = document.grids.map((packed, level) => {
      const book = codebook.levels[level];
      const grid = new Grid(book, packed.shape, unpackGrid(packed, book.size), first);
      first += grid.tokens.length;
      return grid;
    });
    this.level = this.grids.length - 1;
  }

  // The same picture through another decoder of its tokens.
  through(document, codebook, rebuilt) {
    const other = new Picture({ ...document, id: this.id }, codebook, this.original, rebuilt);
    if (this.original) other.whole = this.whole;
    other.note = this.note;
    return other;
  }

  hasTokensOf(other) {
    return this.grids.every(({ tokens }, level) => tokens.every((code, cell) => code === other.grids[level].tokens[cell]));
  }

  // Take the place of its twin in their history; what that one grew from, or into, leads here.
  follow(twin) {
    this.history = twin.history;
    const { smaller, larger } = this.history;
    if (smaller instanceof Picture) smaller.history.larger = this;
    if (larger instanceof Picture) larger.history.smaller = this;
    this.twin = twin;
  }

  // The level at hand: the one that is shown and edited.
  get grid() {
    return this.grids[this.level];
  }

  get finest() {
    return this.grids.at(-1);
  }

  get codebook() {
    return this.grid.codebook;
  }

  get rows() {
    return this.grid.rows;
  }

  get columns() {
    return this.grid.columns;
  }

  get tokens() {
    return this.grid.tokens;
  }

  get counts() {
    return this.grid.counts;
  }

  codeAt({ row, column }) {
    return this.tokens[row * this.columns + column];
  }

  cut(area) {
    return this.grid.cut(area);
  }

  gridAt(place) {
    return this.grids.find((grid) => grid.holds(place));
  }

  setToken(place, code) {
    const grid = this.gridAt(place);
    grid.set(place - grid.first, code);
  }

  // The pixels that a token spans: [x, y, side].
  squareAt(place) {
    const { first, columns, codebook } = this.gridAt(place);
    const f = codebook.downsampling;
    return [((place - first) % columns) * f, Math.floor((place - first) / columns) * f, f];
  }

  // What the server is asked once the tokens in a box of a grid are others: for the region that they reach, with a window
  // of every level's tokens around it that all its pixels look at. Region and window count tokens of the finest grid.
  questionAround(grid, box) {
    const { span, halo, model, levels } = grid.codebook;
    const region = this.grow(box.map((edge) => edge * span), halo);
    const window = this.wholeTokens(this.grow(region, Math.max(...levels.map((level) => level.halo))));
    const grids = this.grids.with(grid.codebook.level, grid);
    const [top, , left] = window;
    return { region, question: { model, grids: this.packed(window, grids), region: region.map((edge, i) => edge - (i < 2 ? top : left)) } };
  }

  // An area of the finest grid of every level.
  packed(area, grids = this.grids) {
    return grids.map((grid) => grid.pack(area.map((edge) => edge / grid.codebook.span)));
  }

  // Widen an area of the finest grid to whole tokens of the coarsest one.
  wholeTokens(area) {
    const { span } = this.grids[0].codebook;
    return area.map((edge, i) => (i % 2 ? Math.ceil : Math.floor)(edge / span) * span);
  }

  // Widen an area of the finest grid by some tokens, as far as the grid goes.
  grow(/** @type {number[]} */ [top, bottom, left, right], by) {
    const { rows, columns } = this.finest;
    return [Math.max(0, top - by), Math.min(rows, bottom + by), Math.max(0, left - by), Math.min(columns, right + by)];
  }

  // Put RGB pixels that were decoded for a region of the finest grid; what sticks out over the picture's edge is padding.
  // Answers the rectangle of pixels that changed.
  putPixels([top, bottom, left, right], rgb) {
    const f = this.finest.codebook.downsampling;
    const stride = (right - left) * f;
    const x = left * f;
    const y = top * f;
    const width = Math.min(stride, this.width - x);
    const height = Math.min((bottom - top) * f, this.height - y);
    const data = this.rebuilt.data;
    for (let row = 0; row < height; row++) {
      let from = row * stride * 3;
      let to = ((y + row) * this.width + x) * 4;
      for (let column = 0; column < width; column++, to += 4) {
        data[to] = rgb[from++];
        data[to + 1] = rgb[from++];
        data[to + 2] = rgb[from++];
      }
    }
    return { x, y, width, height };
  }

  // A document of some of the tokens alone: an area of the level at hand, widened to whole tokens of the coarsest.
  partDocument(area) {
    const f = this.finest.codebook.downsampling;
    const part = this.wholeTokens(area.map((edge) => edge * this.codebook.span));
    const [top, bottom, left, right] = part;
    return {
      ...this.source,
      name: `${this.name}, part`,
      width: Math.min(right * f, this.width) - left * f,
      height: Math.min(bottom * f, this.height) - top * f,
      grids: this.packed(part),
    };
  }

  /** @returns {import("../../../kit/js/types.js").Document} */
  toDocument() {
    return { ...this.source, id: this.id, grids: this.grids.map((grid) => grid.pack()) };
  }
}

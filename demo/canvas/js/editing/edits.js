// What is done to many tokens at once: to the selected ones or, where none are, to the whole picture.
// Each is one step of the history.

import { shuffled } from "../../../kit/js/random.js";

export class Edits {
  /** @param {import("../main.js").Bench} bench */
  constructor(bench) {
    this.bench = bench;
  }

  // Rearranging

  // Write a block, without what sticks out, and select it; the cells it vacated take the chosen code.
  put(block, top, left, vacated = []) {
    const { picture, code } = this.bench;
    const changes = new Map(vacated.map((cell) => [cell, code]));
    const bottom = Math.min(picture.rows, top + block.rows);
    const right = Math.min(picture.columns, left + block.columns);
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) changes.set(row * picture.columns + column, block.at(row - top, column - left));
    this.bench.strokes.edit(changes);
    this.bench.selection.put([top, bottom, left, right]);
  }

  // Carry the selection along; what it leaves behind takes the chosen code, or stays where it is only copied.
  move(down, right, copies = false) {
    const { picture, selection } = this.bench;
    if (!selection.area) return;
    const { area, block, cells } = selection;
    this.put(block, ...picture.grid.cornerFor(block, area[0] + down, area[2] + right), copies ? [] : cells);
  }

  flip(how) {
    const { selection } = this.bench;
    const { area, block, orWhole } = selection;
    this.put(block[how](), orWhole[0], orWhole[2]);
    if (!area) selection.put(null);
  }

  turn() {
    const { messages, picture, selection } = this.bench;
    const { area, cells, orWhole } = selection;
    const block = selection.block.turned();
    if (block.rows > picture.rows || block.columns > picture.columns)
      return messages.problem("Turned, this would be larger than the picture. Select a smaller part.");
    this.put(block, ...picture.grid.cornerFor(block, orWhole[0], orWhole[2]), cells);
    if (!area) selection.put(null);
  }

  // Rewriting

  rewrite(codeOf) {
    const { picture: { tokens }, selection, strokes } = this.bench;
    strokes.edit(selection.cells.map((cell, i) => [cell, codeOf(tokens[cell], i)]));
  }

  fill() {
    const { code } = this.bench;
    this.rewrite(() => code);
  }

  replace(from, to) {
    this.rewrite((code) => (code === from ? to : code));
  }

  swap(one, other) {
    this.rewrite((code) => (code === one ? other : code === other ? one : code));
  }

  shuffle() {
    const codes = shuffled(this.bench.selection.block.codes);
    this.rewrite((_, i) => codes[i]);
  }

  // A share of the tokens, each place as likely as another, gets codes drawn evenly from the whole codebook.
  noise(share) {
    const { picture: { codebook }, selection, strokes } = this.bench;
    const cells = shuffled(selection.cells);
    const some = cells.slice(0, Math.round(cells.length * share));
    strokes.edit(some.map((cell) => [cell, Math.floor(Math.random() * codebook.size)]));
  }
}

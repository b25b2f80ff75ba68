// What is done to many tokens at once: to the selected ones or, where none are, to the whole picture.
// Each is one step of the history. An area is [top, bottom, left, right] in tokens, ends excluded.

import { unpackTokens } from "../../../kit/js/bytes.js";
import { fileToBase64 } from "../../../kit/js/files.js";
import { pngOf } from "../../../kit/js/images.js";
import { Block } from "./block.js";
import { meanSquaredError } from "../document/fidelity.js";
import { LEVEL_NAMES } from "../stage/levels.js";

export class Edits {
  /** @param {import("../main.js").Bench} bench */
  constructor(menu, bench) {
    this.menu = menu;
    this.bench = bench;
    this.selection = null;
    this.carried = null; // {down, right, copies}: where a hand has the selection now
    this.clipboard = null;
    const field = (name) => menu.querySelector(`[data-${name}]`);
    this.from = field("from");
    this.to = field("to");
    this.share = field("share");
    const edits = {
      all: () => this.selectAll(),
      copy: () => this.copy(),
      paste: () => this.paste(),
      fill: () => this.fill(),
      across: () => this.flip("flippedAcross"),
      down: () => this.flip("flippedDown"),
      turn: () => this.turn(),
      replace: () => this.replace(),
      swap: () => this.swap(),
      refine: () => this.refine(),
      shuffle: () => this.shuffle(),
      noise: () => this.noise(),
    };
    for (const button of menu.querySelectorAll("[data-edit]"))
      button.addEventListener("click", () => {
        if (!("stays" in button.dataset)) menu.open = false;
        edits[button.dataset.edit]();
      });
    menu.addEventListener("toggle", () => this.refresh());
    this.share.addEventListener("input", () => this.refresh());
    document.addEventListener("copy", (event) => this.copyOut(event));
    document.addEventListener("paste", (event) => this.pasteIn(event));
  }

  refresh() {
    const { bench, menu, selection } = this;
    if (menu.open && !menu.contains(document.activeElement?.closest("input"))) {
      this.from.value = bench.formerCode;
      this.to.value = bench.code;
    }
    menu.querySelector("[data-percent]").textContent = `${this.share.value} %`;
    menu.querySelector("[data-scope]").textContent = selection
      ? `On the selection: ${selection[3] - selection[2]} × ${selection[1] - selection[0]} tokens`
      : "On the whole picture: nothing is selected";
  }

  // The selection

  select(area) {
    this.selection = area;
    this.refresh();
    this.bench.stage.invalidate();
  }

  selectBetween(a, b) {
    this.select([
      Math.min(a.row, b.row), Math.max(a.row, b.row) + 1,
      Math.min(a.column, b.column), Math.max(a.column, b.column) + 1,
    ]);
  }

  selectAll() {
    const { rows, columns } = this.bench.picture;
    this.bench.use("select");
    this.select([0, rows, 0, columns]);
  }

  holds(token) {
    if (!this.selection || !token) return false;
    const [top, bottom, left, right] = this.selection;
    return token.row >= top && token.row < bottom && token.column >= left && token.column < right;
  }

  get area() {
    return this.selection ?? [0, this.bench.picture.rows, 0, this.bench.picture.columns];
  }

  get cells() {
    const { columns } = this.bench.picture;
    const [top, bottom, left, right] = this.area;
    const cells = [];
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) cells.push(row * columns + column);
    return cells;
  }

  get block() {
    const [top, bottom, left, right] = this.area;
    return new Block(bottom - top, right - left, this.bench.picture.cut(this.area));
  }

  // In and out

  copy() {
    this.clipboard = { block: this.block, codebook: this.bench.picture.codebook };
  }

  paste() {
    const { bench, clipboard } = this;
    if (!clipboard) return bench.messages.problem("There is nothing to paste: copy some tokens first.");
    const { picture } = bench;
    if (clipboard.codebook && clipboard.codebook !== picture.codebook) {
      const [from, to] = [clipboard.codebook, picture.codebook].map(nameOf);
      return bench.messages.problem(`These codes are of ${from}; in ${to} they mean something else.`);
    }
    if (clipboard.block.codes.some((code) => code >= picture.codebook.size))
      return bench.messages.problem(`Some of the pasted codes are out of range: this codebook has 0 to ${picture.codebook.size - 1}.`);
    const [top, , left] = this.selection ?? [bench.cursor?.row ?? 0, 0, bench.cursor?.column ?? 0];
    bench.use("select");
    this.put(clipboard.block, top, left);
  }

  copyOut(event) {
    if (document.activeElement !== this.bench.stage.element || !this.selection) return;
    this.copy();
    event.clipboardData.setData("text/plain", this.clipboard.block.toText());
    event.preventDefault();
  }

  pasteIn(event) {
    if (document.activeElement !== this.bench.stage.element || event.clipboardData.files.length) return;
    const text = event.clipboardData.getData("text/plain");
    const block = Block.fromText(text);
    if (!block) return;
    event.preventDefault();
    if (text !== this.clipboard?.block.toText()) this.clipboard = { block, codebook: null };
    this.paste();
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
    this.select([top, bottom, left, right]);
  }

  // The corner where a block of this size lies wholly in the picture, nearest to the one asked for.
  cornerFor({ rows, columns }, top, left) {
    const { picture } = this.bench;
    return [Math.max(0, Math.min(picture.rows - rows, top)), Math.max(0, Math.min(picture.columns - columns, left))];
  }

  // Carry the selection along; what it leaves behind takes the chosen code, or stays where it is only copied.
  move(down, right, copies = false) {
    if (!this.selection) return;
    const { block, cells, selection } = this;
    this.put(block, ...this.cornerFor(block, selection[0] + down, selection[2] + right), copies ? [] : cells);
  }

  // Show the selection in a hand: {down, right, copies}, or null once it is put down.
  carry(carried) {
    this.carried = carried;
    this.bench.stage.invalidate();
  }

  flip(how) {
    const { area, selection, block } = this;
    this.put(block[how](), area[0], area[2]);
    if (!selection) this.select(null);
  }

  turn() {
    const { bench, area, cells, selection } = this;
    const block = this.block.turned();
    if (block.rows > bench.picture.rows || block.columns > bench.picture.columns)
      return bench.messages.problem("Turned, this would be larger than the picture. Select a smaller part.");
    this.put(block, ...this.cornerFor(block, area[0], area[2]), cells);
    if (!selection) this.select(null);
  }

  // Rewriting

  rewrite(codeOf) {
    const { tokens } = this.bench.picture;
    this.bench.strokes.edit(this.cells.map((cell, i) => [cell, codeOf(tokens[cell], i)]));
  }

  fill() {
    const { code } = this.bench;
    this.rewrite(() => code);
  }

  // The two codes of the menu's fields, or null once the person was told what is wrong with them.
  pair() {
    const { size } = this.bench.picture.codebook;
    const codes = [this.from, this.to].map(({ value }) => (value === "" ? NaN : Number(value)));
    if (codes.every((code) => Number.isInteger(code) && code >= 0 && code < size)) return codes;
    this.menu.open = false;
    this.bench.messages.problem(`Give two codes: this codebook has 0 to ${size - 1}.`);
    return null;
  }

  replace() {
    const codes = this.pair();
    if (codes) this.rewrite((code) => (code === codes[0] ? codes[1] : code));
  }

  swap() {
    const codes = this.pair();
    if (codes) this.rewrite((code) => (codes.includes(code) ? codes[1 - codes.indexOf(code)] : code));
  }

  // Tokens that decode to something nearer to the original, as the server finds them: a step of the history each round.
  // What was painted meanwhile stays, and so does what isn't selected.
  async refine() {
    const { bench } = this;
    const { picture } = bench;
    if (!picture.original) return bench.messages.problem("The search compares with the original, and this picture has none here.");
    const cells = new Set(this.cells);
    const before = picture.fidelity?.psnr;
    try {
      await bench.intake.during(async () => {
        const original = await fileToBase64(await pngOf(picture.original));
        for (let round = 0, rounds = 1; round < rounds && bench.picture === picture; round++) {
          const sent = Int32Array.from(picture.tokens);
          const answer = await bench.server.ask("refine_tokens", { document: picture.toDocument(), picture: original, round });
          rounds = answer.rounds;
          const found = unpackTokens(answer.grids.at(-1).data, picture.codebook.size);
          if (bench.picture === picture)
            bench.strokes.edit([...found.entries()].filter(([cell]) => cells.has(cell) && picture.tokens[cell] === sent[cell]));
        }
        await bench.painter.settled();
      });
    } catch (problem) {
      return bench.messages.problem(problem.message);
    }
    const after = 10 * Math.log10(255 ** 2 / meanSquaredError(picture.original.data, picture.rebuilt.data));
    if (before) bench.messages.note(`PSNR was ${before.toFixed(2)} dB, and is ${after.toFixed(2)} dB now, with as many bits.`);
  }

  // Fisher and Yates.
  shuffle() {
    const codes = Array.from(this.block.codes);
    for (let i = codes.length - 1; i > 0; i--) {
      const j = Math.floor(Math.random() * (i + 1));
      [codes[i], codes[j]] = [codes[j], codes[i]];
    }
    this.rewrite((_, i) => codes[i]);
  }

  // A share of the tokens, each place as likely as another, gets codes drawn evenly from the whole codebook.
  noise() {
    const { size } = this.bench.picture.codebook;
    const { cells } = this;
    const count = Math.round((cells.length * this.share.value) / 100);
    const changes = [];
    for (let i = 0; i < count; i++) {
      const j = i + Math.floor(Math.random() * (cells.length - i));
      [cells[i], cells[j]] = [cells[j], cells[i]];
      changes.push([cells[i], Math.floor(Math.random() * size)]);
    }
    this.bench.strokes.edit(changes);
  }
}

// A codebook as a sentence names it.
function nameOf({ model, level, levels }) {
  return levels.length > 1 ? `the ${LEVEL_NAMES[level].toLowerCase()} level of ${model}` : `the model ${model}`;
}

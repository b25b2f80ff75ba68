// The sequence of one candidate on the screen: its words, [SEP], its image tokens, and the picture they make.

import { rgbToOklab } from "../../kit/js/codebook.js";
import { documentOf, lengthOf, levelsOf } from "../../kit/js/sequences.js";
import { toCanvas } from "../../kit/js/tile.js";
import { counted } from "../../kit/js/words.js";

const PAGE_SIDE = 320; // pixels that the picture is drawn with
const DARK = 0.6; // of OKLab lightness: below it letters on a colour are white

export class Sentence {
  constructor(root, prompter) {
    this.root = root;
    this.prompter = prompter;
    const part = (name) => root.querySelector(`[data-${name}]`);
    this.page = part("page");
    this.chips = part("chips");
    this.explained = part("explained");
    this.keep = part("keep");
    this.keep.addEventListener("click", () => toCanvas(documentOf(this.prior, this.sequence, this.name)));
    this.page.addEventListener("pointermove", ({ offsetX, offsetY }) => this.point(this.placeAt(offsetX, offsetY)));
    for (const surface of [this.page, this.chips]) surface.addEventListener("pointerleave", () => this.point(null));
  }

  // read: what the server made of the prompt. The picture's chips are empty until they are written.
  begin(prior, codebook, read, name) {
    const [rows, columns] = prior.grids.at(-1).shape;
    this.prior = prior;
    this.codebook = codebook;
    this.read = read;
    this.name = name;
    this.rows = rows;
    this.columns = columns;
    this.sequence = null;
    this.picture = null;
    this.bits = null;
    this.without = null;
    this.first = lengthOf(prior) - rows * columns;
    this.written = 0;
    this.page.width = PAGE_SIDE;
    this.page.height = (PAGE_SIDE * prior.height) / prior.width;
    this.words = read.words.map(({ word, pieces }, i) => this.newChip("word", pieces.join(" "), () => this.explainWord(word, i)));
    const separator = this.newChip("separator", "[SEP]", () => this.explain("Here the text ends, and the picture begins."));
    this.tokens = Array.from({ length: lengthOf(prior) }, (_, i) => this.newChip("token", "", () => this.point(i)));
    this.chips.replaceChildren(...this.words, separator, ...this.tokens);
    this.keep.disabled = true;
    this.root.hidden = false;
    this.explain(
      read.words.length
        ? `${counted(read.tokens, "text token")} of ${read.room} at most, then ${this.tokens.length} of the picture.`
        : "No words: the picture is of anything.",
    );
    this.draw();
  }

  newChip(kind, text, onPoint) {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = kind;
    chip.textContent = text;
    for (const event of ["pointerenter", "focus", "click"]) chip.addEventListener(event, onPoint);
    return chip;
  }

  // The first tokens of the sequence are there.
  grow(sequence, written) {
    this.sequence = sequence;
    for (let i = this.written; i < written; i++) {
      const code = sequence[i];
      const colour = this.codebook.colours.appearance.slice(code * 3, code * 3 + 3);
      this.tokens[i].textContent = code;
      this.tokens[i].style.setProperty("--colour", `rgb(${colour.join(" ")})`);
      this.tokens[i].classList.toggle("dark", rgbToOklab(colour)[0] < DARK);
    }
    this.written = written;
    this.draw();
  }

  // It is whole: its pixels, and the bits of each token given those before it.
  finish(sequence, picture, bits) {
    this.written = 0;
    this.grow(sequence, sequence.length);
    this.picture = picture;
    this.bits = bits;
    this.without = null;
    this.keep.disabled = false;
    this.draw();
  }

  placeAt(x, y) {
    const side = this.page.clientWidth / this.columns;
    return this.first + Math.floor(y / side) * this.columns + Math.floor(x / side);
  }

  // Token i under the pointer, in the sequence or in the picture; none: null.
  point(i) {
    this.tokens?.forEach((chip, place) => chip.classList.toggle("pointed", place === i));
    this.pointed = i;
    this.draw();
    if (i === null || i >= this.written) return;
    const { level, first, columns } = levelsOf(this.prior).find(({ end }) => i < end);
    const cell = i - first;
    const place =
      first < this.first
        ? `token ${cell} of the ${this.codebook.levels[level].name} grid`
        : `row ${Math.floor(cell / columns)}, column ${cell % columns}`;
    const bits = this.bits?.[i];
    const odds = bits === undefined ? "" : `, probability ${(100 * 2 ** -bits).toFixed(bits < 6 ? 0 : 2)} % (${bits.toFixed(1)} bits)`;
    this.explain(`Code ${this.sequence[i]} at ${place}${odds}.`);
  }

  async explainWord(word, i) {
    if (!this.bits) return this.explain(`“${word}” is ${this.read.words[i].pieces.length} text token(s).`);
    const { sequence } = this;
    try {
      this.without ??= this.prompter.weigh(sequence);
      const { whole, without } = await this.without;
      if (sequence !== this.sequence) return;
      const more = without[i] - whole;
      const effect = more >= 0 ? `2^${more.toFixed(0)} times less likely` : `2^${(-more).toFixed(0)} times likelier`;
      this.explain(`Without “${word}” this picture is ${effect}: ${without[i].toFixed(0)} bits instead of ${whole.toFixed(0)}.`);
    } catch (problem) {
      this.without = null;
      this.explain(problem.message);
    }
  }

  explain(text) {
    this.explained.textContent = text;
  }

  draw() {
    if (!this.prior) return;
    const { page, codebook, sequence, written, first, columns, rows } = this;
    const context = page.getContext("2d");
    const side = page.width / columns;
    const corner = (i) => [((i - first) % columns) * side, Math.floor((i - first) / columns) * side];
    context.clearRect(0, 0, page.width, page.height);
    context.imageSmoothingEnabled = false;
    if (this.picture) context.drawImage(this.picture, 0, 0, page.width, page.height);
    else for (let i = first; i < written; i++) codebook.drawTile(context, sequence[i], ...corner(i), side);
    context.lineWidth = 1;
    context.strokeStyle = "rgb(128 128 128 / .3)";
    for (let i = Math.max(first, written); i < first + rows * columns; i++) context.strokeRect(...corner(i), side, side);
    if (this.pointed === null || this.pointed === undefined || this.pointed < first) return;
    for (const [width, colour] of [[6, "rgb(0 0 0 / .7)"], [3, "#ffc53d"]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.strokeRect(...corner(this.pointed).map((at) => at + 3), side - 6, side - 6);
    }
  }
}

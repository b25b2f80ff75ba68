// The chosen code: what it looks like, how often it occurs, and the palette of all others.

import { Palette } from "./palette.js";
import { Walk } from "./walk.js";

export class Inspector {
  /** @param {import("../main.js").Bench} bench */
  constructor(element, bench) {
    this.element = element;
    this.bench = bench;
    this.tile = element.querySelector("[data-tile]");
    this.number = element.querySelector("[data-number]");
    this.palette = new Palette(element.querySelector("[data-palette]"), element.querySelector("[data-order]"), bench);
    this.walk = new Walk(element.querySelector(".walk"), bench);
    this.number.addEventListener("change", () => this.typed());
    if (window.matchMedia("(max-width: 760px)").matches) element.open = false;
  }

  typed() {
    const code = Number(this.number.value);
    const { size } = this.bench.picture.codebook;
    if (this.number.value !== "" && Number.isInteger(code) && code >= 0 && code < size) return this.bench.choose(code);
    this.bench.messages.problem(`There is no code ${this.number.value || "without a number"}: this codebook has 0 to ${size - 1}.`);
    this.number.value = this.bench.code;
  }

  refresh() {
    const { picture, code } = this.bench;
    const { codebook } = picture;
    this.number.value = code;
    this.number.max = codebook.size - 1;
    this.drawTile(this.tile, code);
    const share = (100 * codebook.usage[code]) / Math.max(1, codebook.usageTotal);
    const facts = {
      here: `${picture.counts[code].toLocaleString("en")} of ${picture.tokens.length.toLocaleString("en")} tokens`,
      training: codebook.usageTotal ? `${share.toPrecision(2)} % of tokens` : "not counted",
    };
    for (const [name, text] of Object.entries(facts)) this.element.querySelector(`[data-fact=${name}]`).textContent = text;
    this.palette.refresh();
    this.walk.show(codebook);
  }

  drawTile(canvas, code) {
    const { codebook } = this.bench.picture;
    canvas.width = canvas.height = codebook.downsampling;
    codebook.drawTile(canvas.getContext("2d"), code, 0, 0, codebook.downsampling);
  }
}

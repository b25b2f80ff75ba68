// The codes that the picture uses, the most used first: a bar each, in the code's colour and as high as its count. Pointing
// at one shows where it is, a click chooses it; arrows go from bar to bar.

import { perplexity } from "../../../kit/js/codebook.js";

const FOOT = 7; // CSS pixels under the bars, for the mark of the chosen one
const LOWEST = 2; // of a bar
const GAP_FROM = 4; // CSS pixels a bar from which there is a gap between bars
const number = (value) => Math.round(value).toLocaleString("en");

export class Usage {
  /** @param {import("../main.js").Bench} bench */
  constructor(element, bench) {
    this.bench = bench;
    this.canvas = element.querySelector("canvas");
    this.told = element.querySelector("p");
    this.codes = []; // used, by rank
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    this.canvas.addEventListener("pointermove", (event) => this.pointAt(this.codeAt(event)));
    this.canvas.addEventListener("pointerleave", () => this.pointAt(null));
    this.canvas.addEventListener("click", (event) => this.codes.length && bench.choose(this.codeAt(event)));
    this.canvas.addEventListener("keydown", (event) => this.press(event));
  }

  codeAt({ offsetX }) {
    const rank = Math.floor((offsetX / this.canvas.clientWidth) * this.codes.length);
    return this.codes[Math.min(this.codes.length - 1, Math.max(0, rank))] ?? null;
  }

  pointAt(code) {
    if (code !== this.bench.highlight) this.bench.point(code);
  }

  press(event) {
    const last = this.codes.length - 1;
    const at = this.codes.indexOf(this.bench.code);
    const goal = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (goal === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.bench.choose(this.codes[Math.min(last, Math.max(0, goal))]);
  }

  invalidate() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    const { bench, canvas, bench: { picture } } = this;
    const ratio = window.devicePixelRatio || 1;
    Object.assign(canvas, { width: Math.round(canvas.clientWidth * ratio), height: Math.round(canvas.clientHeight * ratio) });
    if (!picture || !canvas.width) return;
    this.codes = byRank(picture.counts);
    const context = canvas.getContext("2d");
    const { accentColor: accent, color: ink } = getComputedStyle(canvas);
    this.drawBars(context, ratio);
    for (const [code, colour] of [[bench.code, accent], [bench.highlight, ink]]) this.mark(context, ratio, code, colour);
    this.tell();
  }

  drawBars(context, ratio) {
    const { codes, canvas: { width, height }, bench: { picture: { counts, codebook }, look } } = this;
    const colours = codebook.colours[look.colouring];
    const foot = height - Math.round(FOOT * ratio);
    const gap = width / codes.length >= GAP_FROM * ratio ? ratio : 0;
    const image = context.createImageData(width, foot);
    const pixels = new Uint32Array(image.data.buffer);
    for (let x = 0; x < width; x++) {
      const rank = Math.floor(((x + 0.5) * codes.length) / width); // where bars are thinner than a pixel, only some can show
      if (gap && Math.floor(((x + gap + 0.5) * codes.length) / width) !== rank) continue;
      const code = codes[rank];
      const [r, g, b] = colours.subarray(code * 3, code * 3 + 3);
      const top = Math.round(foot - Math.max(LOWEST * ratio, (counts[code] / counts[codes[0]]) * foot));
      for (let at = top * width + x; at < pixels.length; at += width) pixels[at] = (255 << 24) | (b << 16) | (g << 8) | r;
    }
    context.putImageData(image, 0, 0);
  }

  // A thin line over a code's bar and a foot under it.
  mark(context, ratio, code, colour) {
    const rank = this.codes.indexOf(code);
    if (rank < 0) return;
    const { width, height } = this.canvas;
    const x = ((rank + 0.5) / this.codes.length) * width;
    const foot = height - FOOT * ratio;
    const top = foot - (this.bench.picture.counts[code] / this.bench.picture.counts[this.codes[0]]) * foot;
    context.fillStyle = colour;
    context.fillRect(Math.round(x - ratio / 2), top, ratio, foot - top);
    context.beginPath();
    context.moveTo(x, foot + ratio);
    context.lineTo(x - 4.5 * ratio, height);
    context.lineTo(x + 4.5 * ratio, height);
    context.fill();
  }

  tell() {
    const { codes, canvas, bench: { picture, highlight, code } } = this;
    const { counts, codebook, tokens } = picture;
    const about = (chosen) => {
      const rank = codes.indexOf(chosen);
      return rank < 0 ? `code ${chosen}, not used here` : `code ${chosen}: ${number(counts[chosen])} of ${number(tokens.length)} tokens, rank ${number(rank + 1)}`;
    };
    this.told.textContent = highlight === null
      ? `${number(codes.length)} of ${number(codebook.size)} codes used, perplexity ${number(perplexity(counts))}`
      : about(highlight);
    canvas.setAttribute("aria-valuemax", codes.length);
    canvas.setAttribute("aria-valuenow", codes.indexOf(code) + 1);
    canvas.setAttribute("aria-valuetext", about(code));
  }
}

// The codes that occur, the most frequent first, equal ones by number.
function byRank(counts) {
  const keys = [];
  counts.forEach((count, code) => count && keys.push(code - count * counts.length));
  return Array.from(Float64Array.from(keys).sort(), (key) => ((key % counts.length) + counts.length) % counts.length);
}

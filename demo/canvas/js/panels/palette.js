// All codes of the codebook as tiles in a chosen order, of which only those in sight are drawn, on one canvas.

import { rgbToOklab } from "../../../kit/js/codebook.js";

const TILE_SPACE = 38; // CSS pixels from one tile to the next
const TILE_GAP = 4;
const GREY_CHROMA = 0.03; // OKLab chroma below which a colour has no hue worth sorting by
const HUES = 12;

export class Palette {
  /** @param {import("../main.js").Bench} bench */
  constructor(element, order, bench) {
    this.element = element;
    this.order = order;
    this.bench = bench;
    this.canvas = element.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.length = element.querySelector("[data-length]");
    this.chosen = element.querySelector("[role=option]");
    this.codes = [];
    this.alike = new Map();
    this.columns = 1;
    order.addEventListener("change", () => this.sort());
    new ResizeObserver(() => this.resize()).observe(element);
    element.addEventListener("scroll", () => this.invalidate());
    element.addEventListener("click", (event) => this.take(this.codeAt(event)));
    element.addEventListener("dblclick", () => this.sort());
    element.addEventListener("pointermove", (event) => this.pointAt(this.codeAt(event)));
    element.addEventListener("pointerleave", () => this.pointAt(null));
    element.addEventListener("keydown", (event) => this.press(event));
  }

  // A code taken from the palette leaves the order as it is, so that nothing moves under the hand.
  take(code) {
    if (code === null) return;
    this.around = this.revealed = code;
    this.bench.choose(code);
  }

  refresh() {
    const { picture, code } = this.bench;
    const changed = picture.codebook !== this.codebook || (this.order.value === "alike" && code !== this.around);
    this.chosen.textContent = `code ${code}`;
    if (changed || this.order.value === "here") this.sort();
    else this.invalidate();
    if (code !== this.revealed) this.reveal(code);
  }

  async sort() {
    const { picture, code } = this.bench;
    const { codebook } = picture;
    const order = this.order.value;
    const codes = order === "alike" ? await this.alikeTo(codebook, code) : codesInOrder(order, picture);
    if (order !== this.order.value || picture !== this.bench.picture) return;
    if (order === "alike" && code !== this.bench.code) return;
    const turned = order !== "here" || this.sorted !== "here" || codebook !== this.codebook;
    this.codes = codes;
    this.codebook = codebook;
    this.around = code;
    this.sorted = order;
    this.resize();
    if (order === "alike") this.element.scrollTop = 0;
    else if (turned) this.reveal(code);
  }

  async alikeTo(codebook, code) {
    const { model, level, size: count } = codebook;
    const key = `${model} ${level} ${code}`;
    if (!this.alike.has(key)) {
      const answer = await this.bench.server.ask("nearest_codes", { model, level, code, count });
      if (this.alike.size > 40) this.alike.clear();
      this.alike.set(key, answer.codes);
    }
    return this.alike.get(key);
  }

  get space() {
    return this.element.clientWidth / this.columns;
  }

  resize() {
    const { element, canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    this.columns = Math.max(1, Math.round(element.clientWidth / TILE_SPACE));
    this.length.style.height = `${Math.ceil(this.codes.length / this.columns) * this.space}px`;
    canvas.width = Math.round(element.clientWidth * ratio);
    canvas.height = Math.round(element.clientHeight * ratio);
    this.draw();
  }

  invalidate() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    const { context, element, canvas, codes, columns, codebook, space, bench } = this;
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!codebook) return;
    context.imageSmoothingEnabled = false;
    const side = space - TILE_GAP;
    const top = element.scrollTop;
    const first = Math.floor(top / space) * columns;
    const last = Math.min(codes.length, Math.ceil((top + element.clientHeight) / space) * columns);
    for (let i = first; i < last; i++) {
      const [x, y] = [(i % columns) * space + TILE_GAP / 2, Math.floor(i / columns) * space + TILE_GAP / 2 - top];
      codebook.drawTile(context, codes[i], x, y, side);
      if (codes[i] !== bench.code) continue;
      context.lineWidth = 2;
      context.strokeStyle = getComputedStyle(element).accentColor;
      context.strokeRect(x - 1, y - 1, side + 2, side + 2);
    }
  }

  codeAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / this.space);
    const row = Math.floor((event.clientY - box.top + this.element.scrollTop) / this.space);
    return column >= 0 && column < this.columns ? this.codes[row * this.columns + column] ?? null : null;
  }

  pointAt(code) {
    if (code === this.pointed) return;
    this.pointed = code;
    this.element.title = code === null ? "" : `code ${code}; double-click to sort around it`;
    this.bench.point(code);
  }

  press(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.space)) * this.columns;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns, PageUp: -page, PageDown: page };
    const last = this.codes.length - 1;
    const at = this.codes.indexOf(this.bench.code);
    const goal = { Home: 0, End: last }[event.key] ?? at + steps[event.key];
    if (Number.isNaN(goal) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const code = this.codes[Math.min(last, Math.max(0, goal))];
    this.take(code);
    this.reveal(code);
  }

  // Scroll no further than it takes for the code to show.
  reveal(code) {
    const { element, space } = this;
    this.revealed = code;
    const top = Math.floor(this.codes.indexOf(code) / this.columns) * space;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + space > element.scrollTop + element.clientHeight) element.scrollTop = top + space - element.clientHeight;
  }
}

function codesInOrder(order, { codebook, counts }) {
  const codes = Array.from({ length: codebook.size }, (_, code) => code);
  const by = (values) => codes.sort((a, b) => values[b] - values[a] || a - b);
  if (order === "here") return by(counts);
  if (order === "training") return by(codebook.usage);
  if (order === "colour") return by(colourRanks(codebook).map((rank) => -rank));
  return codes;
}

// Greys first, then hue by hue; within each from dark to light.
function colourRanks({ size, colours: { appearance } }) {
  return Float64Array.from({ length: size }, (_, code) => {
    const [lightness, a, b] = rgbToOklab(appearance.subarray(code * 3, code * 3 + 3));
    const hue = Math.floor(((Math.atan2(b, a) / (2 * Math.PI) + 1) % 1) * HUES);
    return (Math.hypot(a, b) < GREY_CHROMA ? -1 : hue) * 2 + lightness;
  });
}

// The map of all codes: each its own tile, drawn on one canvas; moved by hand, wheel, fingers and keys.

import { MapView, weightsOf } from "./map_view.js";

const MOVE_MS = 450; // from one map to the other
const WHEEL_ZOOM = 0.0015;
const NEAR = 14; // CSS pixels: how far from a tile a click still takes it
const STILL = 4; // CSS pixels: a pointer that moved less has clicked
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export class CodeMap {
  constructor(element, { choose, point }) {
    this.element = element;
    this.choose = choose;
    this.point = point;
    this.canvas = element.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.label = element.querySelector("[data-label]");
    this.view = new MapView();
    this.pointers = new Map();
    this.hover = null;
    new ResizeObserver(() => this.resize()).observe(element);
    this.canvas.addEventListener("pointerdown", (event) => this.press(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, (event) => this.release(event));
    this.canvas.addEventListener("pointerleave", () => this.pointAt(null));
    this.canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    element.addEventListener("keydown", (event) => this.key(event));
  }

  // counts decide the sizes; moving: glide there from the places before.
  show(codebook, places, counts, moving) {
    const from = this.view.places;
    this.codebook = codebook;
    this.counts = counts;
    this.weights = weightsOf(counts);
    this.order = Array.from(counts.keys()).sort((a, b) => counts[b] - counts[a] || a - b); // rare codes above common ones
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.glide = null;
    if (!moving || still || from.length !== places.length) return this.place(places);
    const begun = performance.now();
    const [start, end] = [from, places].map(unitSquare);
    const glide = (now) => {
      if (this.glide !== glide) return;
      const part = Math.min(1, (now - begun) / MOVE_MS);
      const eased = part * part * (3 - 2 * part);
      this.place(part < 1 ? start.map((value, i) => value + (end[i] - value) * eased) : places);
      if (part < 1) requestAnimationFrame(glide);
    };
    this.glide = glide;
    requestAnimationFrame(glide);
  }

  place(places) {
    this.view.take(places, this.weights);
    this.draw();
  }

  chosen(code) {
    this.code = code;
    if (this.codebook && !this.view.fitted) this.view.reveal(code);
    this.invalidate();
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.element;
    if (!clientWidth) return;
    this.canvas.width = Math.round(clientWidth * ratio);
    this.canvas.height = Math.round(clientHeight * ratio);
    if (this.codebook) this.view.resize(clientWidth, clientHeight);
    else Object.assign(this.view, { width: clientWidth, height: clientHeight });
    this.draw();
  }

  invalidate() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    const { context, canvas, view, codebook } = this;
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!codebook) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.imageSmoothingEnabled = false;
    for (const code of this.order) {
      const [x, y] = view.at(code);
      const side = view.side(code);
      if (x < -side || y < -side || x > view.width + side || y > view.height + side) continue;
      codebook.drawTile(context, code, x - side / 2, y - side / 2, side);
    }
    if (this.hover !== null && this.hover !== this.code) this.outline(this.hover, "#fff", 2);
    if (this.code !== undefined) this.outline(this.code, "#ffc53d", 3);
  }

  outline(code, colour, weight) {
    const { context, view } = this;
    const [x, y] = view.at(code);
    const side = Math.max(14, view.side(code));
    this.codebook.drawTile(context, code, x - side / 2, y - side / 2, side);
    for (const [style, width] of [["rgb(0 0 0 / .8)", weight + 2], [colour, weight]]) {
      context.lineWidth = width;
      context.strokeStyle = style;
      context.strokeRect(x - side / 2 - 1, y - side / 2 - 1, side + 2, side + 2);
    }
  }

  // The topmost tile under a point, or the nearest one close by, or null.
  codeAt({ x, y }) {
    if (!this.codebook) return null;
    let nearest = null;
    let least = NEAR;
    for (let i = this.order.length - 1; i >= 0; i--) {
      const code = this.order[i];
      const [left, top] = this.view.at(code);
      const apart = Math.max(Math.abs(left - x), Math.abs(top - y)) - this.view.side(code) / 2;
      if (apart <= 0) return code;
      if (apart < least) [nearest, least] = [code, apart];
    }
    return nearest;
  }

  spot(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  press(event) {
    if (event.button > 1) return;
    this.element.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.spot(event));
    this.travelled = this.pointers.size > 1 ? Infinity : 0;
    event.preventDefault();
  }

  move(event) {
    const place = this.spot(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) return this.pointAt(this.codeAt(place));
    this.pointers.set(event.pointerId, place);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    const [dx, dy] = [place.x - before.x, place.y - before.y];
    this.travelled += Math.hypot(dx, dy);
    if (this.travelled < STILL) return;
    this.view.fitted = false;
    this.view.pan(other ? dx / 2 : dx, other ? dy / 2 : dy);
    if (other) {
      const spread = (a) => Math.hypot(a.x - other.x, a.y - other.y) || 1;
      this.view.zoomBy(spread(place) / spread(before), (place.x + other.x) / 2, (place.y + other.y) / 2);
    }
    this.invalidate();
  }

  release(event) {
    if (!this.pointers.delete(event.pointerId) || event.type !== "pointerup" || this.travelled >= STILL) return;
    const code = this.codeAt(this.spot(event));
    if (code !== null) this.choose(code);
  }

  // A plain wheel scrolls the page until the map has been clicked.
  wheel(event) {
    if (!(event.ctrlKey || event.metaKey || document.activeElement === this.element)) return;
    event.preventDefault();
    const { x, y } = this.spot(event);
    this.zoom(Math.exp(-event.deltaY * WHEEL_ZOOM * (event.ctrlKey ? 4 : 1)), x, y);
  }

  zoom(factor, x, y) {
    this.view.zoomBy(factor, x, y);
    this.invalidate();
  }

  // Around the chosen code where it is in sight.
  zoomIn(factor) {
    const { width, height } = this.view;
    const [x, y] = this.code === undefined ? [-1, -1] : this.view.at(this.code);
    const inSight = x > 0 && y > 0 && x < width && y < height;
    this.zoom(factor, ...(inSight ? [x, y] : [width / 2, height / 2]));
  }

  fit() {
    this.view.fit();
    this.invalidate();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.codebook) return;
    const keys = { "+": () => this.zoomIn(1.4), "=": () => this.zoomIn(1.4), "-": () => this.zoomIn(1 / 1.4), 0: () => this.fit() };
    if (ARROWS[event.key]) this.step(...ARROWS[event.key]);
    else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  }

  // To the nearest code that lies in a direction, within 45° of it.
  step(right, down) {
    const [x, y] = this.view.at(this.code);
    let best = null;
    let least = Infinity;
    for (const code of this.order) {
      const [dx, dy] = this.view.at(code).map((place, axis) => place - [x, y][axis]);
      const [along, aside] = right ? [dx * right, Math.abs(dy)] : [dy * down, Math.abs(dx)];
      if (along <= 0 || aside > along || along + aside >= least || code === this.code) continue;
      [best, least] = [code, along + aside];
    }
    if (best !== null) this.choose(best);
  }

  pointAt(code) {
    if (code === this.hover) return;
    this.hover = code;
    this.point(code);
    this.label.hidden = code === null;
    if (code !== null) {
      const [x, y] = this.view.at(code);
      this.label.textContent = `code ${code}, ${this.counts[code].toLocaleString("en")} ×`;
      this.label.style.left = `${Math.min(this.view.width - 130, Math.max(4, x + 14))}px`;
      this.label.style.top = `${Math.max(4, y - 34)}px`;
    }
    this.invalidate();
  }
}

// Places moved and stretched to 0 … 1 on each axis.
function unitSquare(places) {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  places.forEach((value, i) => {
    low[i % 2] = Math.min(low[i % 2], value);
    high[i % 2] = Math.max(high[i % 2], value);
  });
  return places.map((value, i) => (value - low[i % 2]) / (high[i % 2] - low[i % 2] || 1));
}

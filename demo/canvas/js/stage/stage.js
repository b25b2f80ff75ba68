// The stage: where the picture lies, and pointers that become gestures. What it shows is drawn in drawing.js.

import { drawStage } from "./drawing.js";
import { pan } from "../tools/pan.js";
import { pick } from "../tools/pick.js";
import { View } from "./view.js";

const WHEEL_ZOOM = 0.0015;

export class Stage {
  /** @param {import("../main.js").Bench} bench */
  constructor(element, bench) {
    this.element = element;
    this.bench = bench;
    this.canvas = element.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.view = new View();
    this.hover = null;
    this.covered = { right: 0, bottom: 0 };
    this.pointers = new Map();
    this.gesture = null; // {tool, memory} while a button is held
    this.pinching = false;
    new ResizeObserver(() => this.resize()).observe(element);
    this.listen();
  }

  show(layers) {
    this.layers = layers;
    this.view.fitted = true;
    this.hover = null;
    this.resize();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.element;
    const ratio = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    if (this.layers) this.view.place(this.layers.picture, width - this.covered.right, height - this.covered.bottom);
    this.draw();
  }

  // Keep the picture clear of what lies over the stage at its right or at its bottom, in CSS pixels.
  cover(right, bottom) {
    this.covered = { right, bottom };
    this.resize();
  }

  invalidate() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    drawStage(this);
  }

  listen() {
    const { element } = this;
    element.addEventListener("pointerdown", (event) => this.press(event));
    element.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, (event) => this.release(event));
    element.addEventListener("pointerleave", () => this.pointAt(null));
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  press(event) {
    if (!this.layers || event.target !== this.canvas) return;
    this.element.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    const place = this.place(event);
    this.pointers.set(event.pointerId, place);
    if (this.pointers.size > 1) {
      this.gesture?.tool.cancel?.(this.bench);
      this.gesture = null;
      this.pinching = true;
      return;
    }
    if (event.button > 1) return;
    const tool = this.toolFor(event);
    const memory = tool.press(this.at(event));
    this.gesture = memory && { tool, memory };
    event.preventDefault();
  }

  toolFor(event) {
    const { tool, panning } = this.bench;
    if (event.altKey && !tool.takesAlt) return pick;
    return event.button === 1 || panning ? pan : tool;
  }

  // What tools are told of a pointer: see tools/tool.js.
  at(event) {
    const place = this.place(event);
    const path = (event.getCoalescedEvents?.() ?? [event]).map((step) => this.place(step));
    return { bench: this.bench, stage: this, place, path, token: this.view.tokenAt(place.x, place.y), event };
  }

  move(event) {
    if (!this.layers) return;
    const place = this.place(event);
    if (this.pinching) this.pinch(event.pointerId, place);
    else this.gesture?.tool.move?.(this.gesture.memory, this.at(event));
    if (this.pointers.has(event.pointerId)) this.pointers.set(event.pointerId, place);
    this.pointAt(event.target === this.canvas ? this.view.tokenAt(place.x, place.y) : null);
  }

  release(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    this.gesture?.tool.release?.(this.gesture.memory, this.at(event));
    this.gesture = null;
    if (!this.pointers.size) this.pinching = false;
    this.invalidate();
  }

  pinch(id, place) {
    const [other] = [...this.pointers].filter(([key]) => key !== id).map(([, value]) => value);
    const before = this.pointers.get(id);
    if (!other || !before) return;
    const spread = (a, b) => Math.hypot(a.x - b.x, a.y - b.y) || 1;
    this.view.pan((place.x - before.x) / 2, (place.y - before.y) / 2);
    this.view.zoom(spread(place, other) / spread(before, other), (place.x + other.x) / 2, (place.y + other.y) / 2);
    this.invalidate();
  }

  // A plain wheel scrolls the page until the stage has been clicked.
  wheel(event) {
    if (!this.layers || !(event.ctrlKey || event.metaKey || document.activeElement === this.element)) return;
    event.preventDefault();
    const { x, y } = this.place(event);
    this.view.zoom(Math.exp(-event.deltaY * WHEEL_ZOOM * (event.ctrlKey ? 4 : 1)), x, y);
    this.pointAt(this.view.tokenAt(x, y));
    this.invalidate();
  }

  zoomBy(factor) {
    this.view.zoom(factor, this.view.width / 2, this.view.height / 2);
    this.invalidate();
  }

  pointAt(token) {
    if (token?.row === this.hover?.row && token?.column === this.hover?.column) return;
    this.hover = token;
    this.bench.readout.show(token);
    this.invalidate();
  }
}

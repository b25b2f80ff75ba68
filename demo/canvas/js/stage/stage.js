// The stage: where the picture lies, once or side by side, and pointers that become gestures. What it shows is drawn in
// drawing.js.

import { Captions } from "./captions.js";
import { drawStage } from "./drawing.js";
import { alone, paneAt, sideBySide } from "./panes.js";
import { pan } from "../tools/pan.js";
import { pick } from "../tools/pick.js";
import { View } from "./view.js";

const WHEEL_ZOOM = 0.0015;
const EVERYWHERE = [-Infinity, -Infinity, Infinity, Infinity];

export class Stage {
  /** @param {import("../main.js").Bench} bench */
  constructor(element, bench) {
    this.element = element;
    this.bench = bench;
    this.canvas = element.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.view = new View(); // in the first of the panes, and so in all of them
    /** @type {readonly import("./panes.js").Pane[]} */
    this.panes = [];
    /** @type {import("./panes.js").Pane | undefined} */
    this.pane = undefined; // that the pointer is in or, while a button is held, was pressed in
    this.captions = new Captions(element, bench);
    this.hover = null;
    /** @type {number[] | null} */
    this.stale = null; // what invalidate was told since it was drawn
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
    const cleared = this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio);
    if (cleared) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    if (this.layers) {
      this.panes = this.layOut({ width: width - this.covered.right, height: height - this.covered.bottom });
      this.view.place(this.layers.picture, this.panes[0]);
      this.captions.show(this.panes);
    }
    this.invalidate();
    if (cleared) this.draw();
  }

  layOut(room) {
    if (!this.bench.look.side) return alone(room);
    const { picture, original } = this.layers;
    return sideBySide(room, picture, original ? ["original", "codes", "rebuilt"] : ["codes", "rebuilt"], original && "error");
  }

  // Keep the picture clear of what lies over the stage at its right or at its bottom, in CSS pixels.
  cover(right, bottom) {
    this.covered = { right, bottom };
    this.resize();
  }

  // Have it drawn anew: all, or the part that shows some pixels of the picture, [left, top, right, bottom].
  invalidate(part = EVERYWHERE) {
    const [left, top, right, bottom] = this.stale ?? part;
    this.stale = [Math.min(left, part[0]), Math.min(top, part[1]), Math.max(right, part[2]), Math.max(bottom, part[3])];
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.stale) this.draw();
    });
  }

  draw() {
    drawStage(this, this.stale);
    this.stale = null;
  }

  listen() {
    const { element } = this;
    element.addEventListener("pointerdown", (event) => this.press(event));
    element.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, (event) => this.release(event));
    element.addEventListener("pointerleave", () => {
      if (!this.pointers.size) this.pane = undefined;
      this.pointAt(null);
    });
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  // In CSS pixels of the first pane, whichever the pointer is in.
  place({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [clientX - box.left, clientY - box.top];
    if (!this.pointers.size) this.pane = paneAt(this.panes, x, y);
    const pane = this.pane ?? this.panes[0];
    return { x: (x - pane.x) / pane.scale, y: (y - pane.y) / pane.scale };
  }

  press(event) {
    if (!this.layers || event.target !== this.canvas) return;
    this.element.focus({ preventScroll: true, focusVisible: false });
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
    for (const marked of [this.hover, token]) if (marked) this.invalidate(this.layers.picture.grid.pixelsOf(marked));
    this.hover = token;
    this.bench.readout.show(token);
  }
}

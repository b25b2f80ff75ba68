// The stage: draws the layers of the picture and turns pointers into gestures.

import { canvasOf } from "../../kit/js/images.js";
import { pan } from "./tools/pan.js";
import { pick } from "./tools/pick.js";
import { View } from "./view.js";

const LINES_FROM = 7; // CSS pixels a token from which lines are drawn between tokens
const NUMBERS_FROM = 34; // and from which their codes are written in them
const OUTLINES_UP_TO = 1500; // highlighted tokens that get an outline each
const WHEEL_ZOOM = 0.0015;

export class Stage {
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
    const { context, canvas, layers, bench } = this;
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!layers) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { layer, under, fade } = bench.look;
    if (fade < 1 && under !== layer) this.drawLayer(under, 1);
    this.drawLayer(layer, under === layer ? 1 : fade);
    if (layer === "codes" && fade > 0.3) this.drawCells();
    if (bench.probe.glow) this.drawGlow(bench.probe.glow);
    if (bench.highlight !== null) this.drawHighlight(bench.highlight);
    if (bench.edits.selection) this.drawSelection(bench.edits.selection);
    if (bench.cursor) this.outline(bench.cursor, 2);
    if (this.hover) this.outline(this.hover, 1);
  }

  drawLayer(name, alpha) {
    const { context, view, layers } = this;
    const { width, height, rows, columns, codebook } = layers.picture;
    const source = layers[name] ?? layers.rebuilt;
    context.save();
    context.globalAlpha = alpha;
    const isGrid = source.width === columns && source.height === rows;
    context.imageSmoothingEnabled = !isGrid && view.scale < 2;
    context.imageSmoothingQuality = "high";
    context.beginPath();
    context.rect(view.x, view.y, width * view.scale, height * view.scale);
    context.clip();
    const covered = isGrid ? [columns * codebook.downsampling, rows * codebook.downsampling] : [width, height];
    context.drawImage(source, view.x, view.y, covered[0] * view.scale, covered[1] * view.scale);
    context.restore();
  }

  // Lines between the tokens, and their numbers once there is room.
  drawCells() {
    const { context, view, layers } = this;
    const { cell } = view;
    if (cell < LINES_FROM) return;
    const [top, bottom, left, right] = view.visible();
    const { tokens, columns, codebook, width, height } = layers.picture;
    const end = [view.x + width * view.scale, view.y + height * view.scale];
    context.beginPath();
    for (let row = top + 1; row < bottom; row++) {
      const y = Math.round(view.y + row * cell) + 0.5;
      context.moveTo(Math.max(0, view.x), y);
      context.lineTo(end[0], y);
    }
    for (let column = left + 1; column < right; column++) {
      const x = Math.round(view.x + column * cell) + 0.5;
      context.moveTo(x, Math.max(0, view.y));
      context.lineTo(x, end[1]);
    }
    context.strokeStyle = "rgb(0 0 0 / .35)";
    context.lineWidth = 1;
    context.stroke();
    if (cell < NUMBERS_FROM) return;
    const colours = codebook.colours[layers.colouring];
    context.font = `500 ${Math.min(15, cell * 0.3)}px ui-monospace, Menlo, monospace`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) {
        const code = tokens[row * columns + column];
        const [r, g, b] = colours.subarray(code * 3, code * 3 + 3);
        context.fillStyle = 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#101014" : "#fff";
        context.fillText(code, view.x + (column + 0.5) * cell, view.y + (row + 0.5) * cell);
      }
  }

  // What a token does, over a darkened picture.
  drawGlow({ canvas, x, y }) {
    const { context, view } = this;
    const { width, height } = this.layers.picture;
    context.fillStyle = "rgb(8 8 14 / .72)";
    context.fillRect(view.x, view.y, width * view.scale, height * view.scale);
    context.imageSmoothingEnabled = false;
    context.drawImage(canvas, view.x + x * view.scale, view.y + y * view.scale, canvas.width * view.scale, canvas.height * view.scale);
  }

  // Veil the picture except where the code is.
  drawHighlight(code) {
    const { context, view } = this;
    const { tokens, columns, rows, codebook, width, height } = this.layers.picture;
    const image = new ImageData(columns, rows);
    const found = [];
    tokens.forEach((token, cell) => (token === code ? found.push(cell) : (image.data[cell * 4 + 3] = 165)));
    context.save();
    context.beginPath();
    context.rect(view.x, view.y, width * view.scale, height * view.scale);
    context.clip();
    context.imageSmoothingEnabled = false;
    const f = codebook.downsampling;
    context.drawImage(canvasOf(image), view.x, view.y, columns * f * view.scale, rows * f * view.scale);
    context.restore();
    if (found.length > OUTLINES_UP_TO) return;
    for (const cell of found) this.outline({ row: Math.floor(cell / columns), column: cell % columns }, 1);
  }

  // The selection's frame and, while it is carried, its tiles where they would go.
  drawSelection(area) {
    const { context, view, layers, bench } = this;
    const { cell } = view;
    let [top, bottom, left, right] = area;
    const box = () => [view.x + left * cell, view.y + top * cell, (right - left) * cell, (bottom - top) * cell];
    const { carried } = bench.edits;
    if (carried) {
      const { codebook } = layers.picture;
      const { block } = bench.edits;
      context.imageSmoothingEnabled = false;
      if (!carried.copies)
        for (let row = top; row < bottom; row++)
          for (let column = left; column < right; column++)
            codebook.drawTile(context, bench.code, view.x + column * cell, view.y + row * cell, cell);
      [top, left] = bench.edits.cornerFor(block, top + carried.down, left + carried.right);
      [bottom, right] = [top + block.rows, left + block.columns];
      for (let row = 0; row < block.rows; row++)
        for (let column = 0; column < block.columns; column++)
          codebook.drawTile(context, block.at(row, column), view.x + (left + column) * cell, view.y + (top + row) * cell, cell);
    }
    context.save();
    context.lineWidth = 2;
    context.strokeStyle = "#101014";
    context.strokeRect(...box());
    context.setLineDash([6, 5]);
    context.strokeStyle = "#fff";
    context.strokeRect(...box());
    context.restore();
  }

  outline({ row, column }, weight) {
    const { context, view } = this;
    const [x, y, side] = [view.x + column * view.cell, view.y + row * view.cell, view.cell];
    context.lineWidth = weight + 2;
    context.strokeStyle = "rgb(0 0 0 / .75)";
    context.strokeRect(x - 1, y - 1, side + 2, side + 2);
    context.lineWidth = weight;
    context.strokeStyle = weight > 1 ? "#ffc53d" : "#fff";
    context.strokeRect(x - 1, y - 1, side + 2, side + 2);
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
    this.bench.readOut(token);
    this.invalidate();
  }
}

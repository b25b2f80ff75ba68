// A square of the plane: cells below, codes as numbered diamonds, points as discs; drag them, or move them with the arrow keys.

import { CODE_COLOURS, draw, make, pair, rgbOf } from "./marks.js";

export const VIEW = 480; // the square's side in its own units
const GRID = 128; // places a unit: binary fractions, so that a tie can be exact
const STEP = 1 / 64;
const STRIDE = 1 / 8;

export class PlaneView {
  /**
   * range: the plane shown is [-range, range]².
   * @typedef {object} Hands
   * @property {number} [range]
   * @property {Record<string, {label?: string, shape: () => Element, fixed?: boolean}>} kinds  of what can be dragged
   * @property {(kind: string, index: number, place: number[]) => void} moved
   * @property {(kind: string, index: number) => void} [chosen]
   * @property {(kind: string, index: number) => void} [removed]
   * @property {(place: number[]) => void} [added]
   *
   * @param {HTMLElement} root
   * @param {Hands} hands
   */
  constructor(root, { range = 1, kinds, moved, chosen = () => {}, removed = () => {}, added }) {
    this.range = range;
    this.kinds = kinds;
    this.moved = moved;
    this.chosen = chosen;
    this.removed = removed;
    this.added = added;
    this.canvas = make("canvas", { "aria-hidden": "true" });
    this.svg = draw("svg", { viewBox: `0 0 ${VIEW} ${VIEW}`, role: "group", "aria-label": root.dataset.label });
    this.links = this.svg.appendChild(draw("g", { class: "links" }));
    this.items = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
    this.layers = Object.fromEntries(
      Object.keys(kinds).map((kind) => [kind, this.svg.appendChild(draw("g", { class: kind }))]),
    );
    this.marks = this.svg.appendChild(draw("g", { class: "marks" }));
    root.classList.add("plane");
    root.append(this.canvas, this.svg);
    if (added) this.svg.addEventListener("click", (event) => event.target === this.svg && added(this.placeOf(event)));
  }

  toView(/** @type {number[]} */ [x, y]) {
    return [(x / this.range + 1) * (VIEW / 2), (1 - y / this.range) * (VIEW / 2)];
  }

  placeOf(event) {
    const box = this.svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * 2 - 1;
    const y = 1 - ((event.clientY - box.top) / box.height) * 2;
    return this.snapped([x * this.range, y * this.range]);
  }

  snapped(place) {
    const edge = this.range - 2 / GRID;
    return place.map((value) => Math.round(Math.min(edge, Math.max(-edge, value)) * GRID) / GRID);
  }

  /**
   * Put the items of one kind at these places.
   * @param {string} kind
   * @param {number[][]} places
   * @param {(i: number) => {text?: string | number, style?: string, colour?: string, title?: string}} [about]
   */
  place(kind, places, about = () => ({})) {
    const items = this.items[kind];
    const scale = Math.min(1.6, Math.max(1, VIEW / (this.svg.clientWidth || VIEW))); // on a phone, as large as a finger needs
    while (items.length > places.length) items.pop().remove();
    while (items.length < places.length) items.push(this.newItem(kind, items.length));
    places.forEach((place, i) => {
      const [x, y] = this.toView(place);
      const { text = "", style = "", colour, title = "" } = about(i);
      const item = items[i];
      item.setAttribute("transform", `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${scale})`);
      item.setAttribute("class", style);
      item.style.setProperty("--colour", colour ?? "");
      item.querySelector("text").textContent = text;
      if (!this.kinds[kind].fixed) item.setAttribute("aria-label", `${this.kinds[kind].label} ${i} at ${pair(place)}${title}`);
      item.place = place;
    });
  }

  newItem(kind, index) {
    const { shape, fixed: still } = this.kinds[kind];
    const item = draw("g");
    if (!still) item.append(draw("circle", { r: 17, class: "hit" }));
    item.append(shape(), draw("text", { "text-anchor": "middle", dy: ".35em", "aria-hidden": "true" }));
    this.layers[kind].append(item);
    if (still) return item;
    item.setAttribute("tabindex", "0");
    item.setAttribute("role", "button");
    item.addEventListener("focus", () => this.chosen(kind, index));
    item.addEventListener("pointerdown", (event) => {
      item.setPointerCapture(event.pointerId);
      item.focus({ preventScroll: true });
      event.preventDefault();
    });
    item.addEventListener("pointermove", (event) => {
      if (item.hasPointerCapture(event.pointerId)) this.moved(kind, index, this.placeOf(event));
    });
    item.addEventListener("keydown", (event) => this.press(event, kind, index, item));
    return item;
  }

  press(event, kind, index, item) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (event.key in ways) {
      const far = (event.shiftKey ? STRIDE : STEP) * Math.round(this.range);
      this.moved(kind, index, this.snapped(item.place.map((value, axis) => value + far * ways[event.key][axis])));
    } else if (event.key === "Delete" || event.key === "Backspace") this.removed(kind, index);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Lines from place to place: [{from, to, style}].
  link(lines) {
    this.links.replaceChildren(
      ...lines.map(({ from, to, style }) => {
        const [[x1, y1], [x2, y2]] = [this.toView(from), this.toView(to)];
        return draw("line", { x1, y1, x2, y2, class: style });
      }),
    );
  }

  // Arrows: [{from, by, style}], each drawn with a head, at most half the plane long.
  point(arrows) {
    this.marks.replaceChildren(...arrows.map((arrow) => draw("path", { d: this.arrowPath(arrow), class: `arrow ${arrow.style}` })));
  }

  arrowPath({ from, by }) {
    const [x, y] = this.toView(from);
    let [dx, dy] = [(by[0] / this.range) * (VIEW / 2), (-by[1] / this.range) * (VIEW / 2)];
    const length = Math.hypot(dx, dy);
    if (length < 1.5) return "";
    const kept = Math.min(length, VIEW / 2) / length;
    [dx, dy] = [dx * kept, dy * kept];
    const head = Math.min(9, 0.5 * length * kept) / (length * kept);
    const [hx, hy] = [dx * head, dy * head];
    const wing = (side) => `${(x + dx - hx - side * hy * 0.55).toFixed(1)} ${(y + dy - hy + side * hx * 0.55).toFixed(1)}`;
    const end = `${(x + dx).toFixed(1)} ${(y + dy).toFixed(1)}`;
    return `M${x.toFixed(1)} ${y.toFixed(1)}L${end}M${wing(1)}L${end}L${wing(-1)}`;
  }

  // Colour the cells: a byte for each of side² places, 32 times its code plus how sure of it the lookup is, 0 … 31.
  fill(cells) {
    const side = Math.sqrt(cells.length);
    if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
    const brush = this.canvas.getContext("2d");
    const image = brush.createImageData(side, side);
    const colours = CODE_COLOURS.map(rgbOf);
    const ink = getComputedStyle(this.svg).color.match(/[0-9]+/g).map(Number);
    for (let i = 0; i < cells.length; i++) {
      const code = cells[i] >> 5;
      const right = (i + 1) % side ? cells[i + 1] >> 5 : code;
      const below = i + side < cells.length ? cells[i + side] >> 5 : code;
      const onBorder = code !== right || code !== below;
      image.data.set(onBorder ? ink.slice(0, 3) : colours[code], 4 * i);
      image.data[4 * i + 3] = onBorder ? 170 : 10 + (cells[i] & 31) * 3;
    }
    brush.putImageData(image, 0, 0);
  }
}

export const diamond = () => draw("path", { d: "M0 -15L15 0L0 15L-15 0Z", class: "shape" });
export const disc = () => draw("circle", { r: 7, class: "shape" });
export const ring = () => draw("rect", { x: -6, y: -6, width: 12, height: 12, class: "shape" });
export const cross = () => draw("path", { d: "M-6 -6L6 6M-6 6L6 -6", class: "shape" });

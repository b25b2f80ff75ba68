// The comparison follows the canvas' picture while it is in sight: one setting after the other is asked for and shown.

import { tokensKey, unpackGrid } from "../../kit/js/document.js";
import { fileToBase64 } from "../../kit/js/files.js";
import { canvasOf, newCanvas, pixelsOfUrl, pngOf } from "../../kit/js/images.js";
import { Layers } from "../../kit/js/layers.js";
import { PersonError, Server } from "../../kit/js/server.js";
import { onSight } from "../../kit/js/sight.js";
import { Adder, MOST } from "./adder.js";
import { Curtain } from "./curtain.js";
import { Row } from "./row.js";
import { Table } from "./table.js";
import { Zoom } from "./zoom.js";

const ORIGINAL = "original";
const CANVAS = "on the canvas";

class Comparison {
  constructor(root, { server }) {
    this.root = root;
    this.server = new Server(server);
    this.rows = new Map(); // label → {setting, row, shown: the picture that it shows, answer or problem}
    this.curtain = new Curtain(root.querySelector("[data-curtain]"));
    this.adder = new Adder(root.querySelector("[data-adder]"), (setting) => this.add(setting));
    this.zoom = new Zoom(root);
    this.table = new Table(root.querySelector("[data-table]"), () => window.canvas.picture.name);
    this.list = root.querySelector("[data-rows]");
    this.about = root.querySelector("[data-about]");
    this.progress = root.querySelector("[data-progress]");
    this.problem = root.querySelector("[data-problem]");
    document.addEventListener("canvas-picture", () => this.seen && this.refresh());
    document.addEventListener("compare-models", (/** @type {CustomEvent<string[]>} */ event) => {
      event.preventDefault(); // it is heard
      this.asked = event.detail;
      this.key = null;
      this.refresh();
    });
    onSight(
      root,
      (seen) => {
        this.seen = seen;
        if (seen) this.refresh();
      },
      200,
    );
  }

  // The rows are asked for anew where the pixels to compare with are others than before; what is painted on the canvas
  // can be compared as it is.
  async refresh() {
    const picture = window.canvas?.picture;
    if (!picture) return;
    const edition = picture.original ? "original" : tokensKey(picture.toDocument());
    const key = `${picture.id} ${picture.codebook.model} ${edition}`;
    if (key === this.key) return this.curtain.add(CANVAS, canvasOf(picture.rebuilt));
    this.key = key;
    this.problem.hidden = true;
    this.root.classList.remove("stale");
    try {
      if (picture.codebook.model !== this.model || this.asked) await this.readChoices(picture.codebook.model);
    } catch (problem) {
      return this.complain(problem);
    }
    if (key !== this.key) return;
    const reference = picture.original ?? picture.rebuilt;
    const { width, height } = picture;
    // A copy: the canvas goes on painting on what it decoded.
    const pixels = new ImageData(new Uint8ClampedArray(reference.data), width, height);
    this.picture = { width, height, pixels, data: await fileToBase64(await pngOf(pixels)) };
    if (key !== this.key) return;
    const against = picture.original
      ? "compared with its original"
      : "compared with what its tokens decode to, since its original isn’t here";
    this.about.textContent = `${picture.name}, ${width} × ${height} pixels, ${against}${picture.note ? `. ${picture.note}` : ""}`;
    this.curtain.clear(width, height);
    this.zoom.fit();
    if (picture.original) this.curtain.add(ORIGINAL, canvasOf(pixels));
    this.curtain.add(CANVAS, canvasOf(picture.rebuilt));
    for (const entry of this.rows.values()) {
      entry.row.wait(width / height);
      Object.assign(entry, { answer: null, problem: "" });
    }
    this.tell();
    this.run();
  }

  async readChoices(model) {
    const { tokenizers } = await this.server.ask("read_choices", { model });
    this.model = model;
    this.adder.take(tokenizers);
    const known = (setting) => tokenizers.some(({ name }) => name === setting.model);
    for (const [label, { setting }] of this.rows) if (this.asked || !known(setting)) this.remove(label);
    if (!this.rows.size) for (const setting of this.adder.first(this.asked)) this.add(setting);
    this.asked = null;
  }

  add(setting) {
    const label = this.adder.labelOf(setting);
    if (this.rows.has(label)) return this.rows.get(label).row.element.scrollIntoView({ block: "nearest" });
    this.problem.hidden = this.rows.size < MOST;
    this.problem.textContent = `${MOST} are side by side. Leave one out to add another.`;
    if (!this.problem.hidden) return;
    const hands = { choose: (place, name) => this.curtain.choose(place, name), remove: () => this.remove(label) };
    const row = new Row(label, hands);
    this.rows.set(label, { setting, row });
    this.list.append(row.element);
    this.tell();
    if (!this.picture) return;
    row.wait(this.picture.width / this.picture.height);
    this.run();
  }

  remove(label) {
    const { row } = this.rows.get(label);
    this.rows.delete(label);
    row.element.remove();
    this.problem.hidden = true;
    this.tell();
    for (const name of [label, row.labelOf("JPEG"), row.labelOf("WEBP")]) this.curtain.drop(name);
  }

  tell() {
    this.table.show([...this.rows].map(([label, { answer, problem }]) => ({ label, answer, problem })));
  }

  // Ask for what is missing, one at a time; settings added and pictures changed meanwhile are next.
  async run() {
    if (this.running) return;
    this.running = true;
    this.progress.hidden = false;
    const next = () => [...this.rows.entries()].find(([, { shown }]) => shown !== this.picture);
    for (let entry = next(); entry; entry = next()) await this.fillRow(...entry);
    this.progress.hidden = true;
    this.running = false;
  }

  async fillRow(label, entry) {
    const { picture } = this;
    try {
      const answer = await this.server.ask("compare_picture", { picture: picture.data, ...entry.setting });
      const made = await this.layersOf(answer, entry.setting, picture);
      const rivals = {};
      for (const { codec, url } of answer.rivals) rivals[codec] = canvasOf(await pixelsOfUrl(url));
      if (picture !== this.picture || !this.rows.has(label)) return;
      entry.row.show(answer, made, rivals);
      entry.answer = answer;
      this.curtain.add(label, copyOf(made.rebuilt));
      for (const codec of Object.keys(rivals)) this.curtain.add(entry.row.labelOf(codec), copyOf(rivals[codec]));
    } catch (problem) {
      if (!(problem instanceof PersonError)) console.warn(problem);
      if (picture !== this.picture) return;
      entry.problem = problem instanceof PersonError ? problem.message : "It could not be shown. Try another.";
      entry.row.fail(entry.problem);
    } finally {
      entry.shown = picture;
      this.tell();
    }
  }

  // As the stage's, and the token map cropped to the picture.
  async layersOf({ rebuilt, grid }, { model, scale }, { width, height, pixels }) {
    const codebook = await window.canvas.codebookOf(model);
    const [rows, columns] = grid.shape;
    const tokens = unpackGrid(grid, codebook.size);
    const layers = new Layers(
      { width, height, rows, columns, tokens, codebook, original: pixels, rebuilt: await pixelsOfUrl(rebuilt) },
      "distinct",
    );
    const map = newCanvas(width, height);
    const context = map.getContext("2d");
    context.imageSmoothingEnabled = false;
    const f = codebook.downsampling;
    const [across, down] = [width, height].map((side) => side / Math.max(1, Math.round(side * scale)));
    context.drawImage(layers.codes, 0, 0, columns * f * across, rows * f * down);
    return Object.assign(layers, { map });
  }

  complain(problem) {
    if (!(problem instanceof PersonError)) console.warn(problem);
    this.key = null;
    this.problem.hidden = false;
    this.root.classList.add("stale");
    this.problem.textContent = problem instanceof PersonError ? problem.message : "The comparison could not begin. Reload the page.";
  }
}

function copyOf(canvas) {
  const copy = newCanvas(canvas.width, canvas.height);
  copy.getContext("2d").drawImage(canvas, 0, 0);
  return copy;
}

/** @param {import("../../kit/js/types.js").Page} page */
export function start(page) {
  new Comparison(page.element.querySelector(".comparison"), page);
}

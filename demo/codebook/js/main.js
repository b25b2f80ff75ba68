// The atlas follows the canvas: its picture's codebook, its chosen code. What is chosen here is chosen there.

import { unpackFloats } from "../../kit/js/bytes.js";
import { workspaceOf } from "../../kit/js/document.js";
import { download } from "../../kit/js/files.js";
import { Server } from "../../kit/js/server.js";
import { onSight } from "../../kit/js/sight.js";
import { captioned } from "./captioned.js";
import { Detail } from "./detail.js";
import { CodeMap } from "./map.js";

class Atlas {
  constructor(root, page) {
    this.root = root;
    this.page = page;
    this.server = new Server(page.server);
    this.layout = "neighbourhood";
    this.sizing = "training";
    this.atlases = new Map();
    const hands = { choose: (code) => this.canvas?.choose(code), point: (code) => this.canvas?.point(code) };
    this.map = new CodeMap(root.querySelector("[data-map]"), hands);
    this.detail = new Detail(root.querySelector("[data-detail-panel]"), hands);
    this.caption = root.querySelector("[data-caption]");
    this.problem = root.querySelector("[data-problem]");
    this.progress = root.querySelector("[data-progress]");
    for (const button of root.querySelectorAll("[data-layout]"))
      button.addEventListener("click", () => this.change({ layout: button.dataset.layout }));
    for (const button of root.querySelectorAll("[data-sizing]"))
      button.addEventListener("click", () => this.change({ sizing: button.dataset.sizing }));
    const actions = { closer: () => this.map.zoomIn(1.4), farther: () => this.map.zoomIn(1 / 1.4), fit: () => this.map.fit() };
    for (const button of root.querySelectorAll("[data-zoom]")) button.addEventListener("click", actions[button.dataset.zoom]);
    root.querySelector("[data-save]").addEventListener("click", () => this.save());
    document.addEventListener("canvas-code", () => this.seen && this.follow());
    document.addEventListener("canvas-picture", () => this.seen && this.refresh());
    onSight(
      root,
      (seen) => {
        this.seen = seen;
        if (seen) this.refresh();
      },
      400,
    );
  }

  get canvas() {
    return window.canvas?.picture ? window.canvas : null;
  }

  change(settings) {
    const glide = settings.layout !== undefined && settings.layout !== this.layout;
    Object.assign(this, settings);
    this.draw(glide);
  }

  // Another picture, or the same one with other tokens.
  async refresh() {
    if (!this.canvas) return;
    const { codebook } = this.canvas.picture;
    const { model, level } = codebook;
    this.progress.hidden = this.atlases.has(codebook);
    try {
      if (!this.atlases.has(codebook)) this.atlases.set(codebook, await this.ask("read_atlas", { model, level }));
    } finally {
      this.progress.hidden = true;
    }
    if (codebook !== this.canvas.picture.codebook || !this.atlases.get(codebook)) return this.atlases.delete(codebook);
    this.atlas = this.atlases.get(codebook);
    this.draw(false);
    this.follow();
    this.tell();
  }

  draw(glide) {
    if (!this.atlas || !this.canvas) return;
    const { codebook, counts } = this.canvas.picture;
    const layout = this.atlas.neighbourhood ? this.layout : "principal";
    const places = unpackFloats(this.atlas[layout]);
    const known = codebook.usageTotal ? this.sizing : "here";
    this.map.show(codebook, places, known === "training" ? codebook.usage : counts, glide);
    this.press("layout", layout, { neighbourhood: !this.atlas.neighbourhood });
    this.press("sizing", known, { training: !codebook.usageTotal });
    const captions = {
      principal: `The plane in which the vectors spread most: ${(100 * this.atlas.share).toFixed(0)} % of their variance.`,
      neighbourhood: "Codes near each other here are near in the codebook (t-SNE); far ones say little.",
    };
    const missing = this.atlas.make ? ` The map of neighbourhoods isn’t stored with this model; to add it: ${this.atlas.make}` : "";
    this.caption.textContent = captions[layout] + missing;
  }

  press(group, value, disabled) {
    for (const button of this.root.querySelectorAll(`[data-${group}]`)) {
      button.setAttribute("aria-pressed", button.dataset[group] === value);
      button.disabled = Boolean(disabled[button.dataset[group]]);
    }
  }

  async save() {
    if (!this.atlas || !this.canvas) return;
    const { codebook } = this.canvas.picture;
    const { canvas } = this.map;
    const title = `${codebook.size} codes of ${codebook.model}${codebook.levels.length > 1 ? `, ${codebook.name}` : ""}. ${this.caption.textContent}`;
    download(await captioned(canvas, title), `${codebook.model.replace(/\W+/g, "-")}-map.png`);
  }

  // The code that the canvas has chosen.
  async follow() {
    if (!this.canvas || !this.atlas || this.atlas !== this.atlases.get(this.canvas.picture.codebook)) return;
    const { code, picture } = this.canvas;
    const { model, level } = picture.codebook;
    this.map.chosen(code);
    this.detail.begin(picture.codebook, code, picture.counts);
    const key = `${model} ${level} ${code}`;
    if (key === this.asked) return;
    this.asked = key;
    const answer = await this.ask("read_code", { model, level, code });
    if (answer && key === this.asked) await this.detail.show(answer, this.atlas);
  }

  // What the plots below are drawn from; they follow as well.
  tell() {
    const { picture } = this.canvas;
    const shown = { ...workspaceOf([picture], picture), fidelity: [null] };
    const text = JSON.stringify(shown);
    if (text === this.told) return;
    this.told = text;
    this.page.props.value = shown;
    if (picture.codebook !== this.toldOf) this.page.trigger("new_codebook");
    this.toldOf = picture.codebook;
  }

  async ask(name, question) {
    try {
      const answer = await this.server.ask(name, question);
      this.problem.hidden = true;
      this.root.classList.remove("stale");
      return answer;
    } catch (problem) {
      this.root.classList.add("stale");
      this.problem.hidden = false;
      this.problem.textContent = problem.message;
    }
  }
}

/** @param {import("../../kit/js/types.js").Page} page */
export function start(page) {
  new Atlas(page.element.querySelector(".atlas"), page);
}

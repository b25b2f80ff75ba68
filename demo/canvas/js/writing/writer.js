// What a prior can do for the picture on the stage: judge its tokens, and write some of them anew.

import { fileToBase64 } from "../../../kit/js/files.js";
import { canvasOf, newCanvas, pngOf } from "../../../kit/js/images.js";
import { Candidates } from "./candidates.js";

export class Writer {
  /** @param {import("../main.js").Bench} bench */
  constructor(menu, bench, priors) {
    this.menu = menu;
    this.bench = bench;
    this.priors = priors;
    const part = (name) => menu.querySelector(`[data-prior=${name}]`);
    this.choice = part("name");
    this.text = part("text");
    this.texts = part("texts");
    this.temperature = part("temperature");
    this.words = part("words");
    this.sentences = part("sentences");
    this.why = part("why");
    this.retokenize = part("retokenize");
    this.warmth = part("warmth");
    this.candidates = new Candidates(bench.root.querySelector("[data-part=candidates]"), bench);
    menu.hidden = !priors.length;
    for (const layer of this.layerParts) layer.hidden = layer.disabled = !priors.length;
    const tools = { surprise: () => bench.look.setLayer("surprise"), rewrite: () => this.rewrite(), continue: () => this.continue() };
    for (const button of menu.querySelectorAll("[data-write]"))
      button.addEventListener("click", () => {
        menu.open = false;
        tools[button.dataset.write]();
      });
    this.choice.addEventListener("change", () => this.chosen());
    for (const told of [this.text, this.words]) told.addEventListener("change", () => bench.surprise.follow());
    this.temperature.addEventListener("input", () => this.refresh());
    menu.addEventListener("toggle", () => this.refresh());
  }

  get layerParts() {
    return this.bench.root.querySelectorAll("[data-layer=surprise], [data-under] [value=surprise]");
  }

  get prior() {
    return this.fitting.find(({ name }) => name === this.choice.value) ?? this.fitting[0];
  }

  // The priors that were trained on tokens of the picture's model.
  get fitting() {
    return this.priors.filter(({ model }) => model === this.bench.picture?.codebook.model);
  }

  get settings() {
    const told = this.prior?.takesText ? this.words.value.trim() : this.text.value;
    return { condition: told || null, temperature: Number(this.temperature.value) };
  }

  get windowed() {
    const { prior, bench: { picture } } = this;
    return prior && (picture.rows > prior.grids[0].shape[0] || picture.columns > prior.grids[0].shape[1]);
  }

  // Why the prior can do nothing with this picture, in words, or null.
  get obstacle() {
    const { prior, bench: { picture } } = this;
    if (!prior) return `No prior here was trained on tokens of ${picture.codebook.model}.`;
    if (prior.grids.length > 1)
      return `${prior.name} writes the ${prior.grids.length} levels of a picture in one sequence: see the Sample tab. Here priors of one level judge and rewrite.`;
    const [rows, columns] = prior.grids[0].shape;
    if (picture.rows >= rows && picture.columns >= columns) return null;
    return `${prior.name} knows grids of ${columns} × ${rows} tokens, and this picture has ${picture.columns} × ${picture.rows}.`;
  }

  // Another picture is on the stage.
  show() {
    const { fitting, bench } = this;
    if (!this.priors.length) return;
    const chosen = this.choice.value;
    this.choice.replaceChildren(...fitting.map(({ name }) => new Option(name, name, false, name === chosen)));
    this.choice.parentElement.hidden = fitting.length < 2;
    this.offerOthers();
    this.chosen();
    const lost = this.obstacle;
    for (const layer of this.layerParts) layer.disabled = lost !== null;
    bench.root.querySelector("[data-layer=surprise]").title = lost ?? "How many bits each token costs under the prior (5)";
    if (lost) bench.look.leave("surprise");
    if (this.candidates.task?.picture !== bench.picture) this.candidates.close();
  }

  chosen() {
    const texts = this.prior?.conditions ?? [];
    const kept = texts.includes(this.text.value) ? this.text.value : "";
    this.text.replaceChildren(...["", ...texts].map((text) => new Option(text || "anything", text, false, text === kept)));
    this.texts.hidden = !texts.length;
    this.sentences.hidden = !this.prior?.takesText;
    this.refresh();
    this.bench.surprise.follow();
  }

  refresh() {
    const { bench, menu } = this;
    if (!bench.picture) return;
    const lost = this.obstacle;
    const [rows, columns] = this.prior?.grids[0].shape ?? [];
    const windows = this.windowed ? `, in windows of ${columns} × ${rows} tokens` : "";
    this.why.textContent = lost ?? `By ${this.prior.name}${windows}`;
    this.warmth.textContent = Number(this.temperature.value).toFixed(2);
    menu.querySelectorAll("[data-write]").forEach((button) => (button.disabled = lost !== null));
    this.retokenize.hidden = !this.retokenize.children.length;
  }

  // For a picture that no prior fits: its middle as the tokens of each model that has a prior.
  offerOthers() {
    const { picture } = this.bench;
    const models = this.obstacle && picture.original ? [...new Set(this.priors.map(({ model }) => model))] : [];
    const others = models.map((name) => this.priors.find(({ model }) => model === name));
    this.retokenize.replaceChildren(...others.map((prior) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `Its middle as tokens of ${prior.model}`;
      button.addEventListener("click", () => {
        this.menu.open = false;
        this.openMiddle(picture, prior);
      });
      return button;
    }));
  }

  openMiddle(picture, prior) {
    const { model, width, height } = prior;
    if (this.bench.workspace.isFull(() => this.openMiddle(picture, prior))) return;
    return this.bench.intake.open(picture.name, async () => {
      const file = await pngOf(middleOf(picture.original, width, height));
      return this.bench.server.ask("open_picture", { data: await fileToBase64(file), name: `${picture.name}, middle`, model });
    });
  }

  // Write the selected tokens anew, given all others of a window around them.
  rewrite(settings = this.settings) {
    const { prior, bench } = this;
    const { picture, selection } = bench;
    if (!selection.area) return bench.messages.problem("Select the tokens to rewrite first: take the select tool, and drag.");
    const [top, bottom, left, right] = selection.area;
    const [rows, columns] = prior.grids[0].shape;
    if (bottom - top > rows || right - left > columns)
      return bench.messages.problem(`${prior.name} writes at most ${columns} × ${rows} tokens at a time. Select fewer.`);
    const start = (from, to, room, whole) => Math.max(0, Math.min(whole - room, Math.round((from + to - room) / 2)));
    const corner = [start(top, bottom, rows, picture.rows), start(left, right, columns, picture.columns)];
    const places = [];
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) places.push((row - corner[0]) * columns + column - corner[1]);
    this.begin(`Rewriting ${right - left} × ${bottom - top} tokens`, settings, corner, places);
  }

  // Keep what comes before the selection, or before the cursor, or else the top half, and write the rest.
  continue(settings = this.settings) {
    const { prior, bench } = this;
    const { picture, cursor, selection: { area } } = bench;
    const [rows, columns] = prior.grids[0].shape;
    if (this.windowed)
      return bench.messages.problem(
        `${prior.name} goes on with pictures of ${columns} × ${rows} tokens, and this has ${picture.columns} × ${picture.rows}. ` +
          "Select a part and rewrite it.",
      );
    const here = area ? { row: area[0], column: area[2] } : cursor.token ?? { row: rows >> 1, column: 0 };
    const first = here.row * columns + here.column;
    const places = Array.from({ length: rows * columns - first }, (_, i) => first + i);
    this.begin(`Going on from row ${here.row}, column ${here.column}`, settings, [0, 0], places);
  }

  // As the Text tab says, in its words: write the selection, or all from the cursor on, or the lower half.
  complete(name, settings) {
    const { bench } = this;
    if (!bench.picture) return bench.messages.problem("There is no picture on the canvas to complete. Open one first.");
    if (!this.fitting.some((prior) => prior.name === name)) {
      const { model } = this.priors.find((prior) => prior.name === name);
      return bench.messages.problem(
        `${name} completes pictures of tokens of ${model}, and this one has tokens of ${bench.picture.codebook.model}. ` +
          "Take a candidate to the canvas first, or open the middle of this picture in the menu Prior.",
      );
    }
    this.choice.value = name;
    this.words.value = settings.condition ?? "";
    this.chosen();
    if (this.obstacle) return bench.messages.problem(this.obstacle);
    return bench.selection.area ? this.rewrite(settings) : this.continue(settings);
  }

  begin(title, settings, /** @type {number[]} */ [top, left], places) {
    const { prior, bench: { picture, look } } = this;
    const [rows, columns] = prior.grids[0].shape;
    const window = [top, top + rows, left, left + columns];
    if (look.view === "original") look.setLayer("rebuilt");
    this.candidates.begin({ picture, prior, settings, title, window, places, tokens: picture.cut(window) });
  }
}

// The largest part around the middle with these proportions, scaled to this size.
function middleOf(pixels, width, height) {
  const whole = canvasOf(pixels);
  const scale = Math.min(pixels.width / width, pixels.height / height);
  const [across, down] = [width * scale, height * scale];
  const context = newCanvas(width, height).getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(whole, (pixels.width - across) / 2, (pixels.height - down) / 2, across, down, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

// What a prior can do for the picture on the stage: judge its tokens, write some of them anew, and go on past its edges.

import { Candidates } from "./candidates.js";
import { extend } from "./extending.js";
import { offersFor } from "./offers.js";
import { Window, windowAround } from "./window.js";

const AROUND = 3; // tokens around what is written that the candidates show, and half its side more
const MOST_EXTENDED = 64;
const WHOLE = ["continue", "left", "top", "bottom", "right"]; // what takes a prior of the picture's own size, or of any

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
    this.offers = part("offers");
    this.by = part("by");
    this.warmth = part("warmth");
    this.candidates = new Candidates(bench.root.querySelector("[data-part=candidates]"), bench);
    menu.hidden = !priors.length;
    for (const layer of this.layerParts) layer.hidden = !priors.length;
    const tools = {
      surprise: () => bench.look.setLayer("surprise"),
      rewrite: () => this.rewrite(),
      away: () => this.takeAway(),
      continue: () => this.continue(),
    };
    for (const button of menu.querySelectorAll("[data-write]"))
      button.addEventListener("click", () => {
        menu.open = false;
        (tools[button.dataset.write] ?? (() => this.extend(button.dataset.write)))();
      });
    this.layerButton.addEventListener("click", () => (menu.open = this.layerButton.ariaDisabled === "true"));
    this.choice.addEventListener("change", () => this.chosen());
    for (const told of [this.text, this.words]) told.addEventListener("change", () => bench.surprise.follow());
    this.temperature.addEventListener("input", () => this.refresh());
    menu.addEventListener("toggle", () => this.refresh());
  }

  get layerButton() {
    return this.bench.root.querySelector("[data-layer=surprise]");
  }

  get layerParts() {
    return [this.layerButton, this.bench.root.querySelector("[data-under] [value=surprise]")];
  }

  get prior() {
    return this.fitting.find(({ name }) => name === this.choice.value) ?? this.fitting[0];
  }

  // The priors that were trained on tokens of the picture's model.
  get fitting() {
    return this.priors.filter(({ model }) => model === this.bench.picture?.codebook.home);
  }

  get settings() {
    const told = this.prior?.takesText ? this.words.value.trim() : this.text.value;
    return { condition: told || null, temperature: Number(this.temperature.value) };
  }

  // Whether the prior sees a part of the picture at a time.
  get windowed() {
    const { prior, bench: { picture } } = this;
    if (!prior || prior.anySize) return false;
    const [{ rows, columns }] = picture.grids;
    return rows > prior.grids[0].shape[0] || columns > prior.grids[0].shape[1];
  }

  // Why the prior can do nothing with this picture, in words, or null.
  get obstacle() {
    const { prior, bench: { picture } } = this;
    if (!prior) return `No prior here was trained on tokens of ${picture.codebook.home}.`;
    const [own] = prior.grids;
    const [grid] = picture.grids;
    if (prior.anySize || (grid.rows >= own.shape[0] && grid.columns >= own.shape[1])) return null;
    const [rows, columns] = own.shape;
    return `${prior.name} knows grids of ${columns} × ${rows} tokens, and this picture has ${grid.columns} × ${grid.rows}.`;
  }

  // Why something of the menu can't be done, or null.
  lacks(tool) {
    const { obstacle, prior, windowed } = this;
    if (obstacle || !WHOLE.includes(tool)) return obstacle;
    if (tool !== "continue") return prior.anySize ? null : "To extend a picture takes a prior of any size.";
    return windowed ? "To go on with a picture of this size takes a prior of any size." : null;
  }

  // Another picture is on the stage.
  show() {
    const { fitting, bench } = this;
    if (!this.priors.length) return;
    const chosen = this.choice.value;
    this.choice.replaceChildren(...fitting.map(({ name }) => new Option(name, name, false, name === chosen)));
    this.choice.parentElement.hidden = fitting.length < 2;
    this.chosen();
    if (this.candidates.task?.window.picture !== bench.picture) this.candidates.close();
  }

  chosen() {
    const texts = this.prior?.conditions ?? [];
    const kept = texts.includes(this.text.value) ? this.text.value : "";
    this.text.replaceChildren(...["", ...texts].map((text) => new Option(text || "anything", text, false, text === kept)));
    this.texts.hidden = !texts.length;
    this.sentences.hidden = !this.prior?.takesText;
    this.refresh();
    const lost = this.obstacle;
    const [button, under] = this.layerParts;
    under.disabled = lost !== null;
    button.ariaDisabled = String(under.disabled);
    button.title = lost ? `${lost} See the menu Prior.` : "How many bits each token costs under the prior (5)";
    if (lost) this.bench.look.leave("surprise");
    this.bench.surprise.follow();
  }

  use(name) {
    this.choice.value = name;
    this.chosen();
  }

  refresh() {
    const { bench, menu } = this;
    if (!bench.picture) return;
    const buttons = [...menu.querySelectorAll("[data-write]")];
    for (const button of buttons) button.disabled = this.lacks(button.dataset.write) !== null;
    const missing = [...new Set(buttons.map((button) => this.lacks(button.dataset.write)))].filter(Boolean);
    this.why.textContent = [this.obstacle ? "" : this.about, ...missing].filter(Boolean).join(" ");
    this.warmth.textContent = Number(this.temperature.value).toFixed(2);
    const offers = missing.length ? offersFor(bench, this.priors, this.obstacle !== null) : [];
    this.offers.hidden = !offers.length;
    this.offers.replaceChildren(...offers.map(({ label, run }) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
      button.addEventListener("click", () => {
        menu.open = false;
        run();
      });
      return button;
    }));
  }

  // What writes, and what can be hoped for.
  get about() {
    const { prior, windowed } = this;
    if (prior.anySize) return `By ${prior.name}, which sees what is near: texture, sky and grass go on; faces and things don’t.`;
    const [rows, columns] = prior.grids[0].shape;
    return `By ${prior.name}${windowed ? `, in windows of ${columns} × ${rows} tokens` : ""}.`;
  }

  // Write the selected tokens anew, and the finer ones under them, given all others of a window around them.
  rewrite(settings = this.settings, title = "Rewriting") {
    const { bench: { picture, selection } } = this;
    if (selection.area) this.write(title, settings, picture.grid, selection.area);
    else this.askToSelect("rewrite");
  }

  // Write what is selected anew, with the tokens around it that it reaches, of all levels: what may have been behind it.
  takeAway() {
    const { bench: { picture, selection: { area } } } = this;
    if (!area) return this.askToSelect("take away");
    const [coarsest] = picture.grids;
    const scale = coarsest.codebook.span / picture.codebook.span;
    const whole = area.map((edge, i) => (i % 2 ? Math.ceil(edge / scale) + 1 : Math.floor(edge / scale) - 1));
    const inside = whole.map((edge, i) => Math.min(i < 2 ? coarsest.rows : coarsest.columns, Math.max(0, edge)));
    this.write("Taking away", this.settings, coarsest, inside);
  }

  askToSelect(what) {
    const run = () => this.bench.use("select");
    this.bench.messages.problem(`Select the tokens to ${what} first: drag over them.`, { label: "Take the select tool", run });
  }

  write(title, settings, grid, area) {
    const { prior, bench: { picture, messages } } = this;
    const window = windowAround(picture, prior, grid, area);
    const [rows, columns] = prior.grids[0].shape;
    if (!window) return messages.problem(`${prior.name} writes at most ${columns} × ${rows} tokens at a time. Select fewer.`);
    const [top, bottom, left, right] = area;
    const name = picture.grids.length > 1 ? ` ${grid.codebook.name}` : "";
    const region = window.regionOf(grid, area);
    const around = AROUND + Math.ceil(Math.max(region[1] - region[0], region[3] - region[2]) / 2);
    const { area: edges } = window.parts.at(-1);
    const most = [edges[1] - edges[0], edges[3] - edges[2]];
    const shown = region.map((edge, i) => (i % 2 ? Math.min(most[i >> 1], edge + around) : Math.max(0, edge - around)));
    this.begin(`${title} ${right - left} × ${bottom - top}${name} tokens`, settings, window, window.placesUnder(grid, area), shown);
  }

  // Keep what comes before the selection, or before the cursor, or else the top half, and write the rest of every level.
  continue(settings = this.settings) {
    const { prior, bench: { picture, cursor, messages, selection: { area } } } = this;
    const lacks = this.lacks("continue");
    if (lacks) return messages.problem(`${lacks} Or select a part and rewrite it.`);
    const [coarsest] = picture.grids;
    const scale = coarsest.codebook.span / picture.codebook.span;
    const at = area ? { row: area[0], column: area[2] } : cursor.token ?? { row: picture.rows >> 1, column: 0 };
    const [row, column] = [at.row, at.column].map((place) => Math.floor(place / scale));
    const window = new Window(picture, prior, [0, 0]);
    const places = window.placesUnder(coarsest, [row, coarsest.rows, 0, coarsest.columns], column);
    const whole = window.regionOf(coarsest, window.area);
    this.begin(`Going on from row ${row}, column ${column}`, settings, window, places, whole);
  }

  begin(title, settings, window, places, shown) {
    const { look } = this.bench;
    if (look.view === "original") look.setLayer("rebuilt");
    this.candidates.begin({ title, settings, window, places, shown });
  }

  // Past an edge, by as many tokens as the field says.
  async extend(edge) {
    const { bench, prior, settings } = this;
    const by = Math.max(1, Math.min(MOST_EXTENDED, Math.round(Number(this.by.value)) || 1));
    let isStopped = false;
    const told = bench.messages.show("", "note", { label: "Stop", run: () => (isStopped = true) });
    const tell = (text) => ((told.firstElementChild.textContent = text), !isStopped);
    try {
      await bench.intake.during(() => extend(bench, prior, settings, edge, by, tell));
    } catch (problem) {
      bench.messages.problem(problem.message);
    } finally {
      told.remove();
    }
  }

  // As the Text tab says, in its words: write the selection, or all from the cursor on, or the lower half.
  complete(name, settings) {
    const { bench } = this;
    if (!bench.picture) return bench.messages.problem("There is no picture on the canvas to complete. Open one first.");
    if (!this.fitting.some((prior) => prior.name === name)) {
      const { model } = this.priors.find((prior) => prior.name === name);
      return bench.messages.problem(
        `${name} completes pictures of tokens of ${model}, and this one has tokens of ${bench.picture.codebook.home}. ` +
          "Take a candidate to the canvas first, or open the middle of this picture in the menu Prior.",
      );
    }
    this.words.value = settings.condition ?? "";
    this.use(name);
    if (this.obstacle) return bench.messages.problem(this.obstacle);
    return bench.selection.area ? this.rewrite(settings) : this.continue(settings);
  }
}

// Two levels of tokens: which one is at hand, what it carries alone, and another picture's grid put in its place.

import { canvasOf, pixelsOfUrl } from "../../../kit/js/images.js";

export const LEVEL_NAMES = ["Coarse", "Fine"];

export class Levels {
  /** @param {import("../main.js").Bench} bench */
  constructor(bench) {
    this.bench = bench;
    const part = (name) => bench.root.querySelector(`[data-levels=${name}]`);
    this.choice = part("choice");
    this.mix = part("mix");
    this.what = part("what");
    this.from = part("from");
    for (const button of this.choice.querySelectorAll("[data-level]"))
      button.addEventListener("click", () => bench.useLevel(Number(button.dataset.level)));
    const menu = bench.root.querySelector("[data-part=edit]");
    menu.addEventListener("toggle", () => this.listOthers());
    part("take").addEventListener("click", () => {
      menu.open = false;
      this.take();
    });
  }

  get several() {
    return this.bench.picture?.grids.length > 1;
  }

  next() {
    if (this.several) this.bench.useLevel(1 - this.bench.picture.level);
  }

  // Another picture is on the stage, or another level of it at hand.
  show() {
    const { several, bench: { root, picture, look } } = this;
    this.choice.hidden = this.mix.hidden = !several;
    for (const button of this.choice.querySelectorAll("[data-level]"))
      button.setAttribute("aria-pressed", Number(button.dataset.level) === picture.level);
    for (const layer of root.querySelectorAll("[data-layer=alone], [data-under] [value=alone]")) {
      layer.hidden = layer.disabled = !several;
      layer.textContent = `${LEVEL_NAMES[picture.level]} alone`;
    }
    this.what.textContent = `${LEVEL_NAMES[picture.level]} grid of`;
    if (!several) look.leave("alone");
    this.listOthers();
    this.follow();
  }

  // What a level carries: the picture with every token of the other level the one that training used most.

  get shown() {
    const { layer, under, fade } = this.bench.look;
    return layer === "alone" || (under === "alone" && fade < 1);
  }

  // Bring it up to date while it shows: one question at a time, and again if the tokens changed meanwhile.
  follow() {
    const { picture, layers } = this.bench;
    if (!this.shown || !this.several || layers.aloneOf === this.keyOf(picture)) return;
    this.running ??= this.bench.intake
      .during(() => this.ask(picture, layers))
      .catch((problem) => {
        this.bench.look.leave("alone");
        this.bench.messages.problem(problem.message);
      })
      .finally(() => {
        this.running = null;
        this.follow();
      });
  }

  keyOf({ level, grid }) {
    return `${level} ${grid.pack().data}`;
  }

  async ask(picture, layers) {
    const { level } = picture;
    const key = this.keyOf(picture);
    const answer = await this.bench.server.ask("decode_level", { document: picture.toDocument(), level });
    const alone = canvasOf(await pixelsOfUrl(answer.picture));
    Object.assign(layers, { alone, aloneOf: key });
    this.bench.stage.invalidate();
  }

  // One picture's shape with another's detail.

  listOthers() {
    const { pictures, picture } = this.bench;
    const others = pictures.filter((each) => each !== picture);
    const kept = this.from.value;
    this.from.replaceChildren(...others.map(({ id, name }) => new Option(name, id, false, id === kept)));
    for (const control of this.mix.querySelectorAll("select, button")) control.disabled = !others.length;
  }

  // Put another picture's grid of the level at hand in the place of this one's.
  take() {
    const { bench, bench: { picture } } = this;
    const other = bench.pictures.find(({ id }) => id === this.from.value);
    if (other.finest.codebook !== picture.finest.codebook)
      return bench.messages.problem(
        `${other.name} has tokens of ${other.codebook.model}; in ${picture.codebook.model} they mean something else.`,
      );
    const theirs = other.grids[picture.level];
    if (theirs.rows !== picture.rows || theirs.columns !== picture.columns)
      return bench.messages.problem(
        `Only pictures of one size exchange their grids: ${other.name} has ${theirs.columns} × ${theirs.rows} tokens here, ` +
          `and this one ${picture.columns} × ${picture.rows}.`,
      );
    bench.strokes.edit(Array.from(theirs.tokens, (code, cell) => [cell, code]));
  }
}

// Where a picture has several levels of tokens: which one is at hand, what it carries alone, and another picture's grid put
// in its place.

import { canvasOf, pixelsOfUrl } from "../../../kit/js/images.js";
import { capital } from "../../../kit/js/words.js";

export class Levels {
  /** @param {import("../main.js").Bench} bench */
  constructor(bench) {
    this.bench = bench;
    const part = (name) => bench.root.querySelector(`[data-levels=${name}]`);
    this.choice = part("choice");
    this.mix = part("mix");
    this.what = part("what");
    this.from = part("from");
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
    const { picture } = this.bench;
    if (this.several) this.use((picture.level + 1) % picture.grids.length);
  }

  // Show and edit this level of tokens; the code chosen is the one where the cursor was.
  use(level) {
    const { bench, bench: { picture, cursor } } = this;
    if (bench.strokes.gesture || level === picture.level) return;
    const middle = cursor.orMiddle;
    const before = picture.codebook.downsampling;
    picture.level = level;
    const scale = before / picture.codebook.downsampling;
    const [row, column] = [middle.row, middle.column].map((at) => Math.floor(at * scale));
    bench.selection.put(null);
    bench.stage.hover = bench.highlight = null;
    bench.layers.refreshCodes();
    cursor.put(cursor.token && { row, column });
    bench.code = bench.formerCode = picture.codeAt({ row, column });
    this.show();
    bench.inspector.refresh();
    bench.usage.invalidate();
    bench.surprise.follow();
    bench.models.show();
    bench.stage.captions.refresh();
    bench.tell("canvas-code");
    bench.workspace.publish();
  }

  // Another picture is on the stage, or another level of it at hand.
  show() {
    const { several, bench: { root, picture, look } } = this;
    this.choice.hidden = this.mix.hidden = !several;
    this.offer(picture.finest.codebook.levels);
    for (const button of this.choice.children) button.setAttribute("aria-pressed", Number(button.dataset.level) === picture.level);
    const name = capital(picture.codebook.name);
    for (const layer of root.querySelectorAll("[data-layer=alone], [data-under] [value=alone]")) {
      layer.hidden = layer.disabled = !several;
      layer.textContent = `${name} alone`;
    }
    this.what.textContent = `${name} grid of`;
    if (!several) look.leave("alone");
    this.listOthers();
    this.follow();
  }

  // A button for each level of a model.
  offer(codebooks) {
    if (codebooks === this.offered) return;
    this.offered = codebooks;
    this.choice.replaceChildren(...codebooks.map(({ level, name }) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", title: `Show and edit the ${name} grid (L)`, textContent: capital(name) });
      button.dataset.level = level;
      button.addEventListener("click", () => this.use(level));
      return button;
    }));
  }

  // What a level carries: the picture with every token of the others the one that training used most.

  get shown() {
    return this.bench.look.shows("alone");
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
    if (other.codebook.home !== picture.codebook.home)
      return bench.messages.problem(
        `${other.name} has tokens of ${other.codebook.home}; in ${picture.codebook.home} they mean something else.`,
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

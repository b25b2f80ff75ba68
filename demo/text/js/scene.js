// A scene drawn by hand: its things are dragged and changed, and it has a sentence, tokens, and what these decode to.

import { unpackGrid } from "../../kit/js/document.js";
import { pixelsOfUrl } from "../../kit/js/images.js";
import { Latest } from "../../kit/js/latest.js";
import { Past } from "../../kit/js/past.js";
import { newSeed } from "../../kit/js/random.js";

const SIDE = 288; // of the drawing, pixels
const DRAGGED_SIDE = 96; // while a thing moves, so that it follows
const PAUSE_MS = 200; // after a change, before it is tokenized
const CHOICES = ["size", "material", "color", "shape"];
const NEW_THING = { size: "small", material: "matte", color: "blue", shape: "ball", x: 0, z: 0, on: null };
const MOST_THINGS = 3;

export class Scene {
  constructor(root, prompter) {
    const part = (name) => root.querySelector(`[data-scene-${name}]`);
    this.root = root;
    this.prompter = prompter;
    this.part = part;
    this.paper = part("paper");
    this.drawing = new Latest(prompter.server, "draw_scene", {
      show: (drawn, asked) => this.show(drawn, asked),
      fail: (problem) => this.tell(problem),
    });
    this.reading = new Latest(prompter.server, "draw_scene", {
      show: (drawn, asked) => {
        this.warn("");
        this.show(drawn, asked);
      },
      fail: (problem) => this.warn(problem),
    });
    this.tokens = new Latest(prompter.server, "tokenize_scene", {
      show: (made) => this.showTokens(made),
      fail: (problem) => this.tell(problem),
    });
    this.past = new Past(root, (scene) => {
      this.scene = scene;
      this.ask();
    });
    part("add").addEventListener("click", () => this.change((scene) => scene.things.push({ ...NEW_THING })));
    part("floor").addEventListener("change", () => this.change((scene) => (scene.floor = part("floor").value)));
    part("say").addEventListener("click", () => this.change(() => (this.seed = newSeed())));
    part("write").addEventListener("click", () => prompter.ask.set(this.text));
    part("open").addEventListener("click", () => this.open());
    this.paper.addEventListener("pointerdown", (event) => this.grab(event));
    this.paper.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) this.paper.addEventListener(end, () => this.drop());
  }

  // Another prior: whether it knows scenes, and in which words.
  fit({ words }) {
    this.root.hidden = !words.shape;
    if (!words.shape) return;
    this.words = words;
    const floors = words.floor.map((said) => [said, said.split(" ").pop()]);
    this.part("floor").replaceChildren(...floors.map(([said, floor]) => new Option(said, floor)));
  }

  // What the sentence says, truly drawn; the things of it are then at hand.
  fromText(text) {
    this.seed = 0;
    this.reading.want({ side: SIDE, seed: 0, text });
  }

  change(how) {
    if (!this.scene) return;
    this.past.keep(this.scene);
    how(this.scene);
    this.ask();
  }

  ask(more = {}) {
    this.drawing.want({ side: SIDE, seed: this.seed, scene: this.scene, ...more });
  }

  async show({ scene, picture, boxes, text, unseen }, asked) {
    const pixels = await pixelsOfUrl(picture);
    paint(this.paper, pixels);
    this.boxes = this.paper.sceneBoxes = boxes.map((box) => box?.map((at) => at / pixels.width));
    this.text = text;
    this.tell("");
    this.part("text").textContent = text;
    this.part("unseen").textContent = unseen.length ? `Never together in training: ${unseen.join(", ")}.` : "";
    const isSame = this.scene && this.scene.things.length === scene.things.length && Boolean(asked.moved);
    this.scene = scene;
    this.part("floor").value = scene.floor;
    if (!isSame) this.listThings();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tokens.want({ prior: this.prompter.ask.prior.name, scene, name: text.slice(0, 60) }), PAUSE_MS);
  }

  async showTokens({ document, rebuilt }) {
    const codebook = await this.prompter.codebooks.of(document.model);
    const grid = document.grids.at(-1);
    const [rows, columns] = grid.shape;
    const codes = new ImageData(columns, rows);
    unpackGrid(grid, codebook.size).forEach((code, cell) => {
      codes.data.set([...codebook.colours.distinct.subarray(3 * code, 3 * code + 3), 255], 4 * cell);
    });
    paint(this.part("codes"), codes);
    paint(this.part("rebuilt"), await pixelsOfUrl(rebuilt));
  }

  listThings() {
    const { things } = this.scene;
    this.part("things").replaceChildren(...things.map((thing, number) => this.row(thing, number)));
    this.part("add").disabled = things.length >= MOST_THINGS;
  }

  row(thing, number) {
    const row = Object.assign(document.createElement("li"), { ariaLabel: `Thing ${number + 1}` });
    const select = (name, options, value, set) => {
      const box = Object.assign(document.createElement("select"), { ariaLabel: `${name} of thing ${number + 1}` });
      box.append(...options.map(([label, each]) => new Option(label, each)));
      box.value = value;
      box.addEventListener("change", () => this.change(() => set(box.value)));
      return box;
    };
    row.append(...CHOICES.map((name) => {
      const options = this.words[name].map((word) => [word, word]);
      return select(name, options, thing[name], (value) => (thing[name] = value));
    }));
    const bases = this.scene.things.flatMap((other, i) => (i !== number && other.on === null ? [[`on thing ${i + 1}`, i]] : []));
    const carries = this.scene.things.some(({ on }) => on === number);
    if (!carries)
      row.append(select("place", [["on the floor", ""], ...bases], thing.on ?? "", (on) => (thing.on = on === "" ? null : Number(on))));
    const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "×", ariaLabel: `Take thing ${number + 1} away` });
    remove.disabled = this.scene.things.length === 1;
    remove.addEventListener("click", () => this.change((scene) => this.remove(scene, number)));
    row.append(remove);
    return row;
  }

  // Without a thing: what stood on it stands on the floor, and the numbers after it move up.
  remove(scene, number) {
    scene.things.splice(number, 1);
    for (const thing of scene.things) {
      if (thing.on === number) thing.on = null;
      else if (thing.on > number) thing.on--;
    }
  }

  at({ offsetX, offsetY }) {
    return [offsetX / this.paper.clientWidth, offsetY / this.paper.clientHeight];
  }

  // The smallest thing under the pointer; where it stands is a little above the lower edge of its box.
  grab(event) {
    const [x, y] = this.at(event);
    const under = (this.boxes ?? []).flatMap((box, number) =>
      box && box[0] <= x && x <= box[2] && box[1] <= y && y <= box[3] ? [{ number, box, area: (box[2] - box[0]) * (box[3] - box[1]) }] : [],
    );
    const [held] = under.sort((a, b) => a.area - b.area);
    if (!held) return;
    event.preventDefault();
    this.paper.setPointerCapture(event.pointerId);
    const foot = [(held.box[0] + held.box[2]) / 2, held.box[3] - (held.box[2] - held.box[0]) / 5];
    this.held = { number: held.number, off: [foot[0] - x, foot[1] - y] };
  }

  drag(event) {
    if (!this.held) return;
    const [x, y] = this.at(event);
    this.past.keep(this.scene);
    const { number, off } = this.held;
    this.held.moved = { number, across: x + off[0], down: y + off[1] };
    this.ask({ side: DRAGGED_SIDE, moved: this.held.moved });
  }

  drop() {
    if (this.held?.moved) this.ask({ moved: this.held.moved });
    this.held = null;
  }

  async open() {
    const blob = await new Promise((done) => this.paper.toBlob(done));
    await window.canvas.openWith(this.prompter.ask.prior.model, [new File([blob], `${this.text.slice(0, 60)}.png`, { type: "image/png" })]);
    window.canvas.scrollIntoView({ behavior: "smooth" });
  }

  tell(text) {
    this.part("told").textContent = text;
  }

  // Beside the box: the model writes something for any words, but these are none of a scene.
  warn(text) {
    this.prompter.root.querySelector("[data-unknown]").textContent = text;
  }
}

function paint(canvas, pixels) {
  Object.assign(canvas, { width: pixels.width, height: pixels.height });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

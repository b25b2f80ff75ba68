// Lesson 1: the same picture through PCA's first n' weights and through n' codes, bit for bit.

import { PersonError } from "../../kit/js/server.js";
import { Lesson, fixed, make } from "./marks.js";

const NUMBERS = [1, 2, 4, 8, 16, 32, 64, 192];
const PATCHES = 24; // a side of the picture, in patches
const SHEET = [24, 8]; // components in a row, rows
const TOLD_NUMBERS = 8;

export class ComponentsLesson extends Lesson {
  constructor(root, server, { props }) {
    super(root, server);
    this.answers = new Map();
    this.photo = this.part("photo");
    this.compressed = this.asks("compress_patches", (found, asked) => this.show(found, asked));
    this.patch = this.asks("read_patch", (found) => this.tellPatch(found));
    for (const name of props.examples) this.part("pictures").append(make("option", { value: name }, name.replaceAll("_", " ")));
    this.on("numbers", "input", () => this.ask());
    this.on("pictures", "change", () => this.open());
    for (const button of root.querySelectorAll("[data-bits]"))
      button.addEventListener("click", () => ((this.bits = Number(button.dataset.bits)), this.ask()));
    this.photo.addEventListener("pointermove", (event) => {
      const box = this.photo.getBoundingClientRect();
      this.look(
        Math.floor(((event.clientY - box.top) / box.height) * PATCHES),
        Math.floor(((event.clientX - box.left) / box.width) * PATCHES),
      );
    });
    this.photo.addEventListener("keydown", (event) => {
      const ways = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
      if (!(event.key in ways)) return;
      event.preventDefault();
      event.stopPropagation();
      this.look(this.row + ways[event.key][0], this.column + ways[event.key][1]);
    });
    this.reset();
  }

  reset() {
    this.bits = 8;
    this.row = 8;
    this.column = 9;
    this.part("numbers").value = 2;
    this.part("pictures").value = "chelsea";
    this.open();
  }

  get question() {
    return { picture: this.part("pictures").value, numbers: NUMBERS[this.part("numbers").value], bits: this.bits };
  }

  async open() {
    const { picture } = this.question;
    this.ask();
    try {
      const found = await this.server.ask("read_components", { picture });
      if (picture !== this.question.picture) return;
      this.part("picture").src = found.picture;
      this.part("components").src = this.part("kept").src = found.components;
      const { learned } = found;
      this.part("learned").src = learned.picture;
      this.part("learned-told").textContent = `${learned.name}: ${fixed(learned.bits, 0)} bits a patch`;
      this.part("learned-psnr").textContent = `${fixed(learned.psnr)} dB`;
      this.learned = `An encoder that was trained with its codes reaches ${fixed(learned.psnr)} dB with ${fixed(learned.bits, 0)} bits.`;
    } catch (problem) {
      if (!(problem instanceof PersonError)) throw problem;
      this.told.textContent = problem.message;
    }
  }

  ask() {
    const { question } = this;
    this.part("numbers-told").textContent = question.numbers;
    for (const button of this.root.querySelectorAll("[data-bits]"))
      button.setAttribute("aria-pressed", Number(button.dataset.bits) === this.bits);
    const known = this.answers.get(JSON.stringify(question));
    if (known) this.show(known, question);
    else this.compressed.want(question);
    this.look(this.row, this.column);
  }

  // The settings beside this one, so that the next move is answered at once.
  async prefetch({ numbers, ...rest }) {
    const at = NUMBERS.indexOf(numbers);
    for (const next of [NUMBERS[at + 1], NUMBERS[at - 1]]) {
      const question = { picture: rest.picture, numbers: next, bits: rest.bits };
      const key = JSON.stringify(question);
      if (next && !this.answers.has(key)) this.answers.set(key, await this.server.ask("compress_patches", question).catch(() => undefined));
      if (!this.answers.get(key)) this.answers.delete(key);
    }
  }

  show(found, asked) {
    this.answers.set(JSON.stringify(asked), found);
    if (JSON.stringify(asked) !== JSON.stringify(this.question)) return;
    const { numbers, bits } = asked;
    this.found = found;
    for (const name of ["linear", "coded", "codes"]) this.part(name).src = found[name];
    for (const name of ["linear", "coded"])
      this.part(`${name}-psnr`).textContent = found[`${name}_psnr`] === null ? "exact" : `${fixed(found[`${name}_psnr`])} dB`;
    const cost = `${numbers} × ${bits} = ${numbers * bits} bits a patch`;
    this.part("linear-told").textContent = `${numbers} ${numbers > 1 ? "weights" : "weight"}: ${cost}`;
    this.part("coded-told").textContent = `${numbers} of ${2 ** bits} codes: ${cost}`;
    this.part("components-told").textContent = `the first ${numbers} of 192`;
    this.part("codes-told").textContent = `K = ${2 ** bits}, this picture uses ${found.codes_used}`;
    const [across, down] = SHEET;
    const rows = Math.floor(numbers / across);
    const [x, top, bottom] = [(100 * (numbers % across)) / across, (100 * rows) / down, (100 * (rows + 1)) / down];
    this.part("kept").style.clipPath = `polygon(0 0, 100% 0, 100% ${top}%, ${x}% ${top}%, ${x}% ${bottom}%, 0 ${bottom}%)`;
    this.prefetch(asked);
  }

  look(row, column) {
    const inside = (value) => Math.min(PATCHES - 1, Math.max(0, value));
    [this.row, this.column] = [inside(row), inside(column)];
    for (const mark of this.root.querySelectorAll(".photo i"))
      mark.style.translate = `${100 * this.column}% ${100 * this.row}%`;
    this.patch.want({ ...this.question, row: this.row, column: this.column });
  }

  tellPatch({ weights, codes }) {
    const told = (values, write) =>
      `z = (${values.slice(0, TOLD_NUMBERS).map(write).join(", ")}${values.length > TOLD_NUMBERS ? ", …" : ""})`;
    this.part("weights").textContent = told(weights, (weight) => fixed(weight));
    this.part("tokens").textContent = told(codes, String);
  }

  async answer() {
    const { picture, bits } = this.question;
    this.told.textContent = "Looking at all of them …";
    const nearer = { weights: [], codes: [] };
    for (const numbers of NUMBERS) {
      const question = { picture, numbers, bits };
      const key = JSON.stringify(question);
      const found = this.answers.get(key) ?? (await this.server.ask("compress_patches", question).catch(() => undefined));
      if (!found) return (this.told.textContent = "The server doesn't answer. Try again in a moment.");
      this.answers.set(key, found);
      nearer[(found.linear_psnr ?? Infinity) > (found.coded_psnr ?? Infinity) ? "weights" : "codes"].push(numbers);
    }
    const list = (numbers) => (numbers.length ? numbers.join(", ") : "no n′");
    this.told.textContent =
      `At ${bits} bits a number, codes are nearer for n′ = ${list(nearer.codes)}; weights for n′ = ${list(nearer.weights)}. ` +
      `One code can be any patch, one weight only more or less of one component. ${this.learned}`;
  }
}

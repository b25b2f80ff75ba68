// How samples are drawn, as the form says.

import { newSeed } from "../../kit/js/random.js";
import { mostCodes } from "../../kit/js/sequences.js";

const EACH = "\u0000each"; // the choice of all classes in turn; no class can be called so
const BEST = "\u0000best"; // of those that it draws best
const ANYTHING = "anything"; // asks for no words at all where words are taken

export class Settings {
  constructor(form, priors, most, onChange) {
    this.form = form;
    this.priors = priors;
    this.fields = form.elements;
    this.fields.prior.append(...priors.map(({ name }) => new Option(name, name)));
    this.fields.count.max = most;
    this.fields.prior.addEventListener("change", () => (this.fit(), onChange()));
    this.fields.text.addEventListener("change", onChange);
    form.addEventListener("input", () => this.refresh());
    form.querySelector("[data-dice]").addEventListener("click", () => {
      this.fields.seed.value = newSeed();
      onChange();
    });
    this.fit();
  }

  get prior() {
    return this.priors.find(({ name }) => name === this.fields.prior.value);
  }

  get count() {
    return Math.min(this.fields.count.max, Math.max(1, Math.round(Number(this.fields.count.value)) || 1));
  }

  get seed() {
    return Number(this.fields.seed.value) || 0;
  }

  // Equal where the same `count` samples would be drawn.
  key(count) {
    return JSON.stringify([this.prior.name, this.drawing(count)]);
  }

  // The texts of `count` samples, or null where none is asked for.
  conditions(count) {
    const { prior, fields } = this;
    const text = prior.takesText ? fields.words.value.trim() || BEST : fields.text.value;
    const all = text === BEST ? prior.inTurn : prior.conditions;
    const isInTurn = text === BEST || text === EACH;
    if (text === ANYTHING || (isInTurn && !all.length)) return null;
    if (!isInTurn) return text ? Array(count).fill(text) : null;
    return Array.from({ length: count }, (_, i) => all[(count === 1 ? this.seed : i) % all.length]);
  }

  // What the server is told, for `count` samples.
  drawing(count) {
    const number = (name) => (this.fields[name].value === "" ? null : Number(this.fields[name].value));
    const numbers = Object.fromEntries(["temperature", "top_k", "top_p", "guidance"].map((name) => [name, number(name)]));
    return { condition: this.conditions(count), ...numbers, seed: this.seed };
  }

  // Another prior: its classes, how it draws best, and what is known of it.
  fit() {
    const { prior, fields, form } = this;
    const { conditions } = prior;
    fields.text.replaceChildren(
      ...(conditions.length && prior.inTurn.length ? [new Option("its best in turn", BEST)] : []),
      ...(conditions.length ? [new Option("each in turn", EACH)] : []),
      new Option("anything", ""),
      ...conditions.map((text) => new Option(text, text)),
    );
    form.querySelector("[data-texts]").hidden = !conditions.length;
    form.querySelector("[data-words]").hidden = !prior.takesText;
    fields.words.placeholder = prior.styles.length ? "each style, some names" : prior.inTurn.length ? "some sentences" : ANYTHING;
    form.querySelector("[data-guidance]").hidden = !conditions.length && !prior.takesText;
    fields.temperature.value = prior.settings.temperature ?? 1;
    fields.guidance.value = prior.settings.guidance ?? 1;
    fields.seed.value = prior.seed ?? 0;
    fields.count.value = Math.min(fields.count.max, Math.max(8, prior.inTurn.length || conditions.length));
    fields.top_k.max = mostCodes(prior);
    const paragraph = (text) => Object.assign(document.createElement("p"), { textContent: text });
    form.querySelector("[data-about]").replaceChildren(...prior.sentences.map(paragraph));
    this.refresh();
  }

  refresh() {
    for (const output of this.form.querySelectorAll("output")) output.textContent = Number(output.previousElementSibling.value).toFixed(2);
  }
}

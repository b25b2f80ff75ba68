// What is asked for: the prompt, its style, and how tokens are drawn.

import { newSeed } from "../../kit/js/random.js";
import { PersonError } from "../../kit/js/server.js";

export class Ask {
  constructor(form, priors, most, onAsk) {
    this.form = form;
    this.priors = priors;
    this.onAsk = onAsk;
    this.fields = form.elements;
    this.fields.prior.append(...priors.map(({ name }) => new Option(name, name)));
    form.querySelector("[data-priors]").hidden = priors.length < 2;
    this.fields.count.max = most;
    this.fields.prior.addEventListener("change", () => this.fit());
    form.addEventListener("input", () => this.refresh());
    form.querySelector("[data-dice]").addEventListener("click", () => {
      this.fields.seed.value = newSeed();
      onAsk();
    });
    this.fields.style.addEventListener("change", () => this.fields.text.value.trim() && onAsk());
    this.fit();
  }

  get prior() {
    return this.priors.find(({ name }) => name === this.fields.prior.value);
  }

  get count() {
    return Math.min(this.fields.count.max, Math.max(1, Math.round(Number(this.fields.count.value)) || 1));
  }

  // The sentence that the prior reads: what is in the box, and the chosen style unless a style is among its words.
  get text() {
    return this.styled(this.fields.text.value.trim());
  }

  styled(text) {
    const words = text.toLowerCase().split(/\s+/);
    const named = this.prior.styles.some(([word]) => words.includes(word));
    return [text, named ? "" : this.fields.style.value].filter(Boolean).join(" ");
  }

  get drawing() {
    const { temperature, guidance, seed } = this.fields;
    return {
      condition: this.text || null,
      temperature: Number(temperature.value),
      guidance: Number(guidance.value),
      seed: Number(seed.value) || 0,
    };
  }

  get seedTold() {
    const { seed } = this.drawing;
    return `seed ${seed}${seed === this.prior.seed ? ", chosen once" : ""}`;
  }

  // What each candidate is of: all of the sentence or, before anyone has asked for something, each of the examples.
  texts(isFirst) {
    const { examples } = this.prior;
    const { text } = this.fields;
    if (!text.value.trim() && !isFirst) {
      text.focus();
      throw new PersonError("Write some words first: what should the picture be?");
    }
    const all = text.value.trim() || !examples.length ? [this.text] : examples.map((example) => this.styled(example));
    const count = Math.min(this.fields.count.max, Math.max(this.count, all.length));
    return Array.from({ length: count }, (_, i) => all[i % all.length]);
  }

  // Another sentence from outside the box, its style at its end.
  set(text) {
    const style = this.prior.styles.map(([word]) => word).find((word) => text.endsWith(` ${word}`));
    if (style) this.fields.style.value = style;
    this.fields.text.value = style ? text.slice(0, -style.length - 1) : text;
    this.onAsk();
  }

  // Another prior: its styles, its examples, and how it draws best.
  fit() {
    const { prior, fields, form } = this;
    fields.style.hidden = !prior.styles.length;
    fields.style.replaceChildren(...prior.styles.map(([word, name]) => new Option(name, word)), new Option("any style", ""));
    fields.temperature.value = prior.settings.temperature ?? 1;
    fields.guidance.value = prior.settings.guidance ?? 1;
    fields.seed.value = prior.seed ?? 0;
    form.querySelector("[data-examples]").replaceChildren(...prior.examples.map((text) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.classList.toggle("unseen", Boolean(prior.unseen[text]?.length));
      button.addEventListener("click", () => this.set(text));
      return button;
    }));
    form.querySelector("[data-legend]").hidden = !Object.values(prior.unseen).some(({ length }) => length);
    fields.text.placeholder = prior.examples.length ? `What should it be? Such as “${prior.examples[0]}”` : "What should it be?";
    this.refresh();
  }

  refresh() {
    for (const output of this.form.querySelectorAll("output")) output.textContent = Number(output.previousElementSibling.value).toFixed(2);
  }
}

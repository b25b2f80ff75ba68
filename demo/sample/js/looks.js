// What a token was predicted from: where the heads of a transformer took values from, or what changes its odds when it is taken
// away. It is of the token under the pointer, or else of the one that comes next.

import { unpackFloats } from "../../kit/js/bytes.js";
import { Latest } from "../../kit/js/latest.js";
import { named, packSequences, squareOf } from "../../kit/js/sequences.js";

const TINTS = { more: [255, 140, 0], less: [40, 130, 255] }; // what makes a token likelier, and what makes it less likely
const DEEPEST = 0.85; // of a tint
const BEND = 0.75; // below 1: what is weak is seen beside what is strong
const MEANS = {
  attention:
    "Attention tells where a head took values from. It doesn’t tell what was in them, nor whether a later layer made use of them: what matters is the effect.",
  effect:
    "One thing is taken away at a time: a word from the text, or a token for the likeliest other code. Orange made the token likelier, blue less likely. What two things do only together isn’t seen.",
};

export class Looks {
  /** @param {import("./watch.js").Watch} watch */
  constructor(root, watch) {
    const part = (name) => root.querySelector(`[data-${name}]`);
    this.watch = watch;
    this.panel = part("looks");
    this.told = part("looked");
    this.words = part("looked-words");
    this.mean = part("looks-mean");
    this.layer = part("layer");
    this.head = part("head");
    this.kinds = [...this.panel.querySelectorAll("[data-kind]")];
    this.kind = "attention";
    this.pointed = null;
    this.found = null;
    this.problem = "";
    this.values = null; // of what was found, what the chosen layers and heads say
    const { server } = watch.sampler;
    const hands = { show: (answer, asked) => this.show(answer, asked), fail: (problem) => this.fail(problem) };
    this.attention = new Latest(server, "look_back", hands);
    this.effects = new Latest(server, "measure_effects", hands);
    this.panel.addEventListener("toggle", () => watch.draw());
    for (const button of this.kinds)
      button.addEventListener("click", () => {
        this.kind = button.dataset.kind;
        watch.draw();
      });
    for (const choice of [this.layer, this.head]) choice.addEventListener("change", () => watch.draw());
    watch.page.addEventListener("pointermove", (event) => this.point(watch.placeUnder(event) ?? null));
    watch.page.addEventListener("pointerleave", () => this.point(null));
  }

  // A pointer that passes measures nothing: effects are of the token that comes next.
  point(place) {
    if (place === this.pointed || !this.panel.open || this.kind !== "attention") return;
    this.pointed = place;
    this.watch.draw();
  }

  // Which token is looked at; none while the picture is being written.
  get at() {
    const { watch, pointed } = this;
    if (!this.panel.open || watch.playing || !watch.prior) return null;
    if (this.isMeasured) return watch.shown < watch.known ? watch.shown : null;
    return pointed !== null && pointed < watch.shown ? pointed : watch.shown < watch.length ? watch.shown : null;
  }

  get isMeasured() {
    return this.kind === "effect" || !this.watch.prior?.attends;
  }

  // Ask for what isn't known yet, and tell what is.
  follow() {
    const { at, watch: { prior, drawing, sequence } } = this;
    for (const button of this.kinds) {
      const isAttention = button.dataset.kind === "attention";
      button.disabled = isAttention && prior?.attends === false;
      button.setAttribute("aria-pressed", String(isAttention !== this.isMeasured));
    }
    this.layer.parentElement.hidden = this.head.parentElement.hidden = this.isMeasured;
    this.mean.textContent = MEANS[this.isMeasured ? "effect" : "attention"];
    this.values = this.chosen();
    if (at === null) return this.tell();
    const given = this.isMeasured ? at + 1 : at;
    const [told] = [drawing.condition].flat();
    const question = { ...named(prior), condition: told ?? null, tokens: given ? packSequences([sequence], given, prior) : "", at };
    const key = `${this.isMeasured} ${JSON.stringify(question)}`;
    if (key !== this.key) {
      this.key = key;
      this.found = null;
      this.problem = "";
      this.values = null;
      (this.isMeasured ? this.effects : this.attention).want({ ...question, key });
    }
    this.tell();
  }

  fail(problem) {
    this.problem = problem;
    this.tell();
  }

  show(answer, { key, at }) {
    if (key !== this.key) return;
    this.found = { ...answer, at, text: unpackFloats(answer.text), tokens: unpackFloats(answer.tokens) };
    if (answer.layers) {
      this.offer(this.layer, answer.layers);
      this.offer(this.head, answer.heads);
    }
    this.watch.draw();
  }

  offer(choice, count) {
    if (choice.options.length === count + 1) return;
    choice.replaceChildren(new Option("all", "all"), ...Array.from({ length: count }, (_, i) => new Option(String(i + 1), String(i))));
  }

  // Of each word and of each token: their weight over the layers and heads that are chosen, or their effect in bits.
  chosen() {
    const { found } = this;
    if (!found?.layers) return found;
    const indices = (choice, count) => (choice.value === "all" ? [...Array(count).keys()] : [Number(choice.value)]);
    const heads = indices(this.head, found.heads);
    const rows = indices(this.layer, found.layers).flatMap((layer) => heads.map((head) => layer * found.heads + head));
    const mean = (values, length) =>
      Float32Array.from({ length }, (_, i) => rows.reduce((sum, row) => sum + values[row * length + i], 0) / rows.length);
    return { ...found, text: mean(found.text, found.words.length + 1), tokens: mean(found.tokens, found.at) };
  }

  paint(context) {
    const { at, values, watch } = this;
    if (at === null || values?.at !== at) return;
    const most = Math.max(1e-6, ...[...values.tokens].map((value) => Math.abs(value) || 0));
    values.tokens.forEach((value, place) => {
      if (!value || Number.isNaN(value)) return;
      context.fillStyle = tint(value, most);
      const [x, y, side] = squareOf(watch.levelAt(place), place);
      context.fillRect(x, y, side, side);
    });
  }

  tell() {
    const { at, values, watch } = this;
    const isKnown = at !== null && values?.at === at;
    this.words.replaceChildren(...(isKnown ? this.chips(values) : []));
    if (!this.panel.open) return;
    if (at === null) this.told.textContent = watch.playing ? "Pause to see what the next token is predicted from." : "";
    else if (!isKnown) this.told.textContent = this.problem || "Looking …";
    else this.told.textContent = this.isMeasured ? this.strongest(values) : this.shares(values);
  }

  shares({ text, tokens, words }) {
    const percent = (values) => `${Math.round(100 * values.reduce((sum, value) => sum + value, 0))} %`;
    const said = words.length ? `${percent(text.slice(0, -1))} on words, ` : "";
    return `${said}${percent(tokens)} on tokens, ${percent(text.slice(-1))} on nothing that was said.`;
  }

  strongest({ bits, tokens }) {
    const tried = [...tokens].filter((value) => !Number.isNaN(value));
    const felt = tried.filter((value) => value !== 0).length;
    return `It costs ${bits.toFixed(1)} bits at temperature 1, unguided. Of ${tried.length} tokens that were taken away, ${felt} change its odds.`;
  }

  chips({ text, words }) {
    const most = Math.max(1e-6, ...[...text].map(Math.abs));
    return words.map((word, i) => {
      const chip = document.createElement("span");
      chip.textContent = word;
      chip.title = this.isMeasured ? `${text[i] >= 0 ? "+" : "−"}${Math.abs(text[i]).toFixed(1)} bits` : `${(100 * text[i]).toFixed(1)} %`;
      chip.style.background = tint(text[i], most);
      return chip;
    });
  }
}

const tint = (value, most) => `rgb(${TINTS[value > 0 ? "more" : "less"].join(" ")} / ${DEEPEST * (Math.abs(value) / most) ** BEND})`;

// @ts-check
// The levels of a codec beside their rows: which are heard, what each carries, and painting on any.

import { packRows, unpackSamples } from "./clip.js";

export class Levels {
  /** @param {import("./main.js").Sound} sound */
  constructor(sound) {
    const { about, part, timeline } = sound;
    this.sound = sound;
    /** @type {string[]} */
    this.names = about?.levels ?? [];
    /** @type {Set<number>} */
    this.muted = new Set();
    this.column = /** @type {HTMLElement} */ (part("levels"));
    this.choice = /** @type {HTMLSelectElement} */ (part("first"));
    this.paintButton = /** @type {HTMLButtonElement} */ (sound.root.querySelector("[data-do=paint]"));
    this.rows = this.names.map((name, place) => this.row(name, place));
    this.column.append(...this.rows.map(({ element }) => element));
    for (let count = 1; count <= this.count; count++) {
      const kilobits = (count * Math.log2(about.codes) * about.rate) / about.f / 1000;
      this.choice.append(new Option(`the first ${count}, ${Number(kilobits.toPrecision(3))} kb/s`, String(count)));
    }
    this.choice.append(new Option("as beside the rows", "", false, false));
    this.choice.addEventListener("change", () => {
      if (this.choice.value) this.hear((place) => place < Number(this.choice.value));
    });
    timeline.onRows = (top, height) => {
      this.column.style.setProperty("--top", `${top}px`);
      this.column.style.setProperty("--row", `${height}px`);
    };
    timeline.onPaint = (row, from, to) => {
      const { code } = this.readCode();
      sound.edits.changePart(row, from, to, (tokens) => tokens.map(() => code));
    };
    sound.edit.elements.code.addEventListener("input", () => timeline.painting && (timeline.painting = this.readCode()));
  }

  get count() {
    return this.names.length;
  }

  // The places of the levels that are heard; null for all.
  get kept() {
    return this.muted.size ? this.names.map((_, place) => place).filter((place) => !this.muted.has(place)) : null;
  }

  row(name, place) {
    const element = document.createElement("div");
    const mute = document.createElement("button");
    const carries = document.createElement("button");
    mute.type = carries.type = "button";
    mute.textContent = name;
    mute.title = `Mute or hear level ${name}`;
    mute.dataset.mute = carries.dataset.carries = String(place);
    mute.addEventListener("click", () => this.hear((other) => (other === place) === this.muted.has(other)));
    carries.textContent = "▶";
    carries.title = `Hear what level ${name} carries: the sound with it less the sound without it`;
    carries.setAttribute("aria-label", `Hear what level ${name} carries`);
    carries.addEventListener("click", () => this.sound.begin(() => this.play(place)));
    element.append(mute, carries);
    return { element, mute };
  }

  // Whatever is opened anew is heard whole.
  hearAll() {
    this.muted.clear();
    this.mark();
  }

  /** @param {(place: number) => boolean} isHeard */
  hear(isHeard) {
    const { sound } = this;
    const muted = this.names.map((_, place) => place).filter((place) => !isHeard(place)); // of which isHeard may still ask
    this.muted.clear();
    for (const place of muted) this.muted.add(place);
    this.mark();
    const { clip } = sound;
    if (!clip?.rate) return;
    sound.begin(async () => {
      await sound.edits.become(clip.rows, 0, clip.rows[0].length);
      const silent = [...this.muted].map((place) => this.names[place]);
      sound.told.textContent = silent.length ? `What is heard is the sum without ${told(silent)}.` : "All levels are heard.";
    });
  }

  // What a level carries, beside those that are heard.
  async play(place) {
    const { sound, sound: { clip, turn, about } } = this;
    const kept = this.kept ?? this.names.map((_, each) => each);
    const answer = await sound.server.ask("hear_level", { tokens: packRows(clip.rows, about.codes), level: place, kept });
    if (turn !== sound.turn) return;
    sound.told.textContent = `This is what level ${this.names[place]} carries: the sound with it less the sound without it.`;
    sound.player.play(unpackSamples(answer.samples));
  }

  // Rows have their buttons where a clip has several.
  show(clip) {
    const several = clip.rows.length > 1;
    this.column.hidden = !several;
    /** @type {HTMLElement} */ (this.choice.closest("label")).hidden = !several;
    this.mark();
  }

  mark() {
    this.rows.forEach(({ mute }, place) => mute.setAttribute("aria-pressed", String(!this.muted.has(place))));
    const heard = this.count - this.muted.size;
    const first = heard > 0 && this.names.every((_, place) => this.muted.has(place) === place >= heard);
    this.choice.value = first ? String(heard) : "";
  }

  togglePaint() {
    const { timeline } = this.sound;
    timeline.painting = timeline.painting ? null : this.readCode();
    this.paintButton.setAttribute("aria-pressed", String(!!timeline.painting));
  }

  readCode() {
    return { code: this.sound.edit.elements.code.valueAsNumber || 0 };
  }
}

const FEW = 4;

const told = (names) => (names.length > FEW ? `${names.length} levels` : names.join(", "));

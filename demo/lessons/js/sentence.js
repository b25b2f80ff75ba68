// Lesson 6: a sentence of words, [SEP] and codes, written one token at a time.

import { Past } from "../../kit/js/past.js";
import { PersonError } from "../../kit/js/server.js";
import { Lesson, fixed, make } from "./marks.js";

const TILES_IN_ROW = 64; // of the sheet that the server sends

export class SentenceLesson extends Lesson {
  constructor(root, server) {
    super(root, server);
    this.reading = this.asks("read_sentence", (found, asked) => this.show(found, asked));
    this.past = new Past(root, ({ condition, tokens, place }) => {
      this.part("condition").value = condition;
      this.tokens = tokens;
      this.goto(place);
    });
    this.on("condition", "change", () => this.rewrite([]));
    this.on("finish", "click", () => this.finish());
    this.on("likeliest", "click", () => this.found?.next && this.say(this.found.next[0].code));
    this.on("back", "click", () => this.rewrite(this.tokens.slice(0, Math.max(0, this.place - 1))));
    this.on("place", "input", () => this.goto(Number(this.part("place").value)));
    this.begin();
  }

  async begin() {
    this.vocabulary = await this.asked("read_vocabulary", {});
    if (!this.vocabulary) return;
    const { conditions, tiles, words, sep, first_code: first, size, shape } = this.vocabulary;
    this.root.style.setProperty("--tiles", `url(${tiles})`);
    this.part("condition").append(
      ...conditions.map((text) => make("option", { value: text }, text)),
      make("option", { value: "" }, "(no words)"),
    );
    const bar = [
      ["words", `0–${words - 1}`, words],
      ["blank, [SEP]", `${words}, ${sep}`, 2],
      ["codes", `${first}–${size - 1}`, size - first],
    ];
    this.part("vocabulary").append(
      ...bar.map(([name, range, count]) => make("span", { style: `flex-grow:${count}` }, make("b", {}, name), range)),
    );
    this.part("vocabulary").setAttribute(
      "aria-label",
      `One vocabulary of ${size}: ${bar.map(([name, range]) => `${name} ${range}`).join(", ")}`,
    );
    this.length = shape[0] * shape[1];
    this.middle = Math.floor(shape[0] / 2) * shape[1] + Math.floor(shape[1] / 2);
    this.part("grid").style.setProperty("--columns", shape[1]);
    this.part("cover").append(...Array.from({ length: this.length }, () => make("i")));
    this.part("place").max = this.length;
    this.reset();
  }

  async asked(name, question) {
    try {
      return await this.server.ask(name, question);
    } catch (problem) {
      if (!(problem instanceof PersonError)) throw problem;
      this.told.textContent = problem.message;
    }
  }

  async reset() {
    if (!this.vocabulary) return this.begin();
    this.seed = 1;
    const { conditions } = this.vocabulary;
    this.part("condition").value = conditions.includes("sneaker") ? "sneaker" : (conditions[0] ?? "");
    await this.write([]);
    this.goto(this.middle);
  }

  get condition() {
    return this.part("condition").value;
  }

  // The whole sentence after these first tokens, as the prior writes it.
  async write(kept) {
    this.part("sentence").classList.add("waits");
    const found = await this.asked("write_sentence", { condition: this.condition, tokens: kept, seed: this.seed++ });
    this.part("sentence").classList.remove("waits");
    if (found) this.tokens = found.tokens;
  }

  async finish() {
    if (!this.tokens) return;
    this.keep();
    await this.write(this.tokens.slice(0, this.place));
    this.goto(this.length);
  }

  keep() {
    this.past.keep({ condition: this.shownCondition, tokens: this.tokens, place: this.place });
  }

  rewrite(tokens) {
    this.keep();
    this.tokens = tokens;
    this.goto(tokens.length);
  }

  say(code) {
    this.rewrite([...this.tokens.slice(0, this.place), code]);
  }

  goto(place) {
    if (!this.tokens) return;
    this.place = Math.min(place, this.tokens.length);
    this.shownCondition = this.condition;
    this.part("place").value = this.place;
    this.part("said").textContent = this.condition;
    this.part("place-told").textContent = `${this.place} of ${this.length}`;
    this.reading.want({ condition: this.condition, tokens: this.tokens.slice(0, this.place) });
  }

  tile(code) {
    const [column, row] = [code % TILES_IN_ROW, Math.floor(code / TILES_IN_ROW)];
    return make("i", { class: "tile", style: `--column:${column};--row:${row}`, "aria-hidden": "true" });
  }

  show(found, asked) {
    this.found = found;
    this.part("picture").src = found.picture;
    const place = asked.tokens.length;
    [...this.part("cover").children].forEach((cell, i) => (cell.className = i < place ? "" : i === place ? "next" : "unwritten"));
    const { first_code: first, sep } = this.vocabulary;
    const chips = found.words.map((word, i) => make("li", { class: "word" }, make("b", {}, word), `${found.prefix[i]}`));
    chips.push(make("li", { class: "word" }, make("b", {}, "[SEP]"), `${sep}`));
    chips.push(...asked.tokens.map((code) => make("li", {}, this.tile(code), `${first + code}`)));
    if (found.next) chips.push(make("li", { class: "open" }, make("b", {}, "?")));
    this.part("sentence").replaceChildren(...chips);
    this.part("sentence").scrollTop = this.part("sentence").scrollHeight;
    this.part("asked").textContent = found.next
      ? `What comes next? The answer costs ${fixed(found.uncertainty)} bits on average; a blind guess ${fixed(Math.log2(this.vocabulary.size - first))}.`
      : "The sentence is whole.";
    const written = this.tokens[place];
    this.part("candidates").replaceChildren(
      ...(found.next ?? []).map(({ code, probability }) => {
        const button = make(
          "button",
          {
            type: "button",
            class: code === written ? "taken" : "",
            "aria-label": `code ${first + code}, ${fixed(100 * probability, 1)} %`,
          },
          this.tile(code),
          make("span", {}, `${first + code}`),
          make("small", {}, `${fixed(100 * probability, 1)} %`),
          make("i", { class: "share", style: `width:${100 * probability}%` }),
        );
        button.addEventListener("click", () => this.say(code));
        return button;
      }),
    );
  }

  async answer() {
    if (!this.tokens) return;
    if (this.tokens.length < this.length) await this.finish();
    const judged = await this.asked("judge_sentence", { tokens: this.tokens });
    if (!judged) return;
    const named = ([text, bits]) => `${text ? `“${text}”` : "no words"} ${fixed(bits, 0)}`;
    const [best, ...others] = judged.bits;
    const right = best[0] === this.condition;
    this.told.textContent =
      `The codes cost, in bits, after ${[best, ...others.slice(0, 2)].map(named).join(", ")}, … ${named(others.at(-1))}. ` +
      `Cheapest is ${best[0] ? `“${best[0]}”` : "no words"}${right ? ", which it was written after." : "; it was written after " + (this.condition ? `“${this.condition}”.` : "no words.")}`;
  }
}

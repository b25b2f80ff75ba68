// The prompter: a sentence is asked for, candidates are written side by side, the best comes first and shows its sequence.

import { unpackFloats } from "../../kit/js/bytes.js";
import { Codebooks } from "../../kit/js/codebook.js";
import { lengthOf, packSequences, writeSlice } from "../../kit/js/sequences.js";
import { PersonError, Server } from "../../kit/js/server.js";
import { onceSeen } from "../../kit/js/sight.js";
import { Tile } from "../../kit/js/tile.js";
import { counted } from "../../kit/js/words.js";
import { decodeAll } from "../../kit/js/writing.js";
import { Ask } from "./ask.js";
import { Pad } from "./pad.js";
import { Scene } from "./scene.js";
import { Sentence } from "./sentence.js";
import { Words } from "./words.js";

const MOST_COLUMNS = 8;

class Prompter {
  constructor(root, { server, props }) {
    this.root = root;
    const part = (name) => root.querySelector(`[data-${name}]`);
    this.told = part("told");
    this.progress = part("progress");
    this.button = part("run");
    this.list = part("candidates");
    this.about = part("about");
    this.tell = this.tell.bind(this);
    this.server = new Server(server);
    this.codebooks = new Codebooks(this.server);
    this.ask = new Ask(part("ask"), props.priors, props.most, () => this.run());
    this.sentence = new Sentence(part("sentence"), this);
    this.pad = new Pad(part("pad"), this);
    this.scene = new Scene(part("scene"), this);
    this.words = new Words(part("words"), this.ask.fields.text);
    this.ask.fields.prior.addEventListener("change", () => this.introduce());
    this.introduce();
    part("ask").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.running) return this.run();
      this.stop();
      this.tell(`Stopped. ${this.told.textContent}`);
    });
    part("complete").addEventListener("click", () => this.complete());
    // The first picture is written when the tab is first opened, on the screen or below it, not for those who never come.
    onceSeen(root, () => this.ran || this.run(), 4000);
  }

  // What is known of the prior, and the sheet to draw on where drawings find their like.
  introduce() {
    const { sentences, finds } = this.ask.prior;
    this.pad.root.hidden = !finds;
    this.scene.fit(this.ask.prior);
    this.words.offer(this.ask.prior.words);
    this.about.replaceChildren(...sentences.map((text) => Object.assign(document.createElement("p"), { textContent: text })));
  }

  async run() {
    const run = (this.running = {});
    const isFirst = !this.ran;
    this.ran = true;
    const isStopped = () => this.running !== run;
    this.refresh();
    this.stale(false);
    try {
      await this.write(this.ask.texts(isFirst), isStopped);
    } catch (problem) {
      this.stale(true);
      if (!isStopped()) this.tell(problem.message);
      if (!(problem instanceof PersonError)) console.warn(problem);
    } finally {
      if (!isStopped()) this.stop();
    }
  }

  // What stands there is no answer to what was asked.
  stale(isStale) {
    for (const part of [this.list, this.sentence.root]) part.classList.toggle("stale", isStale);
  }

  // texts: of each candidate, all the same or not.
  async write(texts, isStopped) {
    const { ask, server } = this;
    const { prior } = ask;
    const drawing = { ...ask.drawing, condition: new Set(texts).size > 1 ? texts : texts[0] || null };
    const length = lengthOf(prior);
    const prompts = new Map();
    for (const text of new Set(texts)) prompts.set(text, await server.ask("read_prompt", { prior: prior.name, text }));
    const codebook = await this.codebooks.of(prior.model);
    if (isStopped()) return;
    const sequences = texts.map(() => new Int32Array(length));
    const tiles = texts.map((text, i) => new Tile(prior, codebook, `${text.slice(0, 60) || prior.name} ${drawing.seed}.${i + 1}`));
    this.list.style.setProperty("--columns", Math.ceil(tiles.length / Math.ceil(tiles.length / MOST_COLUMNS)));
    this.list.replaceChildren(...tiles.map(({ button }) => button));
    this.sentence.begin(prior, codebook, prompts.get(texts[0]), tiles[0].name);
    if (prior.words.shape && texts[0]) this.scene.fromText(texts[0]);
    for (let kept = 0; kept < length; ) {
      this.tell(`Token ${kept} of ${length}`, kept / length);
      const from = kept;
      ({ kept } = await writeSlice(server, prior, drawing, sequences, kept));
      if (isStopped()) return;
      tiles.forEach((tile, i) => tile.draw(sequences[i], from, kept));
      this.sentence.grow(sequences[0], kept);
    }
    await decodeAll(server, prior, sequences, tiles, isStopped);
    if (!isStopped()) await this.rank(isStopped, { prior, codebook, drawing, prompts, texts, sequences, tiles });
  }

  // The best first: by the fit of picture and text where a model knows it, else by how likely the prior finds each.
  async rank(isStopped, { prior, codebook, drawing: { condition }, prompts, texts, sequences, tiles }) {
    const { server } = this;
    const length = lengthOf(prior);
    const tokens = packSequences(sequences, length, prior);
    const areAlike = prompts.size === 1;
    const { fits } = areAlike ? await server.ask("rank_pictures", { prior: prior.name, text: texts[0], tokens }) : { fits: null };
    const judged = await server.ask("judge_tokens", { prior: prior.name, condition, tokens });
    if (isStopped()) return;
    const all = unpackFloats(judged.bits);
    const bits = sequences.map((_, i) => all.slice(i * length, (i + 1) * length));
    const total = bits.map((each) => each.reduce((sum, value) => sum + value, 0));
    const order = sequences.map((_, i) => i);
    if (areAlike) order.sort((a, b) => (fits ? fits[b] - fits[a] : total[a] - total[b]));
    const caption = (i) => (!areAlike ? texts[i] : fits ? `fit ${fits[i].toFixed(2)}` : `${total[i].toFixed(0)} bits`);
    const unseen = (i) => prompts.get(texts[i]).unseen;
    order.forEach((i) => this.list.append(this.captioned(tiles[i], caption(i), !areAlike && unseen(i).length > 0)));
    const choose = (i) => {
      this.chosen = { prior, text: texts[i] };
      if (!areAlike) this.sentence.begin(prior, codebook, prompts.get(texts[i]), tiles[i].name);
      this.sentence.name = tiles[i].name;
      this.sentence.finish(sequences[i], tiles[i].canvas, bits[i]);
      tiles.forEach(({ button }, other) => button.setAttribute("aria-current", other === i));
    };
    tiles.forEach((tile, i) => {
      for (const event of ["pointerenter", "focus"]) tile.button.addEventListener(event, () => choose(i));
    });
    choose(order[0]);
    if (!areAlike)
      return this.tell(`${counted(tiles.length, "picture")} of ${counted(prompts.size, "sentence")}, ${this.ask.seedTold}. Write words of your own above.`);
    const news = unseen(0).length ? `Never together in training: ${unseen(0).join(", ")}. ` : "";
    const by = fits ? "fit of picture and words" : "by likelihood";
    this.tell(`${news}${counted(tiles.length, "candidate")}, the best ${by} first. Click one to have it on the canvas.`);
  }

  captioned({ button }, caption, isUnseen) {
    const line = document.createElement("small");
    line.textContent = caption;
    line.classList.toggle("unseen", isUnseen);
    button.append(line);
    return button;
  }

  // Keep what is on the canvas above, and let the words write the rest of it.
  complete() {
    window.canvas.scrollIntoView({ behavior: "smooth" });
    window.canvas.complete(this.ask.prior.name, this.ask.drawing);
  }

  // The picture's bits given the whole prompt, and without each of its words.
  weigh(sequence) {
    const { prior, text } = this.chosen;
    return this.server.ask("weigh_words", { prior: prior.name, text, tokens: packSequences([sequence], sequence.length, prior) });
  }

  stop() {
    this.running = null;
    this.refresh();
  }

  refresh() {
    this.button.textContent = this.running ? "Stop" : "Write";
    this.button.classList.toggle("stop", Boolean(this.running));
    if (!this.running) this.progress.classList.add("idle");
  }

  tell(text, share = 0) {
    this.told.textContent = text;
    this.progress.value = share;
    this.progress.classList.toggle("idle", !share);
  }
}

/** @param {import("../../kit/js/types.js").Page} page */
export function start(page) {
  const { element, props } = page;
  if (props.priors.length) return new Prompter(element.querySelector(".prompter"), page);
  for (const part of element.querySelectorAll(".ask, .told, .about")) part.hidden = true;
  element.querySelector("[data-none]").hidden = false;
}

// The sound bench: something is opened, recorded, spoken or read, and then its tokens are edited and heard.

import { packTokens, unpackTokens } from "../../kit/js/bytes.js";
import { download, fileToBase64 } from "../../kit/js/files.js";
import { PersonError, Server } from "../../kit/js/server.js";
import { decodeClip, packSamples, toWav, unpackSamples } from "./clip.js";
import { Player } from "./player.js";
import { ClipRecorder } from "./recorder.js";
import { clipOf, csvOf, wavesOf } from "./table.js";
import { Timeline } from "./timeline.js";

const CHUNK = 8; // tokens a question while one is written

class Sound {
  constructor(root, { server, props }) {
    const part = (name) => root.querySelector(`[data-${name}]`);
    this.root = root;
    this.told = part("told");
    this.progress = part("progress");
    this.problem = part("problem");
    this.bench = part("bench");
    this.where = part("where");
    this.edit = part("edit");
    this.speak = part("speak");
    this.say = part("say");
    this.listen = part("listen");
    this.keys = part("keys");
    this.file = part("file");
    this.stop = part("stop");
    this.record = part("record");
    this.undo = root.querySelector("[data-do=undo]");
    this.server = new Server(server);
    this.about = props.about;
    part("none").hidden = !!this.about;
    this.record.hidden = !this.about;
    this.speak.hidden = !this.about?.conditions.length;
    for (const word of this.about?.conditions ?? []) this.speak.elements.word.append(new Option(`“${word}”`, word));
    this.timeline = new Timeline(part("axis"), part("lanes"), () => this.tellPlace());
    this.player = new Player(this.about?.rate ?? 8000, (place) => {
      this.stop.disabled = place === null;
      this.timeline.mark(place);
    });
    this.recorder = new ClipRecorder(this.about?.longest ?? 10);
    this.told.textContent = this.about
      ? `Say something, or drop a file here: ${this.about.name} makes ${this.about.rate / this.about.f} tokens a second of it. Up to ${this.about.longest} seconds.`
      : "Drop a CSV file here.";
    this.listenToPerson(part);
  }

  listenToPerson(part) {
    const { root } = this;
    this.record.addEventListener("click", () => (this.recorder.running ? this.recorder.stop() : this.begin(() => this.recordClip())));
    this.file.addEventListener("change", () => {
      const [file] = this.file.files;
      this.file.value = "";
      if (file) this.begin(() => this.open(file));
    });
    for (const name of ["dragover", "dragleave", "drop"])
      root.addEventListener(name, (event) => {
        event.preventDefault();
        event.stopPropagation();
        root.classList.toggle("over", name === "dragover");
        if (name === "drop" && event.dataTransfer.files[0]) this.begin(() => this.open(event.dataTransfer.files[0]));
      });
    part("example").addEventListener("click", () => this.begin(() => this.openTable("greenhouse.csv", null)));
    this.speak.addEventListener("submit", (event) => {
      event.preventDefault();
      this.begin(() => this.sayWord());
    });
    for (const button of root.querySelectorAll("[data-play]")) button.addEventListener("click", () => this.play(button.dataset.play));
    this.stop.addEventListener("click", () => this.player.stop());
    part("lanes").addEventListener("keydown", (event) => {
      if (event.key !== " " || !this.clip?.rate) return;
      event.preventDefault();
      this.play("selected");
    });
    this.edit.addEventListener("submit", (event) => {
      event.preventDefault();
      const code = this.edit.elements.code.valueAsNumber;
      this.change((tokens) => tokens.map(() => code));
    });
    const edits = {
      reverse: () => this.change((tokens) => tokens.slice().reverse()),
      repeat: () => this.change((tokens) => tokens.map(() => tokens[0])),
      shuffle: () => this.change(shuffled),
      undo: () => this.takeBack(),
    };
    for (const button of root.querySelectorAll("[data-do]")) button.addEventListener("click", edits[button.dataset.do]);
    part("save").addEventListener("click", () => this.saveFile());
    part("bench").addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "z") {
        event.preventDefault();
        event.stopPropagation();
        this.takeBack();
      }
    });
  }

  // One thing at a time; whatever begins later wins.
  async begin(work) {
    const turn = (this.turn = Symbol());
    this.player.stop();
    this.problem.hidden = true;
    this.progress.hidden = false;
    try {
      await work(() => this.turn === turn);
    } catch (problem) {
      if (this.turn === turn) this.complain(problem);
    } finally {
      if (this.turn === turn) this.progress.hidden = true;
    }
  }

  complain(problem) {
    if (!(problem instanceof PersonError)) console.warn(problem);
    this.problem.hidden = false;
    this.problem.textContent = problem instanceof PersonError ? problem.message : "That did not work. Try again, or reload the page.";
  }

  async recordClip() {
    const on = (state) => {
      this.record.classList.toggle("on", state);
      this.record.textContent = state ? "Stop recording" : "Record";
    };
    const { turn } = this;
    try {
      const blob = await this.recorder.record(() => {
        on(true);
        this.told.textContent = `Recording, up to ${this.about.longest} seconds …`;
      });
      on(false);
      if (turn === this.turn) await this.openSound(blob, "the recording");
    } finally {
      on(false);
    }
  }

  open(file) {
    const table = /\.(csv|tsv)$/i.test(file.name) || file.type === "text/csv";
    return table ? this.openTable(file.name, file) : this.openSound(file, file.name);
  }

  async openSound(file, name) {
    if (!this.about) throw new PersonError("This page has no tokenizer of sounds. A CSV file can be opened.");
    const { turn } = this;
    const { samples, seconds } = await decodeClip(file, this.about.rate, this.about.longest);
    const answer = await this.server.ask("encode_sound", { samples: packSamples(samples) });
    if (turn !== this.turn) return;
    const cut =
      seconds > this.about.longest + 0.05
        ? `It lasts ${seconds.toFixed(1)} seconds and was cut: these are its first ${this.about.longest}. `
        : "";
    const tokens = unpackTokens(answer.tokens, this.about.codes);
    this.showSound({ name, tokens, original: unpackSamples(answer.original), rebuilt: unpackSamples(answer.rebuilt) });
    const bits = tokens.length * Math.log2(this.about.codes);
    this.told.textContent = `${capital(name)}: ${(samples.length / this.about.rate).toFixed(2)} seconds are ${tokens.length} tokens, ${Math.ceil(bits / 8)} bytes. ${cut}`;
  }

  showSound(clip, keep = false) {
    const { rate, f, codes } = this.about;
    this.clip = Object.assign(clip, { rate, codes, span: f, history: clip.history ?? [] });
    const lines = [clip.original && { values: clip.original, name: "--wb-soft" }, { values: clip.rebuilt, name: "--wb-accent" }];
    const spectra = [clip.original && { label: "Original", samples: clip.original }, { label: "From its tokens", samples: clip.rebuilt }];
    clip.waves = [{ label: "Waveform", lines: lines.filter(Boolean) }];
    clip.spectra = spectra.filter(Boolean);
    this.listen.hidden = false;
    this.root.querySelector("[data-play=original]").hidden = !clip.original;
    this.present(keep);
  }

  present(keep) {
    this.bench.hidden = false;
    this.edit.elements.code.max = this.clip.codes - 1;
    this.undo.disabled = !this.clip.history.length;
    this.keys.replaceChildren();
    const shown = this.clip.original || this.clip.steps ? [["--wb-soft", "original"], ["--wb-accent", "from its tokens"]] : [];
    for (const [colour, text] of shown) {
      const key = document.createElement("span");
      const mark = document.createElement("i");
      mark.style.background = `var(${colour})`;
      key.append(mark, text);
      this.keys.append(key);
    }
    this.timeline.show(this.clip, keep);
  }

  tellPlace() {
    const [from, to] = this.timeline.selection;
    const { tokens, span, rate, codes } = this.clip;
    const time = (token) => (rate ? `${((token * span) / rate).toFixed(2)}` : token * span);
    const what = to - from === 1 ? `token ${from}` : `tokens ${from}–${to - 1}`;
    this.where.textContent = `${what} of ${tokens.length}, ${time(from)}–${time(to)}${rate ? " s" : ""}`;
    this.edit.elements.code.value = tokens[from];
    this.edit.elements.code.title = `0 … ${codes - 1}`;
  }

  async sayWord() {
    const { turn, about } = this;
    const word = this.speak.elements.word.value;
    const [seed, temperature] = ["seed", "temperature"].map((name) => this.speak.elements[name].valueAsNumber);
    let tokens = "";
    for (let until = CHUNK; ; until = Math.min(until + CHUNK, about.length)) {
      const answer = await this.server.ask("speak", { word, seed, temperature, tokens, until });
      if (turn !== this.turn) return;
      tokens = answer.tokens;
      const codes = unpackTokens(tokens, about.codes);
      this.showSound({ name: `“${word}”`, tokens: codes, original: null, rebuilt: unpackSamples(answer.samples), least: about.length });
      this.timeline.select(codes.length - 1, codes.length - 1);
      this.told.textContent = `“${word}”, seed ${seed}: ${codes.length} of ${about.length} tokens are written.`;
      if (until === about.length) break;
    }
    this.player.play(this.clip.rebuilt);
  }

  async openTable(name, file) {
    const { turn } = this;
    const answer = await this.server.ask("read_table", { file: file && (await fileToBase64(file)) });
    if (turn !== this.turn) return;
    const { names, steps, codes } = answer;
    const clip = (this.clip = clipOf(name, answer));
    this.listen.hidden = true;
    this.showTable();
    const errors = names.slice(0, 4).map((column, i) => `${column} ± ${Number(answer.rmse[i].toPrecision(2))}`).join(", ");
    this.told.textContent = `${name}: ${clip.length} rows of ${names.length} columns are ${clip.tokens.length} tokens of ${steps} rows, by ${codes} codes learned from this file alone. Left of each: ${errors}${names.length > 4 ? " …" : ""}.`;
  }

  showTable(keep = false) {
    this.clip.waves = wavesOf(this.clip);
    this.present(keep);
  }

  play(what) {
    const { clip } = this;
    if (!clip?.rate) return;
    const [from, to] = this.timeline.selection;
    if (what === "selected") this.player.play(clip.rebuilt, from * clip.span, Math.min(clip.rebuilt.length, to * clip.span));
    else this.player.play(clip[what]);
  }

  // The selected tokens become others; all that they reach is decoded anew.
  change(edit) {
    const { clip } = this;
    const [from, to] = this.timeline.selection;
    const next = clip.tokens.slice();
    next.set(edit(Array.from(clip.tokens.slice(from, to))), from);
    if (next.every((token, i) => token === clip.tokens[i])) return;
    clip.history.push(clip.tokens);
    return this.begin(() => this.become(next, from, to));
  }

  takeBack() {
    const before = this.clip?.history.pop();
    if (before) return this.begin(() => this.become(before, 0, before.length));
  }

  async become(tokens, from, to) {
    const { clip, turn } = this;
    clip.tokens = tokens;
    if (!clip.rate) return this.showTable(true);
    const { halo, codes } = this.about;
    // A stroke that was overtaken is not lost: its places are decoded with the next.
    const stale = (clip.stale = [Math.min(from, clip.stale?.[0] ?? from), Math.max(to, clip.stale?.[1] ?? to)]);
    const [first, last] = [Math.max(0, stale[0] - halo), Math.min(tokens.length, stale[1] + halo)];
    const [left, right] = [Math.max(0, first - halo), Math.min(tokens.length, last + halo)];
    const question = { tokens: packTokens(tokens.slice(left, right), codes), start: first - left, stop: last - left };
    this.showSound(clip, true);
    const answer = await this.server.ask("decode_sound", question, { patient: true });
    if (turn !== this.turn || clip !== this.clip) return;
    clip.stale = null;
    clip.rebuilt = clip.rebuilt.slice();
    clip.rebuilt.set(unpackSamples(answer.samples), first * clip.span);
    this.showSound(clip, true);
    this.told.textContent = `Tokens ${from} to ${to - 1} are changed; they reach from ${first} to ${last - 1}.`;
  }

  saveFile() {
    const { clip } = this;
    const name = clip.name.replace(/[“”]/g, "").replace(/\.[^.]*$/, "").replace(/\W+/g, "-");
    const file = clip.rate ? toWav(clip.rebuilt, clip.rate) : new Blob([csvOf(clip)], { type: "text/csv" });
    download(file, `${name}-tokens.${clip.rate ? "wav" : "csv"}`);
  }
}

function shuffled(values) {
  const order = values.slice();
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** @param {import("../../kit/js/types.js").Page} page */
export function start(page) {
  new Sound(page.element.querySelector(".sound"), page);
}

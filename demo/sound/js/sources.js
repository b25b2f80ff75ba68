// Where clips come from: the microphone, files of sound, tables, and the prior that speaks.

import { unpackTokens } from "../../kit/js/bytes.js";
import { fileToBase64 } from "../../kit/js/files.js";
import { PersonError } from "../../kit/js/server.js";
import { onceSeen } from "../../kit/js/sight.js";
import { capital } from "../../kit/js/words.js";
import { decodeClip, packSamples, unpackRows, unpackSamples } from "./clip.js";
import { ClipRecorder } from "./recorder.js";
import { clipOf } from "./table.js";

const CHUNK = 8; // tokens a question while one is written
const TOLD_COLUMNS = 4;
const LONGEST_UNTOLD = 10; // seconds, where no tokenizer says how long a clip may be

export class Sources {
  /** @param {import("./main.js").Sound} sound */
  constructor(sound) {
    const { about, part, root } = sound;
    this.sound = sound;
    this.about = about;
    this.recordButton = part("record");
    this.speak = part("speak");
    this.recorder = new ClipRecorder(about?.longest ?? LONGEST_UNTOLD);
    this.recordButton.hidden = !about;
    this.speak.hidden = !about?.conditions.length;
    for (const word of about?.conditions ?? []) this.speak.elements.word.append(new Option(`“${word}”`, word));
    this.recordButton.addEventListener("click", () => (this.recorder.running ? this.recorder.stop() : sound.begin(() => this.record())));
    const chooser = part("file");
    chooser.addEventListener("change", () => {
      const [file] = chooser.files;
      chooser.value = "";
      if (file) sound.begin(() => this.open(file));
    });
    for (const name of ["dragover", "dragleave", "drop"])
      root.addEventListener(name, (event) => {
        event.preventDefault();
        event.stopPropagation();
        root.classList.toggle("over", name === "dragover");
        if (name === "drop" && event.dataTransfer.files[0]) sound.begin(() => this.open(event.dataTransfer.files[0]));
      });
    part("example").addEventListener("click", () => sound.begin(() => this.openTable("greenhouse.csv", null)));
    this.speak.addEventListener("submit", (event) => {
      event.preventDefault();
      sound.begin(() => this.sayWord());
    });
    if (!about?.conditions.length) return;
    // Whoever opens the tab finds a word, ready to be played.
    onceSeen(root, () => sound.turn || sound.begin(() => this.sayWord(false)));
  }

  async record() {
    const { sound, recordButton, about } = this;
    const { turn } = sound;
    const on = (state) => {
      recordButton.classList.toggle("on", state);
      recordButton.textContent = state ? "Stop recording" : "Record";
    };
    try {
      const blob = await this.recorder.record(() => {
        on(true);
        sound.told.textContent = `Recording, up to ${about.longest} seconds …`;
      });
      on(false);
      if (turn === sound.turn) await this.openSound(blob, "the recording");
    } finally {
      on(false);
    }
  }

  open(file) {
    const table = /\.(csv|tsv)$/i.test(file.name) || file.type === "text/csv";
    return table ? this.openTable(file.name, file) : this.openSound(file, file.name);
  }

  async openSound(file, name) {
    const { sound, about } = this;
    if (!about) throw new PersonError("This page has no tokenizer of sounds. A CSV file can be opened.");
    const { turn } = sound;
    const { samples, seconds, note } = await decodeClip(file, about.rate, about.longest);
    const answer = await sound.server.ask("encode_sound", { samples: packSamples(samples) });
    if (turn !== sound.turn) return;
    const cut =
      seconds > about.longest + 0.05
        ? `It lasts ${seconds.toFixed(1)} seconds and was cut: these are its first ${about.longest}. `
        : "";
    const rows = unpackRows(answer.tokens, about.codes, about.levels.length);
    sound.levels.hearAll();
    sound.showSound({ name, rows, original: unpackSamples(answer.original), rebuilt: unpackSamples(answer.rebuilt) });
    const bits = rows.length * rows[0].length * Math.log2(about.codes);
    const many = rows.length > 1 ? ` on each of ${rows.length} levels` : "";
    sound.told.textContent = `${capital(name)}: ${(samples.length / about.rate).toFixed(2)} seconds are ${rows[0].length} tokens${many}, ${Math.ceil(bits / 8)} bytes. ${cut}${note}`;
  }

  async sayWord(aloud = true) {
    const { sound, about, speak } = this;
    const { turn } = sound;
    const word = speak.elements.word.value;
    const [seed, temperature] = ["seed", "temperature"].map((name) => speak.elements[name].valueAsNumber);
    let tokens = "";
    for (let until = CHUNK; ; until = Math.min(until + CHUNK, about.length)) {
      const answer = await sound.server.ask("speak", { word, seed, temperature, tokens, until });
      if (turn !== sound.turn) return;
      tokens = answer.tokens;
      const codes = unpackTokens(tokens, about.codes);
      sound.showSound({ name: `“${word}”`, rows: [codes], original: null, rebuilt: unpackSamples(answer.samples), least: about.length });
      sound.timeline.select(codes.length - 1, codes.length - 1);
      sound.told.textContent = `“${word}”, seed ${seed}: ${codes.length} of ${about.length} tokens are written.`;
      if (until === about.length) break;
    }
    if (aloud) sound.player.play(sound.clip.rebuilt);
  }

  // file: null for the example.
  async openTable(name, file) {
    const { sound } = this;
    const { turn } = sound;
    const answer = await sound.server.ask("read_table", { file: file && (await fileToBase64(file)) });
    if (turn !== sound.turn) return;
    const { names, steps, codes } = answer;
    const clip = clipOf(name, answer);
    sound.showTable(clip);
    const told = names.slice(0, TOLD_COLUMNS).map((column, i) => `${column} ± ${Number(answer.rmse[i].toPrecision(2))}`);
    const errors = told.join(", ") + (names.length > TOLD_COLUMNS ? " …" : "");
    sound.told.textContent = `${name}: ${clip.length} rows of ${names.length} columns are ${clip.rows[0].length} tokens of ${steps} rows, by ${codes} codes learned from this file alone. What is lost of each (RMSE): ${errors}.`;
  }
}

// The sound bench: something is opened, recorded, spoken or read, and then its tokens are edited and heard.

import { download } from "../../kit/js/files.js";
import { PersonError, Server } from "../../kit/js/server.js";
import { toWav } from "./clip.js";
import { Edits } from "./edits.js";
import { Levels } from "./levels.js";
import { Player } from "./player.js";
import { Sources } from "./sources.js";
import { csvOf, wavesOf } from "./table.js";
import { Timeline } from "./timeline.js";

const SILENT_RATE = 8000; // of a player that has nothing to play

export class Sound {
  constructor(root, { server, props }) {
    const part = (name) => root.querySelector(`[data-${name}]`);
    this.root = root;
    this.part = part;
    this.told = part("told");
    this.progress = part("progress");
    this.problem = part("problem");
    this.bench = part("bench");
    this.where = part("where");
    this.edit = part("edit");
    this.listen = part("listen");
    this.keys = part("keys");
    this.stop = part("stop");
    this.undo = root.querySelector("[data-do=undo]");
    this.server = new Server(server);
    this.about = props.about;
    part("none").hidden = !!this.about;
    this.timeline = new Timeline(part("axis"), part("lanes"), () => this.tellPlace());
    this.levels = new Levels(this);
    this.player = new Player(this.about?.rate ?? SILENT_RATE, (place) => {
      this.stop.disabled = place === null;
      this.timeline.mark(place);
    });
    this.told.textContent = this.about
      ? `Say something, or drop a file here: ${this.about.name} makes ${this.about.rate / this.about.f} tokens a second of it${this.levels.count > 1 ? `, on each of ${this.levels.count} levels` : ""}. Up to ${this.about.longest} seconds.`
      : "Drop a CSV file here.";
    new Sources(this);
    this.edits = new Edits(this);
    for (const button of root.querySelectorAll("[data-play]")) button.addEventListener("click", () => this.play(button.dataset.play));
    this.stop.addEventListener("click", () => this.player.stop());
    part("lanes").addEventListener("keydown", (event) => {
      if (event.key !== " " || !this.clip?.rate) return;
      event.preventDefault();
      this.play("selected");
    });
    part("save").addEventListener("click", () => this.save());
  }

  // One thing at a time; whatever begins later wins.
  async begin(work) {
    const turn = (this.turn = Symbol());
    this.player.stop();
    this.problem.hidden = true;
    this.progress.hidden = false;
    try {
      await work();
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

  // keep: the selection stays where it was.
  showSound(clip, keep = false) {
    const { rate, f, codes } = this.about;
    this.clip = Object.assign(clip, { rate, codes, span: f, history: clip.history ?? [], muted: this.levels.muted });
    const lines = [clip.original && { values: clip.original, name: "--wb-soft" }, { values: clip.rebuilt, name: "--wb-accent" }];
    const spectra = [clip.original && { label: "Original", samples: clip.original }, { label: "From its tokens", samples: clip.rebuilt }];
    clip.waves = [{ label: "Waveform", lines: lines.filter(Boolean) }];
    clip.spectra = spectra.filter(Boolean);
    this.listen.hidden = false;
    this.root.querySelector("[data-play=original]").hidden = !clip.original;
    this.present(keep);
  }

  showTable(clip, keep = false) {
    this.clip = clip;
    clip.waves = wavesOf(clip);
    this.listen.hidden = true;
    this.present(keep);
  }

  present(keep) {
    this.bench.hidden = false;
    this.edit.elements.code.max = this.clip.codes - 1;
    this.undo.disabled = !this.clip.history.length;
    const shown = this.clip.original || this.clip.steps ? [["--wb-soft", "original"], ["--wb-accent", "from its tokens"]] : [];
    this.keys.replaceChildren(...shown.map(([colour, text]) => {
      const key = document.createElement("span");
      const mark = document.createElement("i");
      mark.style.background = `var(${colour})`;
      key.append(mark, text);
      return key;
    }));
    this.levels.show(this.clip);
    this.timeline.show(this.clip, keep);
  }

  tellPlace() {
    const [from, to] = this.timeline.selection;
    const { rows, span, rate, codes } = this.clip;
    const tokens = rows[this.timeline.row];
    const level = rows.length > 1 ? `level ${this.about.levels[this.timeline.row]}, ` : "";
    const time = (token) => (rate ? `${((token * span) / rate).toFixed(2)}` : token * span);
    const what = to - from === 1 ? `token ${from}` : `tokens ${from}–${to - 1}`;
    this.where.textContent = `${level}${what} of ${tokens.length}, ${time(from)}–${time(to)}${rate ? " s" : ""}`;
    if (!this.timeline.painting) this.edit.elements.code.value = tokens[from];
    this.edit.elements.code.title = `0 … ${codes - 1}`;
  }

  play(what) {
    const { clip } = this;
    if (!clip?.rate) return;
    const [from, to] = this.timeline.selection;
    if (what === "selected") this.player.play(clip.rebuilt, from * clip.span, Math.min(clip.rebuilt.length, to * clip.span));
    else this.player.play(clip[what]);
  }

  save() {
    const { clip } = this;
    const name = clip.name.replace(/[“”]/g, "").replace(/\.[^.]*$/, "").replace(/\W+/g, "-");
    const file = clip.rate ? toWav(clip.rebuilt, clip.rate) : new Blob([csvOf(clip)], { type: "text/csv" });
    download(file, `${name}-tokens.${clip.rate ? "wav" : "csv"}`);
  }
}

/** @param {import("../../kit/js/types.js").Page} page */
export function start(page) {
  new Sound(page.element.querySelector(".sound"), page);
}

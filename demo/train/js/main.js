// The trainer: a form that begins a run, and what the run says of itself, asked for until it ends.

import { base64ToBytes } from "../../kit/js/bytes.js";
import { download } from "../../kit/js/files.js";
import { PersonError, Server } from "../../kit/js/server.js";
import { keep, recall } from "../../kit/js/storage.js";
import { Chart } from "./chart.js";
import { Scenes } from "./scenes.js";
import { Uploads } from "./uploads.js";

const SCENES = "scenes"; // among the sets, and not one of the server's
const RUN_KEY = "vq-training-run";
const ASK_EVERY_MS = 1500;

const CHARTS = {
  tokenizer: [
    { title: "Reconstruction error", log: "losses", series: [{ name: "MSE", value: (row) => row.mse }] },
    {
      title: "Codebook and commitment",
      log: "losses",
      series: [{ name: "codebook", value: (row) => row.codebook }, { name: "commitment", value: (row) => row.commitment }],
    },
    { title: "Perplexity of a batch", log: "losses", series: [{ name: "codes", value: (row) => row.perplexity }] },
    { title: "Perplexity on held-out pictures", log: "validations", series: [{ name: "codes", value: (row) => row.val_perplexity }] },
    {
      title: "Codes no held-out picture uses",
      log: "validations",
      series: [{ name: "dead", value: (row, codes) => codes - row.val_codes_used }],
    },
    { title: "Quality on held-out pictures", log: "validations", series: [{ name: "dB", value: (row) => row.val_psnr }] },
  ],
  prior: [
    { title: "Bits a token, training", log: "losses", series: [{ name: "bits", value: (row) => row.bits }] },
    { title: "Bits a token, held out", log: "validations", series: [{ name: "bits", value: (row) => row.val_bits }] },
  ],
};

class Trainer {
  constructor(root, { server, props, upload }) {
    const part = (name) => root.querySelector(`[data-${name}]`);
    this.root = root;
    this.part = part;
    this.form = part("choices");
    this.told = part("told");
    this.progress = part("progress");
    this.server = new Server(server);
    this.uploads = new Uploads(root, upload, props.endings);
    this.charts = Object.fromEntries(
      Object.entries(CHARTS).map(([stage, charts]) => {
        const bound = charts.map((chart) => ({
          ...chart,
          series: chart.series.map(({ name, value }) => ({ name, value: (row) => value(row, this.codes) })),
        }));
        return [stage, bound.map((chart) => new Chart(root.querySelector(`[data-charts=${stage}]`), chart))];
      }),
    );
    part("off").hidden = props.allowed;
    for (const other of root.querySelectorAll(".choices, .bench-side")) other.hidden = !props.allowed;
    if (!props.allowed) return;
    const set = this.form.elements.set;
    set.append(
      new Option("Rendered scenes", SCENES), ...props.sets.map(({ name, title }) => new Option(title, name)), new Option("My own…", ""),
    );
    this.scenes = new Scenes(props.scenes, this.server, part);
    this.usual = Object.fromEntries(Object.keys(props.scenes.fields).map((name) => [name, this.field(name).value]));
    this.chosen = new Set(); // names of the fields that a person has set
    root.addEventListener("input", ({ target }) => this.chosen.add(target.name));
    set.addEventListener("change", () => this.fit());
    this.fit();
    for (const minutes of [this.form.elements.minutes, part("prior-minutes")]) minutes.max = props.most_minutes;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.attempt(() => this.begin());
    });
    for (const button of root.querySelectorAll("[data-act]"))
      button.addEventListener("click", () => this.attempt(() => this[button.dataset.act]()));
    this.watchRun(recall(RUN_KEY));
  }

  // Do what a person asked for, and tell what stands in its way.
  async attempt(action) {
    this.busy = true;
    this.refresh();
    try {
      await action();
    } catch (problem) {
      this.say(problem instanceof PersonError ? problem.message : "That did not work. Reload the page and try again.");
      if (!(problem instanceof PersonError)) console.warn(problem);
    } finally {
      this.busy = false;
      this.refresh();
    }
  }

  async begin() {
    const { set, ...fields } = Object.fromEntries(new FormData(this.form));
    const question = { settings: fields };
    if (set) question.set = set === SCENES ? this.scenes.source : set;
    else question.files = await this.uploads.send((share) => this.say(`Sending the pictures: ${Math.round(100 * share)} %`, share));
    this.say("Looking at the pictures…");
    const { run } = await this.server.ask("begin", question);
    keep(RUN_KEY, run);
    this.watchRun(run);
  }

  field(name) {
    return this.form.elements[name] ?? this.root.querySelector(`[name=${name}]`);
  }

  // Other pictures: what there is to choose of them, and what is usual for them where a person chose nothing else.
  fit() {
    const isScenes = this.form.elements.set.value === SCENES;
    this.uploads.box.hidden = this.form.elements.set.value !== "";
    this.scenes.offer(isScenes);
    const { fields } = this.scenes.about;
    for (const [name, own] of Object.entries(this.usual))
      if (!this.chosen.has(name)) this.field(name).value = isScenes ? fields[name] : own;
  }

  async stop() {
    await this.server.ask("stop", { run: this.run });
    this.say("It saves, and ends in some seconds…");
  }

  async go_on() {
    await this.server.ask("go_on", { run: this.run });
    this.follow();
  }

  async begin_prior() {
    await this.server.ask("begin_prior", { run: this.run, minutes: Number(this.part("prior-minutes").value) });
    this.follow();
  }

  async open_model() {
    const { model, picture } = await this.server.ask("open_model", { run: this.run });
    const data = await (await fetch(picture)).blob();
    await window.canvas.openWith(model, [new File([data], "held-out.png", { type: "image/png" })]);
    window.canvas.scrollIntoView();
    this.say("It is on the canvas, with a picture that it never saw; from now on pictures are opened with it.");
  }

  async download() {
    const { name, data } = await this.server.ask("download", { run: this.run });
    download(new Blob([base64ToBytes(data)], { type: "application/zip" }), name);
  }

  async sample() {
    const texts = this.part("texts");
    const question = { run: this.run, text: texts.value, seed: Math.floor(Math.random() * 2 ** 31) };
    this.say("Sampling…");
    const { texts: known, reads, samples } = await this.server.ask("sample", question);
    this.part("known").replaceChildren(...known.map((text) => new Option(text)));
    this.part("texts-row").hidden = !known.length && !reads;
    const tiles = samples.map(({ picture, document: sampled, text }) => {
      const tile = Object.assign(document.createElement("button"), { type: "button", title: "Open on the canvas" });
      tile.append(Object.assign(new Image(), { src: picture, alt: `A sample of ${text || "anything"}` }), question.text ? "" : text);
      tile.addEventListener("click", () => window.canvas.give(sampled));
      return tile;
    });
    this.part("samples").replaceChildren(...tiles);
    this.say("Click a sample to open it on the canvas.");
  }

  // Follow a run from its beginning: all it has told is told again.
  watchRun(run) {
    this.run = run;
    this.state = null;
    this.stage = null;
    this.stamp = "";
    this.part("samples").replaceChildren();
    this.part("sheet").hidden = true;
    this.refresh();
    if (run) this.follow();
  }

  async follow() {
    const { run } = this;
    clearTimeout(this.timer);
    let state;
    try {
      const [losses, validations] = this.stage ? [this.logs.losses.length, this.logs.validations.length] : [0, 0];
      state = await this.server.ask("follow", { run, losses, validations, sheet: this.stamp });
      if (run !== this.run) return;
      if (state.stage !== this.stage && this.stage) {
        this.stage = null; // another model is trained now: read its logs from the start
        return this.follow();
      }
    } catch (problem) {
      if (run !== this.run) return;
      keep(RUN_KEY, null);
      this.run = null;
      this.refresh();
      return this.say(problem.message);
    }
    this.take(state);
    if (state.running) this.timer = setTimeout(() => this.follow(), ASK_EVERY_MS);
  }

  take(state) {
    const isWritten = this.state?.running && !state.running && state.stage === "prior" && !state.problem;
    if (!this.stage) this.logs = { losses: [], validations: [] };
    this.stage = state.stage;
    this.state = state;
    this.codes = state.codes;
    this.logs.losses.push(...state.losses);
    this.logs.validations.push(...state.validations);
    this.stamp = state.stamp;
    if (state.sheet) Object.assign(this.part("sheet"), { src: state.sheet, hidden: false });
    for (const chart of this.charts[state.stage]) chart.draw(this.logs, Math.max(state.minutes, 0.01));
    const beside = state.passed_over ? ` (passed over: ${state.passed_over})` : "";
    const what = state.stage === "prior" ? "the prior" : `a tokenizer of ${state.pictures.toLocaleString("en")} pictures${beside}`;
    const of = `${state.minutes.toFixed(1)} of ${Number(state.budget.toPrecision(3))} minutes`;
    if (state.problem) this.say(state.problem);
    else if (!state.running) this.say(`Trained ${what}, ${of}. The best of it is kept.`);
    else if (state.minutes) this.say(`Training ${what}: ${of}`, state.minutes / state.budget);
    else this.say(state.notice || `Getting ready to train ${what}…`);
    this.refresh();
    if (isWritten) this.attempt(() => this.sample());
  }

  say(text, share = 0) {
    this.told.textContent = text;
    this.progress.value = share;
    this.progress.classList.toggle("idle", !share);
  }

  refresh() {
    const { state, busy } = this;
    const ready = (stage) => Boolean(state?.ready.includes(stage));
    const may = {
      stop: state?.running,
      go_on: state && !state.running,
      open_model: ready("tokenizer"),
      download: ready("tokenizer"),
      begin_prior: ready("tokenizer") && !state.running,
      sample: ready("prior"),
    };
    for (const [act, allowed] of Object.entries(may)) this.root.querySelector(`[data-act=${act}]`).disabled = busy || !allowed;
    this.scenes.shown.hidden = Boolean(state) || this.scenes.box.hidden;
    this.part("train").disabled = busy || Boolean(state?.running);
    this.part("prior").hidden = !ready("tokenizer") && state?.stage !== "prior";
  }
}

/** @param {import("../../kit/js/types.js").Page} page */
export function start(page) {
  new Trainer(page.element.querySelector(".trainer"), page);
}

// Several ways to write some tokens anew, side by side over the stage: a click on one puts it in the picture, as one
// step of the history each.

import { unpackTokens } from "../../../kit/js/bytes.js";
import { newCanvas, pixelsOfUrl } from "../../../kit/js/images.js";
import { SEEDS, newSeed } from "../../../kit/js/random.js";
import { drawTiles, lengthOf, mostCodes, packSequences, writeSlice } from "../../../kit/js/sequences.js";

const CANDIDATES = 4;

export class Candidates {
  /** @param {import("../main.js").Bench} bench */
  constructor(element, bench) {
    this.element = element;
    this.bench = bench;
    const part = (name) => element.querySelector(`[data-candidates=${name}]`);
    this.told = part("told");
    this.list = part("list");
    this.more = part("more");
    this.task = null;
    this.running = null;
    this.more.addEventListener("click", () => (this.running ? this.stop() : this.ask()));
    part("close").addEventListener("click", () => this.close());
  }

  // task: {picture, prior, settings, title; window: [top, bottom, left, right] of the picture, as large as the prior's
  // grid; places: in the window, row by row, that are written; tokens: of the window}
  begin(task) {
    this.task = { ...task, seed: task.settings.seed ?? newSeed() };
    this.list.replaceChildren();
    const before = this.newCandidate("as it was");
    before.offer(task.tokens);
    drawPart(before.canvas, task.picture, task.window);
    this.element.hidden = false;
    const { clientWidth: width, clientHeight: height, parentElement: stage } = this.element;
    const beside = width < stage.clientWidth;
    this.bench.stage.cover(beside ? width : 0, beside ? 0 : height);
    this.ask();
  }

  close() {
    this.running = this.task = null;
    this.element.hidden = true;
    this.bench.stage.cover(0, 0);
  }

  stop() {
    this.running = null;
    this.tell(`${this.task.title}: stopped`);
    for (const unfinished of this.list.querySelectorAll("button:disabled")) unfinished.remove();
  }

  tell(text) {
    this.told.textContent = text;
    this.more.textContent = this.running ? "Stop" : "More";
  }

  async ask() {
    const { task } = this;
    const run = (this.running = {});
    const isStopped = () => this.running !== run;
    try {
      if (task.places[0] + task.places.length === task.tokens.length) await this.goOn(task, isStopped);
      else await this.rewrite(task, isStopped);
      if (isStopped()) return;
      this.running = null;
      this.tell(`${task.title}: click one to put it in`);
    } catch (problem) {
      if (isStopped()) return;
      this.stop();
      this.bench.messages.problem(problem.message);
    }
  }

  // With tokens to come after the hole: candidate by candidate.
  async rewrite(task, isStopped) {
    for (let i = 0; i < CANDIDATES; i++) {
      this.tell(`${task.title}: ${i + 1} of ${CANDIDATES}…`);
      const candidate = this.newCandidate();
      const settings = { ...task.settings, seed: task.seed++ % SEEDS };
      const tokens = packSequences([task.tokens], task.tokens.length, task.prior);
      const answer = await this.bench.server.ask("rewrite_tokens", { prior: task.prior.name, settings, tokens, mask: task.places });
      if (isStopped()) return;
      candidate.offer(unpackTokens(answer.tokens, mostCodes(task.prior)));
      await candidate.show(answer.picture);
    }
  }

  // With nothing to come after: all side by side, slice by slice.
  async goOn(task, isStopped) {
    const { prior, picture, window } = task;
    const candidates = Array.from({ length: CANDIDATES }, () => this.newCandidate());
    const sequences = candidates.map(() => task.tokens.slice());
    for (const { canvas } of candidates) {
      drawPart(canvas, picture, window);
      for (const place of task.places) clearCell(canvas, prior, picture.codebook, place);
    }
    const settings = { ...task.settings, seed: task.seed++ % SEEDS };
    for (let kept = task.places[0]; kept < lengthOf(prior); ) {
      this.tell(`${task.title}: ${kept - task.places[0]} of ${task.places.length} tokens…`);
      const from = kept;
      ({ kept } = await writeSlice(this.bench.server, prior, settings, sequences, kept));
      if (isStopped()) return;
      sequences.forEach((sequence, i) => drawTiles(candidates[i].canvas.getContext("2d"), picture.codebook, prior, sequence, from, kept));
    }
    const tokens = packSequences(sequences, lengthOf(prior), prior);
    const { pictures } = await this.bench.server.ask("decode_tokens", { prior: prior.name, tokens, written: lengthOf(prior) });
    if (isStopped()) return;
    for (const [i, candidate] of candidates.entries()) {
      candidate.offer(sequences[i]);
      await candidate.show(pictures[i]);
    }
  }

  newCandidate(name = `candidate ${this.list.children.length}`) {
    const { task } = this;
    const button = document.createElement("button");
    button.type = "button";
    button.disabled = true;
    button.setAttribute("aria-label", name);
    const canvas = newCanvas(task.prior.width, task.prior.height);
    canvas.classList.toggle("crisp", task.prior.width < 88);
    button.append(canvas, name === "as it was" ? name : this.list.children.length);
    this.list.append(button);
    this.list.scrollTo(this.list.scrollWidth, this.list.scrollHeight);
    const offer = (tokens) => {
      button.disabled = false;
      button.addEventListener("click", () => this.take(task, tokens, button));
    };
    const show = async (url) => canvas.getContext("2d").putImageData(await pixelsOfUrl(url), 0, 0);
    return { canvas, offer, show };
  }

  take({ picture, window, places, prior }, tokens, button) {
    const columns = prior.grids[0].shape[1];
    const cellOf = (place) => (window[0] + Math.floor(place / columns)) * picture.columns + window[2] + (place % columns);
    if (picture !== this.bench.picture) this.bench.workspace.show(picture);
    this.bench.strokes.edit(places.map((place) => [cellOf(place), tokens[place]]));
    for (const other of this.list.children) other.setAttribute("aria-pressed", other === button);
  }
}

// What the picture shows now in a window of its tokens.
function drawPart(canvas, picture, [top, , left]) {
  const f = picture.codebook.downsampling;
  canvas.getContext("2d").putImageData(picture.rebuilt, -left * f, -top * f);
}

function clearCell(canvas, prior, { downsampling: f }, place) {
  const columns = prior.grids[0].shape[1];
  canvas.getContext("2d").clearRect((place % columns) * f, Math.floor(place / columns) * f, f, f);
}

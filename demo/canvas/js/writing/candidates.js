// Several ways to write some tokens anew, side by side over the stage: a click on one puts it in the picture, as one
// step of the history each.

import { unpackTokens } from "../../../kit/js/bytes.js";
import { newCanvas, pixelsOfUrl } from "../../../kit/js/images.js";
import { SEEDS, newSeed } from "../../../kit/js/random.js";
import { drawTiles, lengthOf, levelsOf, mostCodes, named, packSequences, squareOf, writeSlice } from "../../../kit/js/sequences.js";

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

  // task: {window, settings, title; places: in the window's sequence, that are written; shown: what of the window is shown, [top,
  // bottom, left, right] in tokens of the finest grid}
  begin(task) {
    this.task = { ...task, seed: task.settings.seed ?? newSeed() };
    this.list.replaceChildren();
    const before = this.newCandidate("as it was");
    before.offer(task.window.tokens);
    drawPart(before.canvas, task);
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
      if (task.places[0] + task.places.length === task.window.tokens.length) await this.goOn(task, isStopped);
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
    const { places: mask, shown: region, window: { prior, tokens: given } } = task;
    for (let i = 0; i < CANDIDATES; i++) {
      this.tell(`${task.title}: ${i + 1} of ${CANDIDATES}…`);
      const candidate = this.newCandidate();
      const settings = { ...task.settings, seed: task.seed++ % SEEDS };
      const tokens = packSequences([given], given.length, prior);
      const answer = await this.bench.server.ask("rewrite_tokens", { ...named(prior), settings, tokens, mask, region });
      if (isStopped()) return;
      candidate.offer(unpackTokens(answer.tokens, mostCodes(prior)));
      await candidate.show(answer.picture);
    }
  }

  // With nothing to come after: all side by side, slice by slice.
  async goOn(task, isStopped) {
    const { prior, picture, tokens: given } = task.window;
    const candidates = Array.from({ length: CANDIDATES }, () => this.newCandidate());
    const sequences = candidates.map(() => given.slice());
    for (const { canvas } of candidates) {
      drawPart(canvas, task);
      for (const place of task.places) clearCell(canvas, prior, place);
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
    const { pictures } = await this.bench.server.ask("decode_tokens", { ...named(prior), tokens, written: lengthOf(prior) });
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
    const [top, bottom, left, right] = task.shown.map((edge) => edge * task.window.picture.finest.codebook.downsampling);
    const canvas = newCanvas(right - left, bottom - top);
    canvas.classList.toggle("crisp", canvas.width < 88);
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

  take({ window, places }, tokens, button) {
    if (window.picture !== this.bench.picture) this.bench.workspace.show(window.picture);
    this.bench.strokes.apply(places.map((place) => [window.placeInPicture(place), tokens[place]]));
    for (const other of this.list.children) other.setAttribute("aria-pressed", other === button);
  }
}

// What the picture shows now of what is shown of a window.
function drawPart(canvas, { shown: [top, , left], window: { picture, parts } }) {
  const f = picture.finest.codebook.downsampling;
  const [first, , before] = parts.at(-1).area;
  canvas.getContext("2d").putImageData(picture.rebuilt, -(before + left) * f, -(first + top) * f);
}

function clearCell(canvas, prior, place) {
  const [x, y, side] = squareOf(levelsOf(prior).find(({ end }) => place < end), place);
  canvas.getContext("2d").clearRect(x, y, side, side);
}

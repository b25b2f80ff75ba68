// One sample while it is written: token by token, forwards and back, and with another token where a person wants one.

import { canvasOf, pixelsOfUrl } from "../../kit/js/images.js";
import { listenForUndo } from "../../kit/js/keys.js";
import {
  documentOf, lengthOf, levelsOf, named, packSequences, sequenceOf, sliceOf, writeSlice,
} from "../../kit/js/sequences.js";
import { toCanvas } from "../../kit/js/tile.js";
import { Distribution } from "./distribution.js";
import { Looks } from "./looks.js";
import { OtherWay } from "./other.js";
import { paint } from "./paint.js";

const SHOWN_CANDIDATES = 24;
const SPEEDS = [1, 60]; // tokens a second
const UNHURRIED = 10; // seconds that the whole takes unless a person wants it otherwise
const PAGE_SIDE = 880; // pixels that the picture is drawn with

export class Watch {
  constructor(root, sampler) {
    const part = (name) => root.querySelector(`[data-${name}]`);
    this.sampler = sampler;
    this.page = part("page");
    this.place = part("place");
    this.play = part("play");
    this.speed = part("speed");
    this.keep = part("keep");
    this.label = "Write";
    this.context = this.page.getContext("2d");
    this.distribution = new Distribution(root, (code) => this.take(code));
    this.looks = new Looks(root, this);
    this.other = new OtherWay(root, this);
    this.play.addEventListener("click", () => (this.playing ? this.pause() : this.start()));
    part("step").addEventListener("click", () => (this.pause(), this.go(this.shown + 1)));
    part("again").addEventListener("click", () => (this.go(0), this.start()));
    this.place.addEventListener("input", () => {
      const goal = Number(this.place.value); // which pausing sets back to where it is
      this.pause();
      this.go(goal);
    });
    part("read").addEventListener("click", () => this.readCanvas());
    this.keep.addEventListener("click", () => toCanvas(documentOf(this.prior, this.sequence, this.name)));
    this.page.addEventListener("click", (event) => this.goTo(event));
    this.page.addEventListener("keydown", ({ key }) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
      if (step) this.pause(), this.go(this.shown + step);
    });
    listenForUndo(root, () => this.takeBack());
  }

  // known: tokens that the server has written;  shown: of them, those that are on the page;  nexts[i]: what token i was
  // drawn from;  picture: the pixels of the first `decoded` tokens.
  async run(isStopped) {
    const { settings } = this.sampler;
    this.pause();
    const { prior } = settings;
    const drawing = settings.drawing(1);
    const codebook = await this.sampler.codebooks.of(prior.model);
    if (isStopped()) return;
    this.begin(prior, drawing, codebook);
    this.draw();
    await this.fetch();
    if (!isStopped()) this.start();
  }

  // The picture on the canvas as if the prior had written it: what it would have expected is asked for from where it is gone back to.
  async readCanvas() {
    const { sampler, sampler: { settings } } = this;
    this.pause();
    sampler.stop();
    try {
      const { prior } = settings;
      const sequence = sequenceOf(window.canvas?.picture, prior);
      this.begin(prior, settings.drawing(1), await sampler.codebooks.of(prior.model));
      this.sequence.set(sequence);
      this.known = this.shown = this.read = this.length;
      this.name = window.canvas.picture.name;
      await this.decode();
    } catch (problem) {
      sampler.tell("watch", problem.message);
    }
  }

  begin(prior, drawing, codebook) {
    this.prior = prior;
    this.drawing = drawing;
    this.codebook = codebook;
    this.levels = levelsOf(prior, PAGE_SIDE);
    if (this.length !== lengthOf(prior))
      this.speed.value = Math.log(lengthOf(prior) / UNHURRIED / SPEEDS[0]) / Math.log(SPEEDS[1] / SPEEDS[0]);
    this.length = lengthOf(prior);
    this.sequence = new Int32Array(this.length);
    this.known = 0;
    this.shown = 0;
    this.decoded = 0;
    this.picture = null;
    this.fetching = null;
    this.nexts = [];
    this.byHand = new Set();
    this.read = 0; // tokens that came from the canvas
    this.expecting = null;
    this.former = []; // what choices by hand have replaced
    this.other.end();
    this.name = `${drawing.condition?.[0] ?? prior.name} ${drawing.seed}`;
    this.told = "";
    this.place.max = this.length;
    this.page.width = PAGE_SIDE;
    this.page.height = Math.round((PAGE_SIDE * prior.height) / prior.width);
  }

  // The next slice, once at a time. Tokens that a person changed meanwhile make it void.
  fetch() {
    if (this.known >= this.length || this.fetching) return this.fetching;
    const fetching = this.ask().catch((problem) => {
      this.pause();
      this.sampler.tell("watch", problem.message);
    }).finally(() => {
      if (this.fetching === fetching) this.fetching = null;
      this.draw();
    });
    return (this.fetching = fetching);
  }

  async ask() {
    const { sampler: { server }, prior, sequence } = this;
    const draft = [sequence.slice()];
    const from = this.known;
    const isVoid = () => sequence !== this.sequence || from !== this.known;
    const { kept, next } = await writeSlice(server, prior, this.drawing, draft, from, SHOWN_CANDIDATES);
    if (isVoid()) return;
    sequence.set(draft[0].subarray(from, kept), from);
    next.forEach((each, i) => (this.nexts[from + i] = each));
    this.known = kept;
    this.decode();
  }

  async decode() {
    const { prior, sequence, known } = this;
    const tokens = packSequences([sequence], known, prior);
    const { pictures } = await this.sampler.server.ask("decode_tokens", { prior: prior.name, tokens, written: known });
    const pixels = await pixelsOfUrl(pictures[0]);
    if (sequence !== this.sequence || known > this.known || known < this.decoded) return;
    this.picture = canvasOf(pixels);
    this.decoded = known;
    this.draw();
  }

  start() {
    if (!this.sequence || this.playing) return;
    if (this.shown >= this.length) this.go(0);
    this.playing = true;
    this.due = performance.now();
    requestAnimationFrame((now) => this.tick(now));
    this.draw();
  }

  pause() {
    this.playing = false;
    if (this.sequence) this.draw();
  }

  tick(now) {
    if (!this.playing || !this.page.isConnected) return;
    const [slowest, fastest] = SPEEDS;
    const wait = 1000 / (slowest * (fastest / slowest) ** Number(this.speed.value));
    const steps = Math.max(0, Math.floor((now - this.due) / wait));
    if (steps && this.shown < this.known) {
      this.due = now;
      this.go(Math.min(this.known, this.shown + steps));
    }
    if (this.shown >= this.length) return this.pause();
    requestAnimationFrame((later) => this.tick(later));
  }

  // Show the first `shown` tokens. What comes next is asked for before it is needed.
  async go(shown) {
    if (!this.sequence) return;
    shown = Math.max(0, Math.min(this.length, shown));
    const { sequence } = this;
    while (shown > this.known && sequence === this.sequence) {
      const before = this.known;
      await this.fetch();
      if (this.known === before) return;
    }
    if (sequence !== this.sequence) return;
    this.shown = shown;
    if (this.known - shown < sliceOf(this.prior)) this.fetch();
    if (!this.playing) this.expect(shown);
    this.draw();
  }

  // Back to the token that is seen there: a coarse one where no fine one lies over it yet.
  goTo(event) {
    this.pause();
    this.go(this.placeUnder(event) ?? this.shown);
  }

  // The written token that is seen at a point of the page, or none.
  placeUnder({ offsetX, offsetY }) {
    const scale = this.page.width / this.page.clientWidth;
    const placeIn = ({ first, columns, side }) =>
      first + Math.floor((offsetY * scale) / side) * columns + Math.floor((offsetX * scale) / side);
    return this.levels?.map(placeIn).findLast((place) => place >= 0 && place < this.shown);
  }

  // Another code for the token that comes next; what was written after it is forgotten.
  take(code) {
    const at = this.shown;
    if (!this.nexts[at] || !Number.isInteger(code) || code < 0 || code >= this.levelAt(at).codes) return;
    this.pause();
    const { sequence, known, nexts, byHand, read, picture, decoded } = this;
    this.former.push({ sequence, known, nexts, byHand, read, picture, decoded, shown: at });
    this.other.begin(this.former.at(-1));
    this.nexts = nexts.slice();
    this.sequence = sequence.slice();
    this.sequence[at] = code;
    this.byHand = new Set([...byHand].filter((place) => place < at)).add(at);
    this.known = at + 1;
    this.read = Math.min(read, at);
    this.fetching = null;
    this.picture = null;
    this.decoded = 0;
    this.nexts.length = at + 1;
    this.decode();
    this.go(at + 1);
  }

  // The last choice by hand, and what was forgotten for it.
  takeBack() {
    const former = this.former?.pop();
    if (!former) return;
    this.pause();
    Object.assign(this, former, { fetching: null });
    this.other.end();
    if (this.former.length) this.other.begin(this.former.at(-1));
    this.draw();
  }

  givenAt(place) {
    return this.byHand.has(place) ? "chosen by hand" : place < this.read ? "from the canvas" : "";
  }

  // What a token that was read would have been drawn from.
  async expect(at) {
    const { sampler: { server }, prior, drawing, sequence, nexts } = this;
    if (at >= this.read || nexts[at] || this.expecting === at) return;
    this.expecting = at;
    const tokens = packSequences([sequence], at, prior);
    const one = { count: 1, tokens, kept: at, until: at + 1, candidates: SHOWN_CANDIDATES };
    try {
      const { next } = await server.ask("write_tokens", { ...named(prior), settings: drawing, ...one });
      [nexts[at]] = next;
    } catch (problem) {
      this.sampler.tell("watch", problem.message);
    }
    if (sequence === this.sequence) this.draw();
  }

  levelAt(place) {
    return this.levels.find(({ end }) => place < end);
  }

  draw() {
    const next = this.levelAt(this.shown);
    this.looks.follow();
    paint(this, next);
    this.tellPlace();
    this.tellNext(next);
    this.other.follow();
    this.place.value = this.shown;
    this.play.textContent = this.playing ? "Pause" : "Play";
    this.keep.disabled = this.known < this.length;
  }

  // Only news is told: what comes in behind a message must not take its place.
  tellPlace() {
    const { shown, length, sampler } = this;
    const news = `${this.name}: ${shown} of ${length} tokens`;
    if (news !== this.told) sampler.tell("watch", news, shown / length);
    this.told = news;
  }

  // level: of the token that comes next, if one does.
  tellNext(level) {
    const { shown, levels, codebook, sequence, nexts } = this;
    if (!level) return this.distribution.show("It is written", null);
    const cell = shown - level.first;
    const codesOfLevel = codebook.levels[level.level];
    const grid = level === levels.at(-1) ? "" : ` of the ${codesOfLevel.name} grid`;
    const title = `Next: row ${Math.floor(cell / level.columns)}, column ${cell % level.columns}${grid}`;
    this.distribution.show(title, nexts[shown], sequence[shown], this.givenAt(shown), level, codesOfLevel);
  }
}

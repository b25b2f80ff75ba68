// Brings the pixels up to date with the tokens: one request in flight, and what changed meanwhile goes into the next.

import { base64ToBytes } from "../../../kit/js/bytes.js";

const STROKE_SPAN = 8; // tokens: the widest window of changes in one request while a person draws
const BULK_SPAN = 24; // and where many wait: fewer, larger windows cost less in all
const BULK = 96;

export class Painter {
  constructor(server, onPaint, onWait) {
    this.server = server;
    this.onPaint = onPaint;
    this.onWait = onWait;
    this.pending = new Map(); // picture → map of place → time of the change
    this.running = null;
  }

  touch(picture, place) {
    if (!this.pending.has(picture)) this.pending.set(picture, new Map());
    const places = this.pending.get(picture);
    if (!places.has(place)) places.set(place, performance.now());
    this.running ??= this.run().finally(() => (this.running = null));
  }

  isPending(picture) {
    return this.pending.has(picture);
  }

  async settled() {
    while (this.running) await this.running;
  }

  async run() {
    await null; // so that all changes of one event go together
    while (this.pending.size) {
      const [picture, places] = this.pending.entries().next().value;
      const batch = this.takeBatch(picture, places);
      if (!places.size) this.pending.delete(picture);
      try {
        await this.paint(picture, batch);
      } catch (problem) {
        this.onWait(problem);
      }
    }
  }

  // The oldest change and all of its level that fit in a small window with it.
  takeBatch(picture, places) {
    const [oldest, since] = places.entries().next().value;
    const grid = picture.gridAt(oldest);
    const span = grid.codebook.halo === Infinity ? Infinity : places.size > BULK ? BULK_SPAN : STROKE_SPAN;
    let box = null;
    for (const place of places.keys()) {
      if (!grid.holds(place)) continue;
      const row = Math.floor((place - grid.first) / grid.columns);
      const column = (place - grid.first) % grid.columns;
      const grown = box
        ? [Math.min(box[0], row), Math.max(box[1], row + 1), Math.min(box[2], column), Math.max(box[3], column + 1)]
        : [row, row + 1, column, column + 1];
      if (grown[1] - grown[0] > span || grown[3] - grown[2] > span) continue;
      box = grown;
      places.delete(place);
    }
    return { grid, box, since };
  }

  async paint(picture, { grid, box, since }) {
    const { region, question } = picture.questionAround(grid, box);
    const answer = await this.server.ask(grid.codebook.decoder, question, { patient: true, onWait: this.onWait });
    this.onPaint(picture, picture.putPixels(region, base64ToBytes(answer.pixels)));
    performance.measure("token-canvas stroke", { start: since });
  }
}

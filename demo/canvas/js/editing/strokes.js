// Changes of tokens, gesture by gesture: each is one step of the picture's history, shown at once and decoded after.

import { NOTE_MS } from "../panels/messages.js";

export class Strokes {
  /** @param {import("../main.js").Bench} bench */
  constructor(bench) {
    this.bench = bench;
    /** @type {[place: number, before: number, after: number][] | null} */
    this.gesture = null; // while one goes on
    this.warned = false;
  }

  begin() {
    this.gesture = [];
    if (this.bench.look.view === "original") this.bench.look.setLayer("rebuilt");
  }

  paint(tokens) {
    for (const { row, column } of tokens) this.change(row * this.bench.picture.columns + column, this.bench.code);
  }

  // A token of the level at hand.
  change(cell, code) {
    this.changeAt(this.bench.picture.grid.first + cell, code);
  }

  changeAt(place, code) {
    const { first, tokens } = this.bench.picture.gridAt(place);
    const before = tokens[place - first];
    if (before === code) return;
    this.gesture.push([place, before, code]);
    this.write(place, code);
  }

  // Tokens of any level, [place, code] each, as one gesture.
  apply(changes) {
    this.begin();
    for (const [place, code] of changes) this.changeAt(place, code);
    this.end();
  }

  // Many tokens at once, [cell, code] each, as one gesture.
  edit(changes) {
    if (this.gesture) return;
    this.begin();
    for (const [cell, code] of changes) this.change(cell, code);
    this.end();
  }

  write(place, code) {
    const { picture, layers, painter, stage, usage } = this.bench;
    this.bench.workspace.edition++;
    picture.fidelity = null;
    picture.setToken(place, code);
    layers.refreshToken(place);
    painter.touch(picture, place);
    const [x, y, side] = picture.squareAt(place);
    stage.invalidate([x, y, x + side, y + side]);
    usage.invalidate();
  }

  end() {
    const { gesture } = this;
    this.gesture = null;
    if (!gesture?.length) return;
    this.bench.picture.history.push(gesture);
    this.bench.hints.done("paint");
    this.bench.settle();
  }

  // A second finger turns a stroke into a pinch: take back what the first one drew.
  drop() {
    for (const [place, before] of (this.gesture ?? []).reverse()) this.write(place, before);
    this.gesture = null;
    this.bench.settle();
  }

  undo() {
    this.turn("smaller", () => this.bench.picture?.history.undo()?.reverse());
  }

  redo() {
    this.turn("larger", () => this.bench.picture?.history.redo());
  }

  // A gesture back or forth or, where there is none, to the picture as it was before it grew, or after.
  turn(other, changes) {
    const { picture, workspace } = this.bench;
    if (this.gesture) return;
    const list = changes();
    if (list) this.replay(list);
    else if (picture?.history[other]) workspace.leap(picture, other);
  }

  replay(changes) {
    for (const [place, code] of changes) this.write(place, code);
    this.bench.settle();
  }

  // Pixels came for some tokens. Those that changed again meanwhile keep their stand-in.
  painted(picture, area) {
    const { layers, painter, stage } = this.bench;
    if (picture !== this.bench.picture) return;
    layers.refreshPixels(area);
    for (const place of painter.pending.get(picture)?.keys() ?? []) {
      const [x, y, side] = picture.squareAt(place);
      if (x + side > area.x && x < area.x + area.width && y + side > area.y && y < area.y + area.height) layers.refreshToken(place);
    }
    stage.invalidate([area.x, area.y, area.x + area.width, area.y + area.height]);
    stage.draw();
  }

  delayed(problem) {
    if (problem) return this.bench.messages.problem(problem.message);
    if (this.warned) return;
    this.warned = true;
    this.bench.messages.note("The server is busy. Your edits are kept and their pixels will follow.");
    setTimeout(() => (this.warned = false), NOTE_MS);
  }
}

// Brings the pixels up to date with the tokens: one request in flight, and what changed meanwhile goes into the next.

const STROKE_SPAN = 8; // tokens: the widest window of changes in one request while a person draws
const BULK_SPAN = 24; // and where many wait: fewer, larger windows cost less in all
const BULK = 96;

class Painter {
  constructor(server, onPaint, onWait) {
    Object.assign(this, { server, onPaint, onWait });
    this.pending = new Map(); // picture → map of cell → time of the change
    this.running = null;
  }

  touch(picture, cell) {
    if (!this.pending.has(picture)) this.pending.set(picture, new Map());
    const cells = this.pending.get(picture);
    if (!cells.has(cell)) cells.set(cell, performance.now());
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
      const [picture, cells] = this.pending.entries().next().value;
      const batch = this.takeBatch(picture, cells);
      if (!cells.size) this.pending.delete(picture);
      try {
        await this.paint(picture, batch);
      } catch (problem) {
        this.onWait(problem);
      }
    }
  }

  // The oldest change and all that fit in a small window with it.
  takeBatch(picture, cells) {
    const span = picture.codebook.halo === Infinity ? Infinity : cells.size > BULK ? BULK_SPAN : STROKE_SPAN;
    let box = null;
    const since = cells.values().next().value;
    for (const cell of cells.keys()) {
      const row = Math.floor(cell / picture.columns);
      const column = cell % picture.columns;
      const grown = box
        ? [Math.min(box[0], row), Math.max(box[1], row + 1), Math.min(box[2], column), Math.max(box[3], column + 1)]
        : [row, row + 1, column, column + 1];
      if (grown[1] - grown[0] > span || grown[3] - grown[2] > span) continue;
      box = grown;
      cells.delete(cell);
    }
    return { box, since };
  }

  // A change reaches `halo` tokens far, and those pixels look at tokens `halo` further.
  async paint(picture, { box, since }) {
    const { halo, size, model, decoder } = picture.codebook;
    const region = picture.grow(box, halo);
    const window = picture.grow(region, halo);
    const answer = await this.server.ask(
      decoder,
      {
        model,
        grids: [{ shape: [window[1] - window[0], window[3] - window[2]], data: packTokens(picture.cut(window), size) }],
        region: [region[0] - window[0], region[1] - window[0], region[2] - window[2], region[3] - window[2]],
      },
      { patient: true, onWait: this.onWait },
    );
    this.onPaint(picture, picture.putPixels(region, base64ToBytes(answer.pixels)));
    performance.measure("token-canvas stroke", { start: since });
  }
}

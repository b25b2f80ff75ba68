// What a token does: while a key is held over it, the pixels glow by how much they change when its code flips.
// Measured: the window around it is decoded with the other code and compared with the pixels on the stage.

import { base64ToBytes } from "../../../kit/js/bytes.js";
import { canvasOf } from "../../../kit/js/images.js";
import { ERROR_COLOURS } from "../../../kit/js/layers.js";

export class Probe {
  /** @param {import("../main.js").Bench} bench */
  constructor(caption, bench) {
    this.caption = caption;
    this.bench = bench;
    this.held = false;
    this.glow = null;
  }

  hold(token) {
    this.held = true;
    this.token = token;
    this.measuring ??= this.follow().finally(() => (this.measuring = null));
  }

  release() {
    this.held = false;
    this.clear();
  }

  clear() {
    this.glow = null;
    this.caption.hidden = true;
    this.bench.stage.invalidate();
  }

  // One question at a time: the last token that was pointed at meanwhile comes next.
  async follow() {
    let done = null;
    while (this.held && this.token && this.token !== done) {
      done = this.token;
      try {
        const effect = await this.measure(this.bench.picture, done);
        if (!this.held) return;
        this.show(effect);
      } catch (problem) {
        this.bench.messages.problem(problem.message);
        return this.release();
      }
    }
  }

  async measure(picture, { row, column }) {
    const { bench } = this;
    await bench.painter.settled();
    const { grid } = picture;
    const { codebook } = grid;
    const cell = row * grid.columns + column;
    const from = grid.tokens[cell];
    const to = from === bench.code ? farthestFrom(from, codebook) : bench.code;
    const { region, question } = picture.questionAround(grid.with(cell, to), [row, row + 1, column, column + 1]);
    const answer = await bench.server.ask(codebook.decoder, question);
    return { picture, region, from, to, ...changesOf(picture, region, base64ToBytes(answer.pixels)) };
  }

  show({ picture, region, from, to, changes, width, height, most, changed }) {
    if (picture !== this.bench.picture) return this.clear();
    const image = new ImageData(width, height);
    changes.forEach((change, i) => {
      const share = most ? change / most : 0;
      image.data.set(ERROR_COLOURS[Math.round(255 * (0.2 + 0.8 * share))], i * 4);
      image.data[i * 4 + 3] = change ? 80 + 175 * share : 0;
    });
    const f = picture.finest.codebook.downsampling;
    this.glow = { canvas: canvasOf(image), x: region[2] * f, y: region[0] * f };
    this.caption.textContent = `code ${from} → ${to}: ${changed.toLocaleString("en")} pixels change, by ${most.toFixed(0)} of 255 at most`;
    this.caption.hidden = false;
    this.bench.stage.invalidate();
  }
}

// How far each pixel of a region, row by row, is from the one on the stage: levels of 255, the mean of its colours.
function changesOf(picture, [top, bottom, left, right], rgb) {
  const f = picture.finest.codebook.downsampling;
  const stride = (right - left) * f;
  const width = Math.min(stride, picture.width - left * f);
  const height = Math.min((bottom - top) * f, picture.height - top * f);
  const now = picture.rebuilt.data;
  const changes = new Float32Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const a = ((top * f + y) * picture.width + left * f + x) * 4;
      const b = (y * stride + x) * 3;
      let sum = 0;
      for (let c = 0; c < 3; c++) sum += Math.abs(now[a + c] - rgb[b + c]);
      changes[y * width + x] = sum / 3;
    }
  const most = changes.reduce((most, change) => Math.max(most, change), 0);
  return { changes, width, height, most, changed: changes.filter((change) => change > 0).length };
}

// The code whose own colour is farthest: what to flip to where the token has the chosen code already.
function farthestFrom(code, { size, colours: { appearance } }) {
  const distance = (other) =>
    [0, 1, 2].reduce((sum, c) => sum + (appearance[other * 3 + c] - appearance[code * 3 + c]) ** 2, 0);
  let farthest = (code + 1) % size;
  for (let other = 0; other < size; other++) if (distance(other) > distance(farthest)) farthest = other;
  return farthest;
}

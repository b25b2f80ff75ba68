// The surprise map: what each token costs under a prior, in bits, −log₂ p given the tokens before it. A picture larger
// than the prior's grid is judged in windows that overlap by half, each token where most of what came before shows.

import { packTokens, unpackFloats } from "../../../kit/js/bytes.js";
import { canvasOf } from "../../../kit/js/images.js";
import { ERROR_COLOURS } from "../../../kit/js/layers.js";
import { mostCodes, named, ofSize } from "../../../kit/js/sequences.js";

const SURPRISE_SCALE = 1.5; // times log₂ K bits, which is what a token costs without a prior: the last colour

export class Surprise {
  /** @param {import("../main.js").Bench} bench */
  constructor(bench) {
    this.bench = bench;
    this.maps = new WeakMap(); // picture → {key, levels: {bits, mean} of each}
    this.legend = bench.root.querySelector("[data-legend=surprise]");
  }

  get shown() {
    return this.bench.look.shows("surprise");
  }

  full({ codebook }) {
    return Math.ceil(SURPRISE_SCALE * Math.log2(codebook.size));
  }

  // The bits of the tokens at hand as they are now, and their mean, or undefined.
  of(picture) {
    const map = this.maps.get(picture);
    return map && map.key === this.key(picture) ? map.levels[picture.level] : undefined;
  }

  key(picture) {
    const { prior, settings } = this.bench.writer;
    return `${prior?.name} ${settings.condition} ${picture.grids.map((grid) => grid.pack().data).join(" ")}`;
  }

  // Bring the map up to date while it shows: one at a time, and again if the tokens changed meanwhile.
  follow() {
    this.refreshLegend();
    if (!this.shown || !this.bench.picture || this.bench.writer.obstacle || this.of(this.bench.picture)) return this.draw();
    this.running ??= this.bench.intake
      .during(() => this.judge(this.bench.picture))
      .catch((problem) => {
        this.bench.look.leave("surprise");
        this.bench.messages.problem(problem.message);
      })
      .finally(() => {
        this.running = null;
        this.follow();
      });
  }

  async judge(picture) {
    const { prior, settings } = this.bench.writer;
    const key = this.key(picture);
    const { grids, grids: [{ rows, columns }] } = picture;
    const sized = ofSize(prior, grids.map((grid) => [grid.rows, grid.columns]));
    const height = sized.grids[0].shape[0];
    const levels = grids.map(({ tokens }) => ({ bits: new Float32Array(tokens.length), mean: 0 }));
    for (let done = 0, top = 0; done < rows; top = Math.min(top + Math.max(1, height >> 1), rows - height)) {
      const scale = (grid, edge) => (edge * grids[0].codebook.span) / grid.codebook.span;
      const cuts = grids.map((grid) => grid.cut([scale(grid, top), scale(grid, top + height), 0, grid.columns]));
      const tokens = packTokens(cuts.flatMap((cut) => [...cut]), mostCodes(prior));
      const question = { ...named(sized), condition: settings.condition, columns, tokens };
      let judged = unpackFloats((await this.bench.server.ask("judge_band", question)).bits);
      for (const [level, grid] of grids.entries()) {
        const part = judged.subarray(scale(grid, done - top) * grid.columns, cuts[level].length);
        levels[level].bits.set(part, scale(grid, done) * grid.columns);
        judged = judged.subarray(cuts[level].length);
      }
      done = top + height;
      if (picture !== this.bench.picture || !this.shown || key !== this.key(picture)) return;
    }
    for (const level of levels) level.mean = level.bits.reduce((sum, value) => sum + value, 0) / level.bits.length;
    this.maps.set(picture, { key, levels });
  }

  draw() {
    const { picture, layers, stage } = this.bench;
    const map = picture && this.of(picture);
    if (!map || layers.surpriseOf === map) return;
    const image = new ImageData(picture.columns, picture.rows);
    map.bits.forEach((value, cell) => {
      image.data.set(ERROR_COLOURS[Math.min(255, Math.round((255 * value) / this.full(picture)))], cell * 4);
      image.data[cell * 4 + 3] = 255;
    });
    layers.surprise = canvasOf(image);
    layers.surpriseOf = map;
    stage.invalidate();
  }

  refreshLegend() {
    const { picture, writer } = this.bench;
    if (!picture) return;
    const map = this.of(picture);
    const mean = map ? `mean ${map.mean.toFixed(2)}; ${Math.log2(picture.codebook.size).toFixed(1)} without a prior` : "";
    const tell = (name, text) => (this.legend.querySelector(`[data-${name}]`).textContent = text);
    tell("full", `${this.full(picture)}+ bits`);
    tell("mean", writer.windowed ? `${mean}, in windows` : mean);
    this.legend.title = writer.prior ? `−log₂ p of each token under ${writer.prior.name}, given the tokens before it` : "";
  }
}

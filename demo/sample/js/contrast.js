// Tokens drawn evenly, tokens drawn by how usual they are, tokens written by the prior: the same decoder makes pictures of all.

import { unpackFloats } from "../../kit/js/bytes.js";
import { lengthOf, packSequences, unpackSequences } from "../../kit/js/sequences.js";
import { Tile } from "../../kit/js/tile.js";
import { decodeAll, writeAll } from "../../kit/js/writing.js";

const COMPARED = 6;
const UNIFORM_IS_CHEAPER =
  "Why do usual codes cost more than any codes? Among usual codes the prior takes something for the beginning of a picture, is sure of " +
  "what comes next, and is wrong. Amid any codes it is sure of nothing, and pays little more than log₂ K for each.";

export class Contrast {
  constructor(root, sampler) {
    this.root = root;
    this.sampler = sampler;
    this.label = "Draw";
  }

  async run(isStopped) {
    const { settings } = this.sampler;
    const { prior, seed } = settings;
    const drawing = settings.drawing(COMPARED);
    const codebook = await this.sampler.codebooks.of(prior.model);
    const columns = ["uniform", "marginal", "prior"].map((by) => {
      const column = this.root.querySelector(`[data-by=${by}]`);
      const tiles = Array.from({ length: COMPARED }, (_, i) => new Tile(prior, codebook, `${by} ${seed}.${i + 1}`));
      column.querySelector(".tiles").replaceChildren(...tiles.map(({ button }) => button));
      column.querySelector("[data-bits]").textContent = "…";
      this.root.querySelector("[data-why]").textContent = "";
      return { by, column, tiles };
    });
    const bits = {};
    for (const { by, column, tiles } of columns) {
      const sequences = await this.sequences(by, drawing, prior, tiles, isStopped);
      if (isStopped()) return;
      bits[by] = await this.judge(column.querySelector("[data-bits]"), drawing, prior, sequences);
      if (isStopped()) return;
    }
    this.sampler.tell("contrast", `The bits are what ${prior.name} takes to tell each token, given those before it.`);
    this.root.querySelector("[data-why]").textContent = bits.uniform < bits.marginal ? UNIFORM_IS_CHEAPER : "";
  }

  async sequences(by, drawing, prior, tiles, isStopped) {
    const { server, tell } = this.sampler;
    const sequences = Array.from({ length: COMPARED }, () => new Int32Array(lengthOf(prior)));
    if (by === "prior") {
      await writeAll(server, prior, drawing, sequences, tiles, isStopped, (...words) => tell("contrast", ...words));
      return sequences;
    }
    const { tokens } = await server.ask("draw_tokens", { prior: prior.name, count: COMPARED, seed: drawing.seed, by });
    const drawn = unpackSequences(tokens, prior);
    await decodeAll(server, prior, drawn, tiles, isStopped);
    return drawn;
  }

  async judge(place, { condition }, prior, sequences) {
    const tokens = packSequences(sequences, lengthOf(prior), prior);
    const bits = unpackFloats((await this.sampler.server.ask("judge_tokens", { prior: prior.name, condition, tokens })).bits);
    const mean = bits.reduce((sum, value) => sum + value, 0) / bits.length;
    place.textContent = `${mean.toFixed(2)} bits a token`;
    return mean;
  }
}

// Many samples side by side, written together.

import { lengthOf } from "../../kit/js/sequences.js";
import { Tile } from "../../kit/js/tile.js";
import { writeAll } from "../../kit/js/writing.js";

const MOST_COLUMNS = 6;

export class Gallery {
  constructor(root, sampler) {
    this.sampler = sampler;
    this.list = root.querySelector("[data-gallery]");
    this.label = "Sample";
  }

  async run(isStopped) {
    const { settings, server } = this.sampler;
    const { prior, count, seed } = settings;
    const drawing = settings.drawing(count);
    const codebook = await this.sampler.codebooks.of(prior.model);
    const sequences = Array.from({ length: count }, () => new Int32Array(lengthOf(prior)));
    const tiles = sequences.map((_, i) => {
      const text = drawing.condition?.[i] ?? "";
      return new Tile(prior, codebook, `${text || prior.name} ${seed}.${i + 1}`, text);
    });
    this.list.style.setProperty("--columns", Math.ceil(count / Math.ceil(count / MOST_COLUMNS)));
    this.list.replaceChildren(...tiles.map(({ button }) => button));
    await writeAll(server, prior, drawing, sequences, tiles, isStopped, (...words) => this.sampler.tell("gallery", ...words));
    if (isStopped()) return;
    const chosen = seed === prior.seed ? ", a seed chosen once" : "";
    this.sampler.tell("gallery", `${count} × ${lengthOf(prior)} tokens, seed ${seed}${chosen}. Click one to have it on the canvas.`);
  }
}

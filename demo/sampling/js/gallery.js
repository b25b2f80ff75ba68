// Many samples side by side, written together.

const MOST_COLUMNS = 6;

class Gallery {
  constructor(root, sampler) {
    Object.assign(this, { sampler, list: root.querySelector("[data-gallery]") });
    this.label = "Sample";
  }

  async run(isStopped) {
    const { settings, server } = this.sampler;
    const { prior, count, seed } = settings;
    const drawing = settings.drawing(count);
    const codebook = await this.sampler.codebookOf(prior);
    const sequences = Array.from({ length: count }, () => new Int32Array(lengthOf(prior)));
    const tiles = sequences.map((_, i) => {
      const text = drawing.condition?.[i] ?? "";
      return new Tile(prior, codebook, `${text || prior.name} ${seed}.${i + 1}`, text);
    });
    this.list.style.setProperty("--columns", Math.ceil(count / Math.ceil(count / MOST_COLUMNS)));
    this.list.replaceChildren(...tiles.map(({ button }) => button));
    await writeAll(server, prior, drawing, sequences, tiles, isStopped, (...words) => this.sampler.tell("gallery", ...words));
  }
}

// Write sequences to their end, and show them in tiles on the way.
async function writeAll(server, prior, drawing, sequences, tiles, isStopped, tell) {
  const length = lengthOf(prior);
  for (let kept = 0; kept < length; ) {
    tell(`Token ${kept} of ${length}`, kept / length);
    const from = kept;
    ({ kept } = await writeSlice(server, prior, drawing, sequences, kept));
    if (isStopped()) return;
    tiles.forEach((tile, i) => tile.draw(sequences[i], from, kept));
  }
  await decodeAll(server, prior, sequences, tiles, isStopped);
  if (!isStopped()) tell(`${sequences.length} × ${length} tokens. Click one to have it on the canvas.`);
}

async function decodeAll(server, prior, sequences, tiles, isStopped) {
  const length = lengthOf(prior);
  const { pictures } = await server.ask("decode_tokens", { prior: prior.name, tokens: packSequences(sequences, length, prior), written: length });
  if (!isStopped()) await Promise.all(tiles.map((tile, i) => tile.finish(sequences[i], pictures[i])));
}

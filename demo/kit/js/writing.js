import { lengthOf, packSequences, writeSlice } from "./sequences.js";

// Write sequences to their end, and show them in tiles on the way.
export async function writeAll(server, prior, drawing, sequences, tiles, isStopped, tell) {
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

export async function decodeAll(server, prior, sequences, tiles, isStopped) {
  const length = lengthOf(prior);
  const { pictures } = await server.ask("decode_tokens", {
    prior: prior.name,
    tokens: packSequences(sequences, length, prior),
    written: length,
  });
  if (!isStopped()) await Promise.all(tiles.map((tile, i) => tile.finish(sequences[i], pictures[i])));
}

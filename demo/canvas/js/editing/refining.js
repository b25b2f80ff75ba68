// Tokens that decode to something nearer to the original, as the server finds them: a step of the history each round.

import { unpackGrid } from "../../../kit/js/document.js";
import { fileToBase64 } from "../../../kit/js/files.js";
import { pngOf } from "../../../kit/js/images.js";
import { meanSquaredError } from "../document/fidelity.js";

// What was painted meanwhile stays, and so does what isn't selected.
/** @param {import("../main.js").Bench} bench */
export async function refine(bench) {
  const { intake, messages, painter, picture, server, strokes } = bench;
  if (!picture.original) return messages.problem("The search compares with the original, and this picture has none here.");
  const cells = new Set(bench.selection.cells);
  const before = picture.fidelity?.psnr;
  try {
    await intake.during(async () => {
      const original = await fileToBase64(await pngOf(picture.original));
      for (let round = 0, rounds = 1; round < rounds && bench.picture === picture; round++) {
        const { codebook, level } = picture;
        const sent = Int32Array.from(picture.tokens);
        const answer = await server.ask("refine_tokens", { document: picture.toDocument(), picture: original, round });
        rounds = answer.rounds;
        const found = unpackGrid(answer.grids[level], codebook.size);
        if (bench.picture === picture)
          strokes.edit([...found.entries()].filter(([cell]) => cells.has(cell) && picture.tokens[cell] === sent[cell]));
      }
      await painter.settled();
    });
  } catch (problem) {
    return messages.problem(problem.message);
  }
  const after = 10 * Math.log10(255 ** 2 / meanSquaredError(picture.original.data, picture.rebuilt.data));
  if (before) messages.note(`PSNR was ${before.toFixed(2)} dB, and is ${after.toFixed(2)} dB now, with as many bits.`);
}

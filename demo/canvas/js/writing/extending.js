// The picture past one of its edges: a prior of any size writes some rows or columns at a time, and the document grows. The
// smaller picture is one step back in the history.

import { packTokens, unpackTokens } from "../../../kit/js/bytes.js";
import { packGrid } from "../../../kit/js/document.js";
import { newSeed } from "../../../kit/js/random.js";
import { Picture } from "../document/picture.js";

const STEP = 2; // tokens a question, so that others have their turn and the person sees it go on

/**
 * @param {import("../main.js").Bench} bench
 * @param {"top" | "bottom" | "left" | "right"} edge
 * @param {number} by  tokens
 * @param {(told: string) => boolean} tell  answers whether to go on: what is written by then stays
 */
export async function extend(bench, prior, settings, edge, by, tell) {
  const { picture, server, workspace } = bench;
  const { codebook } = picture;
  const isDown = edge === "top" || edge === "bottom";
  let { rows, columns, tokens } = picture;
  for (let done = 0; done < by && tell(`Extending: ${done} of ${by} ${isDown ? "rows" : "columns"}…`); done += STEP) {
    const some = Math.min(STEP, by - done);
    const question = { prior: prior.name, shape: [[rows, columns]], settings: { ...settings, seed: newSeed() }, edge, by: some };
    const answer = await server.ask("extend_tokens", { ...question, tokens: packTokens(tokens, codebook.size) });
    tokens = unpackTokens(answer.tokens, codebook.size);
    [rows, columns] = isDown ? [rows + some, columns] : [rows, columns + some];
    if (bench.picture !== picture) return;
  }
  if (tokens === picture.tokens) return;
  // What stood beyond the last pixels, up to a whole token, is now part of the picture.
  const f = codebook.downsampling;
  const width = edge === "right" ? columns * f : picture.width + (columns - picture.columns) * f;
  const height = edge === "bottom" ? rows * f : picture.height + (rows - picture.rows) * f;
  const grids = [packGrid(tokens, [rows, columns], codebook.size)];
  const document = { ...picture.toDocument(), id: "", width, height, grids, original: null };
  const grown = await Picture.fromAnswer(await server.ask("open_document", document), codebook);
  if (bench.picture === picture) workspace.grow(picture, grown);
}

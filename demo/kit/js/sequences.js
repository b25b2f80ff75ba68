// Sequences of tokens as a prior writes them: coarse level first, each level row by row. A prior here is what
// about() of demo/kit/page.py tells of it.

import { packTokens, unpackTokens } from "./bytes.js";
import { newDocument, packGrid } from "./document.js";
import { PersonError } from "./server.js";

const SLICES = 8; // questions that it takes to write a sequence of any length
const SHORTEST_SLICE = 8;
const LONGEST_SLICE = 64;

/**
 * What a prior of any size is for these grids, rows and columns coarse to fine; others are what they are.
 * @param {import("./types.js").PriorData} prior
 * @param {[number, number][]} shape
 * @returns {import("./types.js").PriorData}
 */
export function ofSize(prior, shape) {
  if (!prior.anySize) return prior;
  const side = prior.width / prior.grids.at(-1).shape[1];
  const [rows, columns] = shape.at(-1);
  const grids = prior.grids.map(({ codes }, level) => ({ codes, shape: shape[level] }));
  return { ...prior, shape, grids, width: columns * side, height: rows * side };
}

/** How a question names a prior. */
export const named = (/** @type {import("./types.js").PriorData} */ { name, shape }) => ({ prior: name, shape });

export const lengthOf = ({ grids }) => grids.reduce((sum, { shape: [rows, columns] }) => sum + rows * columns, 0);
export const mostCodes = ({ grids }) => Math.max(...grids.map(({ codes }) => codes));
export const sliceOf = (prior) => Math.min(LONGEST_SLICE, Math.max(SHORTEST_SLICE, Math.ceil(lengthOf(prior) / SLICES)));

// The levels of a sequence: where in it each begins and ends, its grid, and the side of its tokens in a picture of this width.
export function levelsOf({ grids, width }, across = width) {
  let end = 0;
  return grids.map(({ shape: [rows, columns], codes }, level) => {
    const first = end;
    end += rows * columns;
    return { level, first, end, columns, codes, side: across / columns };
  });
}

// What a token spans of that picture: [x, y, side].
export const squareOf = ({ first, columns, side }, place) => [
  ((place - first) % columns) * side,
  Math.floor((place - first) / columns) * side,
  side,
];

// The first tokens of each sequence, one after another.
export function packSequences(sequences, count, prior) {
  const all = new Int32Array(sequences.length * count);
  sequences.forEach((sequence, i) => all.set(sequence.subarray(0, count), i * count));
  return packTokens(all, mostCodes(prior));
}

export function unpackSequences(base64, prior) {
  const all = unpackTokens(base64, mostCodes(prior));
  const length = lengthOf(prior);
  return Array.from({ length: all.length / length }, (_, i) => all.slice(i * length, (i + 1) * length));
}

// Goes on with sequences from their first `kept` tokens, by one slice, which ends where all slices end, so that the
// same seed gives the same tokens. Writes into them, and answers how many tokens they have now and the server's words.
export async function writeSlice(server, prior, settings, sequences, kept, candidates = 0) {
  const slice = sliceOf(prior);
  const until = Math.min(lengthOf(prior), (Math.floor(kept / slice) + 1) * slice);
  const question = {
    ...named(prior),
    settings,
    count: sequences.length,
    tokens: packSequences(sequences, kept, prior),
    kept,
    until,
    candidates,
  };
  const answer = await server.ask("write_tokens", question);
  const tokens = unpackTokens(answer.tokens, mostCodes(prior));
  sequences.forEach((sequence, i) => sequence.set(tokens.subarray(i * (until - kept), (i + 1) * (until - kept)), kept));
  return { kept: until, next: answer.next };
}

/**
 * A document of one sequence, for the canvas.
 * @param {import("./types.js").PriorData} prior
 * @returns {import("./types.js").Document}
 */
export function documentOf(prior, sequence, name) {
  let start = 0;
  const grids = prior.grids.map(({ shape, codes }) => {
    const end = start + shape[0] * shape[1];
    const packed = packGrid(sequence.subarray(start, end), shape, codes);
    start = end;
    return packed;
  });
  const { model, width, height } = prior;
  return newDocument({ model, name, width, height, grids });
}

/**
 * A picture's tokens in the order of a prior's sequence. PersonError, in words, for one of other tokens or of another size.
 * @param {import("../../canvas/js/document/picture.js").Picture | null} picture
 * @param {import("./types.js").PriorData} prior
 */
export function sequenceOf(picture, prior) {
  if (!picture) throw new PersonError("There is no picture on the canvas. Open one first.");
  const sizes = (shapes) => shapes.map(([rows, columns]) => `${columns} × ${rows}`).join(", ");
  const [own, theirs] = [prior.grids.map(({ shape }) => shape), picture.grids.map(({ rows, columns }) => [rows, columns])].map(sizes);
  if (picture.codebook.home !== prior.model || own !== theirs)
    throw new PersonError(
      `${prior.name} reads ${own} tokens of ${prior.model}, and the canvas has ${theirs} of ${picture.codebook.home}. ` +
        "Send a sample there first, or open the middle of a picture in the canvas's menu Prior.",
    );
  return Int32Array.from(picture.grids.flatMap(({ tokens }) => [...tokens]));
}

// Draw some of the tokens, code by code, as each looks alone: fine ones over the coarse ones that came before.
export function drawTiles(context, codebook, prior, sequence, from, until) {
  context.imageSmoothingEnabled = false;
  for (const level of levelsOf(prior)) drawLevel(context, codebook, level, sequence, from, until);
}

export function drawLevel(context, codebook, level, sequence, from, until) {
  for (let place = Math.max(from, level.first); place < Math.min(until, level.end); place++)
    codebook.levels[level.level].drawTile(context, sequence[place], ...squareOf(level, place));
}

// A document as it travels and as files and links hold it: all that the page knows of its form, which demo/document.py describes.

import { packTokens, unpackTokens } from "./bytes.js";

/** @typedef {import("./types.js").Document} Document */
/** @typedef {import("./types.js").GridData} GridData */

const VERSION = 1;

/**
 * @param {ArrayLike<number>} tokens  row by row
 * @param {[number, number]} shape  rows and columns
 * @param {number} codes  of the codebook
 * @returns {GridData}
 */
export function packGrid(tokens, shape, codes) {
  return { shape, data: packTokens(tokens, codes) };
}

/** The tokens, row by row. */
export function unpackGrid(/** @type {GridData} */ { data }, /** @type {number} */ codes) {
  return unpackTokens(data, codes);
}

/**
 * What has no place in a filmstrip yet and came from no file.
 * @param {{model: string, name: string, width: number, height: number, grids: GridData[]}} picture
 * @returns {Document}
 */
export function newDocument({ model, name, width, height, grids }) {
  return { version: VERSION, model, name, id: "", width, height, grids, original: null };
}

/** Equal where two documents have the same tokens. */
export function tokensKey(/** @type {Document} */ { grids }) {
  return grids.map(({ data }) => data).join(" ");
}

/** Without its place in a filmstrip and the file that it came from, which mean nothing on another machine. */
export function withoutTies(/** @type {Document} */ { original: _original, id: _id, ...document }) {
  return document;
}

/**
 * The value of the canvas and of the atlas.
 * @param {{toDocument: () => Document, level: number, fidelity: import("./types.js").Fidelity | null}[]} pictures
 * @param {any} active  one of them
 * @returns {import("./types.js").Workspace}
 */
export function workspaceOf(pictures, active) {
  return {
    documents: pictures.map((picture) => picture.toDocument()),
    active: pictures.indexOf(active),
    level: active.level,
    fidelity: pictures.map(({ fidelity }) => fidelity),
  };
}

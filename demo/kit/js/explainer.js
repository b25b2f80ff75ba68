// Asks why a token is its code: one question at a time, and of those that wait only the newest.

import { bytesToBase64, unpackFloats } from "./bytes.js";
import { pixelsOfUrl } from "./images.js";
import { PersonError } from "./server.js";

/** @typedef {import("../../canvas/js/document/picture.js").Picture} Picture */
/** @typedef {import("./types.js").Token} Token */
/** @typedef {Omit<import("./answers.js").ChoiceData, "z_e" | "e_k"> & {z_e: Float32Array | null, e_k: Float32Array}} Choice */

/**
 * What is known of a token: how it was chosen, and at the picture's other levels those that lie over the same pixels.
 * @typedef {object} Why
 * @property {Picture} picture
 * @property {number} level
 * @property {Token} token
 * @property {Choice[]} choices  of each level, coarse to fine
 * @property {import("./answers.js").Answers["explain_token"]["lines"]} lines
 * @property {{code: number, pixels: ImageData}[]} others  it and its neighbours with other codes; empty until they are decoded
 */

const DECODED = 3; // codes: the one that stands and the next two

export class Explainer {
  /**
   * @param {import("./server.js").Server} server
   * @param {{show: (why: Why) => void, fail: (problem: string) => void, wantsOthers: () => boolean, ready?: () => Promise<any>}} hands
   *   ready: what to wait for before the tokens and the pixels of a picture belong together
   */
  constructor(server, { show, fail, wantsOthers, ready }) {
    this.server = server;
    this.show = show;
    this.fail = fail;
    this.wantsOthers = wantsOthers;
    this.ready = ready;
    /** @type {{picture: Picture, level: number, token: Token, key: string} | null} */
    this.wanted = null;
    this.busy = false;
  }

  /** @param {Picture} picture  @param {Token} token  of the level at hand */
  async look(picture, token) {
    const { level } = picture;
    const key = [picture.id, level, token.row, token.column, picture.codeAt(token)].join();
    if (key === this.wanted?.key) return;
    this.wanted = { picture, level, token, key };
    if (this.busy) return;
    this.busy = true;
    for (let asked = null; this.wanted && asked !== this.wanted; ) {
      asked = this.wanted;
      await this.ask(asked);
    }
    this.busy = false;
  }

  // After an edit: what was known of the token may be so no more.
  forget() {
    this.wanted = null;
  }

  async ask(asked) {
    const { picture, level, token } = asked;
    try {
      await this.ready?.();
      const question = questionAbout(picture, level, token);
      const { choices, lines } = await this.server.ask("explain_token", question);
      const unpacked = choices.map((choice) => ({ ...choice, z_e: choice.z_e && unpackFloats(choice.z_e), e_k: unpackFloats(choice.e_k) }));
      const why = { picture, level, token, choices: unpacked, lines, others: [] };
      if (this.wanted) this.show(why);
      if (asked !== this.wanted || !this.wantsOthers()) return;
      const { code, nearest } = unpacked[level];
      const codes = [code, ...nearest.filter((other) => other !== code)].slice(0, DECODED);
      const { pictures } = await this.server.ask("decode_choices", { ...question, pixels: null, codes });
      const pixels = await Promise.all(pictures.map(pixelsOfUrl));
      if (asked === this.wanted) this.show({ ...why, others: codes.map((code, i) => ({ code, pixels: pixels[i] })) });
    } catch (problem) {
      if (!(problem instanceof PersonError)) throw problem;
      if (asked === this.wanted) this.wanted = null;
      this.fail(problem.message);
    }
  }
}

// The part of the picture that the token's z_e and its neighbours' pixels depend on, and where the token is in it.
function questionAbout(/** @type {Picture} */ picture, level, { row, column }) {
  const { codebook } = picture.grids[level];
  const { span, encoderHalo, levels } = codebook;
  const coarsest = levels[0].span;
  const own = picture.wholeTokens([row, row + 1, column, column + 1].map((edge) => edge * span));
  const reach = Math.max(encoderHalo * coarsest, span + Math.max(...levels.map(({ halo }) => halo)), coarsest);
  const area = picture.wholeTokens(picture.grow(own, reach));
  const document = picture.partDocument(area.map((edge) => edge / picture.codebook.span));
  const pixels = picture.original && rgbOf(picture.original, area, picture.finest.codebook.downsampling, document);
  return { document, level, row: row - area[0] / span, column: column - area[2] / span, pixels };
}

function rgbOf({ data, width: stride }, [top, , left], f, { width, height }) {
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0, from = ((top * f + y) * stride + left * f) * 4; x < width; x++, from += 4) {
      rgb[to++] = data[from];
      rgb[to++] = data[from + 1];
      rgb[to++] = data[from + 2];
    }
  return bytesToBase64(rgb);
}

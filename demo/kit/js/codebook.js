// The codebook as the page sees it: what each code looks like, how often training used it, a colour for each.

import { base64ToBytes } from "./bytes.js";
import { newCanvas, pixelsOfUrl } from "./images.js";

const TILES_A_ROW = 64;
const GOLDEN_ANGLE = 137.50776;
const LIGHTNESSES = [0.5, 0.78, 0.36, 0.66, 0.88];

export class Codebook {
  // That of the model's finest level; its `levels` are the codebooks of all of them, coarse to fine.
  static async load(server, model) {
    const { levels, tokens, encoder_halo: encoderHalo } = await server.ask("read_codebook", { model });
    const sheets = await Promise.all(levels.map(({ tiles }) => pixelsOfUrl(tiles)));
    /** @type {Codebook[]} */
    const codebooks = levels.map((answer, level) => new Codebook({ ...answer, model, home: tokens, level, encoderHalo }, sheets[level]));
    for (const codebook of codebooks) codebook.levels = codebooks;
    return codebooks.at(-1);
  }

  /**
   * halo: how far a token reaches beyond the tokens of the finest grid that it spans, in those; Infinity: everywhere.
   * encoderHalo: how far the encoder looks beyond a token of the coarsest grid, in those; Infinity: everywhere.
   * @param {import("./types.js").CodebookData & {model: string, home: string, level: number, encoderHalo: number | null}} told
   * @param {ImageData} sheet
   */
  constructor({ model, home, level, name, size, code_dim, downsampling, halo, encoderHalo, usage }, sheet) {
    this.model = model;
    this.home = home; // the tokenizer whose tokens these are: another where the model is a second decoder
    this.level = level;
    this.name = name; // beside the others of the model, such as "coarse"
    this.size = size;
    this.dim = code_dim;
    this.downsampling = downsampling;
    this.encoderHalo = encoderHalo ?? Infinity;
    this.halo = halo ?? Infinity;
    /** @type {Codebook[]} */
    this.levels = []; // of the model, coarse to fine, this one among them
    /** @type {"decode_whole" | "decode_window"} */
    this.decoder = halo === null ? "decode_whole" : "decode_window"; // which of the server's functions repaints an edit
    this.usage = new Uint32Array(base64ToBytes(usage).buffer);
    this.usageTotal = this.usage.reduce((sum, count) => sum + count, 0);
    this.sheet = newCanvas(sheet.width, sheet.height);
    this.sheet.getContext("2d").putImageData(sheet, 0, 0);
    this.colours = { appearance: this.meanColours(sheet), distinct: distinctColours(size) };
  }

  // Tokens of the finest grid that one spans in each dimension.
  get span() {
    return this.downsampling / this.levels.at(-1).downsampling;
  }

  tileCorner(code) {
    return [(code % TILES_A_ROW) * this.downsampling, Math.floor(code / TILES_A_ROW) * this.downsampling];
  }

  drawTile(context, code, x, y, side) {
    const f = this.downsampling;
    context.drawImage(this.sheet, ...this.tileCorner(code), f, f, x, y, side, side);
  }

  meanColours(sheet) {
    const f = this.downsampling;
    const colours = new Uint8ClampedArray(this.size * 3);
    for (let code = 0; code < this.size; code++) {
      const [left, top] = this.tileCorner(code);
      const sum = [0, 0, 0];
      for (let y = top; y < top + f; y++)
        for (let x = left; x < left + f; x++)
          for (let c = 0; c < 3; c++) sum[c] += sheet.data[(y * sheet.width + x) * 4 + c];
      for (let c = 0; c < 3; c++) colours[code * 3 + c] = sum[c] / (f * f);
    }
    return colours;
  }
}

// Each model's, loaded once; one that could not be loaded is asked for again.
export class Codebooks {
  constructor(server) {
    this.server = server;
    this.loads = new Map();
  }

  of(model) {
    if (!this.loads.has(model)) {
      this.loads.set(model, Codebook.load(this.server, model));
      this.loads.get(model).catch(() => this.loads.delete(model));
    }
    return this.loads.get(model);
  }
}

// Hues a golden angle apart, and lightness in steps that neighbours never share: codes that a colour-blind
// person sees in one hue still differ in lightness.
export function distinctColours(size) {
  const colours = new Uint8ClampedArray(size * 3);
  for (let code = 0; code < size; code++) {
    const lightness = LIGHTNESSES[code % LIGHTNESSES.length];
    const hue = (code * GOLDEN_ANGLE * Math.PI) / 180;
    let chroma = 0.16;
    let rgb = oklchToRgb(lightness, chroma, hue);
    while (chroma > 0 && rgb.some((value) => value < 0 || value > 1)) rgb = oklchToRgb(lightness, (chroma -= 0.01), hue);
    rgb.forEach((value, c) => (colours[code * 3 + c] = Math.round(255 * value)));
  }
  return colours;
}

// Ottosson's OKLab, to gamma-encoded sRGB; values outside 0…1 are outside what a screen shows.
function oklchToRgb(lightness, chroma, hue) {
  const a = chroma * Math.cos(hue);
  const b = chroma * Math.sin(hue);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((value) => (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055));
}

// Gamma-encoded sRGB, 0 to 255, to OKLab.
export function rgbToOklab(rgb) {
  const [r, g, b] = Array.from(rgb, (value) => (value <= 10.31475 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

// 2^H of how often each code occurs: how many codes would be used, were they used equally. See vqcore.metrics.perplexity.
export function perplexity(counts) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return 2 ** counts.reduce((sum, count) => (count ? sum - (count / total) * Math.log2(count / total) : sum), 0);
}

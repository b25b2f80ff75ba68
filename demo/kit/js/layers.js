// The views of the picture on the stage, each a canvas: original, rebuilt, codes (a pixel a token), error; and the surprise
// map (a pixel a token) and one level alone, once they were asked for.

import { newCanvas } from "./images.js";

const ERROR_FULL = 64; // the error, in levels of 255, that takes the last colour
const ERROR_STOPS = [[8, 8, 20], [66, 25, 110], [165, 44, 96], [237, 105, 37], [252, 200, 60], [252, 255, 200]];

export const ERROR_COLOURS = Array.from({ length: 256 }, (_, i) => {
  const place = (i / 255) * (ERROR_STOPS.length - 1);
  const stop = Math.min(Math.floor(place), ERROR_STOPS.length - 2);
  return ERROR_STOPS[stop].map((from, c) => from + (ERROR_STOPS[stop + 1][c] - from) * (place - stop));
});

// The colour, as four bytes of a picture, of each sum of the three channels' errors.
const ERROR_PIXELS = Uint32Array.from({ length: 3 * 255 + 1 }, (_, sum) => {
  const [r, g, b] = Uint8ClampedArray.from(ERROR_COLOURS[Math.min(255, Math.round(((sum / 3) * 255) / ERROR_FULL))]);
  return (255 << 24) | (b << 16) | (g << 8) | r;
});

export class Layers {
  constructor(picture, colouring) {
    this.picture = picture;
    this.colouring = colouring;
    const { width, height } = picture;
    this.rebuilt = newCanvas(width, height);
    this.codes = newCanvas(picture.columns, picture.rows); // of the level at hand
    /** @type {HTMLCanvasElement | null} */
    this.surprise = null; // drawn by who knows the prior, with what it is drawn of
    this.surpriseOf = null;
    /** @type {HTMLCanvasElement | null} */
    this.alone = null; // what one level carries
    this.aloneOf = null;
    this.original = picture.original && newCanvas(width, height);
    this.error = picture.original && newCanvas(width, height);
    this.original?.getContext("2d").putImageData(picture.original, 0, 0);
    this.refreshPixels({ x: 0, y: 0, width, height });
    this.refreshCodes();
  }

  refreshPixels(area) {
    const { x, y, width, height } = area;
    this.rebuilt.getContext("2d").putImageData(this.picture.rebuilt, 0, 0, x, y, width, height);
    if (!this.error) return;
    const map = new ImageData(width, height);
    const colours = new Uint32Array(map.data.buffer);
    const stride = this.picture.width * 4;
    const { original: { data: before }, rebuilt: { data: after } } = this.picture;
    for (let row = 0, to = 0; row < height; row++)
      for (let i = (y + row) * stride + x * 4, end = i + width * 4; i < end; i += 4)
        colours[to++] = ERROR_PIXELS[
          Math.abs(before[i] - after[i]) + Math.abs(before[i + 1] - after[i + 1]) + Math.abs(before[i + 2] - after[i + 2])
        ];
    this.error.getContext("2d").putImageData(map, x, y);
  }

  refreshCodes() {
    const { tokens, columns, rows, codebook } = this.picture;
    const colours = codebook.colours[this.colouring];
    const image = new ImageData(columns, rows);
    tokens.forEach((code, cell) => {
      for (let c = 0; c < 3; c++) image.data[cell * 4 + c] = colours[code * 3 + c];
      image.data[cell * 4 + 3] = 255;
    });
    Object.assign(this.codes, { width: columns, height: rows });
    this.codes.getContext("2d").putImageData(image, 0, 0);
  }

  // Show a change at once: its colour among the codes and, until its pixels come, what the code looks like alone.
  refreshToken(place) {
    const { picture } = this;
    const grid = picture.gridAt(place);
    const { codebook } = grid;
    const code = grid.tokens[place - grid.first];
    const [x, y, side] = picture.squareAt(place);
    codebook.drawTile(this.rebuilt.getContext("2d"), code, x, y, side);
    if (grid !== picture.grid) return;
    const codes = this.codes.getContext("2d");
    codes.fillStyle = `rgb(${codebook.colours[this.colouring].subarray(code * 3, code * 3 + 3).join(" ")})`;
    codes.fillRect(x / side, y / side, 1, 1);
  }
}

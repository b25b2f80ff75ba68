// A picture of the filmstrip: its tokens, its pixels before and after them, and its history.

class Picture {
  // answer: what the server gives for an opened file; original is missing for a document opened alone.
  // kept: what the browser's storage adds to a document, its original's pixels and its history.
  static async fromAnswer({ document, original, rebuilt, kept }, codebook) {
    const [before, after] = await Promise.all([original ? pixelsOfUrl(original) : null, pixelsOfUrl(rebuilt)]);
    const picture = new Picture(document, codebook, kept?.original ?? before, after);
    if (kept) Object.assign(picture.history, { past: kept.past, future: kept.future });
    return picture;
  }

  constructor(document, codebook, original, rebuilt) {
    this.source = document;
    this.codebook = codebook;
    this.id = document.id || crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.name = document.name;
    this.width = document.width;
    this.height = document.height;
    this.original = original;
    this.rebuilt = rebuilt;
    this.fidelity = null;
    this.history = new History();
    const fine = document.grids.at(-1);
    [this.rows, this.columns] = fine.shape;
    this.tokens = unpackTokens(fine.data, codebook.size);
    this.counts = new Int32Array(codebook.size);
    for (const code of this.tokens) this.counts[code]++;
  }

  setToken(cell, code) {
    this.counts[this.tokens[cell]]--;
    this.counts[code]++;
    this.tokens[cell] = code;
  }

  // The tokens of a window, row by row; edges are [top, bottom, left, right], ends excluded.
  cut([top, bottom, left, right]) {
    const window = new Int32Array((bottom - top) * (right - left));
    for (let row = top; row < bottom; row++)
      window.set(
        this.tokens.subarray(row * this.columns + left, row * this.columns + right),
        (row - top) * (right - left),
      );
    return window;
  }

  // Widen a window by some tokens, as far as the grid goes.
  grow([top, bottom, left, right], by) {
    return [
      Math.max(0, top - by), Math.min(this.rows, bottom + by),
      Math.max(0, left - by), Math.min(this.columns, right + by),
    ];
  }

  // Put RGB pixels that were decoded for a window of tokens; what sticks out over the picture's edge is padding.
  // Answers the rectangle of pixels that changed.
  putPixels([top, bottom, left, right], rgb) {
    const f = this.codebook.downsampling;
    const stride = (right - left) * f;
    const x = left * f;
    const y = top * f;
    const width = Math.min(stride, this.width - x);
    const height = Math.min((bottom - top) * f, this.height - y);
    const data = this.rebuilt.data;
    for (let row = 0; row < height; row++) {
      let from = row * stride * 3;
      let to = ((y + row) * this.width + x) * 4;
      for (let column = 0; column < width; column++, to += 4) {
        data[to] = rgb[from++];
        data[to + 1] = rgb[from++];
        data[to + 2] = rgb[from++];
      }
    }
    return { x, y, width, height };
  }

  // A document of some of the tokens alone, for models of one level.
  partDocument([top, bottom, left, right]) {
    const f = this.codebook.downsampling;
    return {
      ...this.source,
      name: `${this.name}, part`,
      width: Math.min(right * f, this.width) - left * f,
      height: Math.min(bottom * f, this.height) - top * f,
      grids: [{ shape: [bottom - top, right - left], data: packTokens(this.cut([top, bottom, left, right]), this.codebook.size) }],
    };
  }

  toDocument() {
    const grids = this.source.grids.slice(0, -1);
    grids.push({ shape: [this.rows, this.columns], data: packTokens(this.tokens, this.codebook.size) });
    return { ...this.source, id: this.id, grids };
  }
}

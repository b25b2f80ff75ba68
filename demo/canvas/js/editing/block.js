// A rectangle of codes, row by row, cut out of a picture: what is copied, turned and pasted.

export class Block {
  constructor(rows, columns, codes) {
    this.rows = rows;
    this.columns = columns;
    this.codes = codes;
  }

  // Tab-separated lines, which spreadsheets take and give; null where the text is anything else.
  static fromText(text) {
    const lines = text.trimEnd().split(/\r?\n/).map((line) => line.split("\t"));
    const whole = lines.every((line) => line.length === lines[0].length && line.every((word) => /^\d{1,9}$/.test(word)));
    return whole ? new Block(lines.length, lines[0].length, lines.flat().map(Number)) : null;
  }

  toText() {
    const line = (_, row) => Array.from(this.codes.slice(row * this.columns, (row + 1) * this.columns)).join("\t");
    return Array.from({ length: this.rows }, line).join("\n");
  }

  at(row, column) {
    return this.codes[row * this.columns + column];
  }

  // The block of the given size whose code at each place is the one that source(row, column) points to.
  rearranged(rows, columns, source) {
    const codes = Array.from({ length: rows * columns }, (_, i) => this.at(...source(Math.floor(i / columns), i % columns)));
    return new Block(rows, columns, codes);
  }

  flippedAcross() {
    return this.rearranged(this.rows, this.columns, (row, column) => [row, this.columns - 1 - column]);
  }

  flippedDown() {
    return this.rearranged(this.rows, this.columns, (row, column) => [this.rows - 1 - row, column]);
  }

  // A quarter clockwise.
  turned() {
    return this.rearranged(this.columns, this.rows, (row, column) => [this.rows - 1 - column, row]);
  }
}

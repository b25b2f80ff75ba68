// Where the picture lies in a pane of the stage: pixels of the picture times scale, plus an offset, are CSS pixels of the pane.

const MAX_CELL = 96; // CSS pixels a token at the closest zoom

export class View {
  constructor() {
    /** @type {import("../document/picture.js").Picture | null} */
    this.picture = null;
    this.width = this.height = this.margin = 0; // of the pane
    this.scale = 1;
    this.x = this.y = 0;
    this.fitted = true;
  }

  // Into a pane, or another one, which shows what the last one did in its middle.
  place(picture, { width, height, margin }) {
    const fit = this.fitted ? 0 : this.fitScale;
    const [x, y] = [(this.width / 2 - this.x) / this.scale, (this.height / 2 - this.y) / this.scale];
    Object.assign(this, { picture, width, height, margin });
    if (!fit) return this.fit();
    this.scale *= this.fitScale / fit;
    this.x = width / 2 - x * this.scale;
    this.y = height / 2 - y * this.scale;
    this.settle();
  }

  // The same in a pane of another size.
  at(size) {
    if (size === 1) return this;
    const view = Object.assign(new View(), { picture: this.picture });
    for (const name of ["x", "y", "scale", "width", "height"]) view[name] = this[name] * size;
    return view;
  }

  get fitScale() {
    const { picture, margin } = this;
    return Math.max(0.02, Math.min((this.width - margin * 2) / picture.width, (this.height - margin * 2) / picture.height));
  }

  get cell() {
    return this.scale * this.picture.codebook.downsampling;
  }

  fit() {
    this.fitted = true;
    this.scale = this.fitScale;
    this.x = (this.width - this.picture.width * this.scale) / 2;
    this.y = (this.height - this.picture.height * this.scale) / 2;
  }

  zoom(factor, x, y) {
    const closest = MAX_CELL / this.picture.codebook.downsampling;
    const scale = Math.min(Math.max(this.scale * factor, this.fitScale), Math.max(closest, this.fitScale));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = scale === this.fitScale;
    this.settle();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.settle();
  }

  // Keep the picture in its pane: centred where it is smaller, without a gap where it is larger.
  settle() {
    const along = (offset, size, room) =>
      size <= room ? (room - size) / 2 : Math.min(this.margin, Math.max(room - size - this.margin, offset));
    this.x = along(this.x, this.picture.width * this.scale, this.width);
    this.y = along(this.y, this.picture.height * this.scale, this.height);
  }

  // The token under a point of the pane, or null.
  tokenAt(x, y) {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return null;
    const column = Math.floor((x - this.x) / this.cell);
    const row = Math.floor((y - this.y) / this.cell);
    const { rows, columns } = this.picture;
    return row >= 0 && column >= 0 && row < rows && column < columns ? { row, column } : null;
  }

  nearestToken(x, y) {
    const { rows, columns } = this.picture;
    const along = (place, count) => Math.min(count - 1, Math.max(0, Math.floor(place / this.cell)));
    return { row: along(y - this.y, rows), column: along(x - this.x, columns) };
  }

  // The tokens that show in the pane: [top, bottom, left, right], ends excluded.
  visible() {
    const { rows, columns } = this.picture;
    return [
      Math.max(0, Math.floor(-this.y / this.cell)), Math.min(rows, Math.ceil((this.height - this.y) / this.cell)),
      Math.max(0, Math.floor(-this.x / this.cell)), Math.min(columns, Math.ceil((this.width - this.x) / this.cell)),
    ];
  }
}

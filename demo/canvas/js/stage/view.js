// Where the picture lies on the stage: pixels of the picture times scale, plus an offset, are CSS pixels of the stage.

const MAX_CELL = 96; // CSS pixels a token at the closest zoom
const FIT_MARGIN = 12;

export class View {
  constructor() {
    this.scale = 1;
    this.x = this.y = 0;
    this.fitted = true;
  }

  place(picture, width, height) {
    this.picture = picture;
    this.width = width;
    this.height = height;
    if (this.fitted) this.fit();
    else this.settle();
  }

  get fitScale() {
    const { picture } = this;
    return Math.max(0.02, Math.min((this.width - FIT_MARGIN * 2) / picture.width, (this.height - FIT_MARGIN * 2) / picture.height));
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

  // Keep the picture on the stage: centred where it is smaller, without a gap where it is larger.
  settle() {
    const along = (offset, size, room) =>
      size <= room ? (room - size) / 2 : Math.min(FIT_MARGIN, Math.max(room - size - FIT_MARGIN, offset));
    this.x = along(this.x, this.picture.width * this.scale, this.width);
    this.y = along(this.y, this.picture.height * this.scale, this.height);
  }

  // The token under a point of the stage, or null.
  tokenAt(x, y) {
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

  // The tokens that show on the stage: [top, bottom, left, right], ends excluded.
  visible() {
    const { rows, columns } = this.picture;
    return [
      Math.max(0, Math.floor(-this.y / this.cell)), Math.min(rows, Math.ceil((this.height - this.y) / this.cell)),
      Math.max(0, Math.floor(-this.x / this.cell)), Math.min(columns, Math.ceil((this.width - this.x) / this.cell)),
    ];
  }
}

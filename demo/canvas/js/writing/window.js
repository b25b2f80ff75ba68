// The part of a picture that a prior looks at: as large as its own grids, or the whole for a prior of any size. Its tokens are
// a sequence, coarse level first, and each place of the sequence is a place of the picture.

import { ofSize } from "../../../kit/js/sequences.js";

export class Window {
  /**
   * @param {import("../document/picture.js").Picture} picture
   * @param {import("../../../kit/js/types.js").PriorData} prior
   * @param {[number, number]} corner  row and column of the coarsest grid
   */
  constructor(picture, prior, [top, left]) {
    const { rows, columns } = picture.grids[0];
    const [across, down] = prior.anySize ? [columns, rows] : prior.grids[0].shape.toReversed();
    this.picture = picture;
    /** @type {import("../../../kit/js/types.js").Area} */
    this.area = [top, top + down, left, left + across];
    let first = 0;
    this.parts = picture.grids.map((grid) => {
      const part = { grid, first, area: this.scaled(this.area, picture.grids[0], grid) };
      first += (part.area[1] - part.area[0]) * (part.area[3] - part.area[2]);
      return part;
    });
    this.prior = ofSize(prior, this.parts.map(({ area }) => [area[1] - area[0], area[3] - area[2]]));
    this.tokens = new Int32Array(first);
    for (const part of this.parts) this.tokens.set(part.grid.cut(part.area), part.first);
  }

  // An area in tokens of one grid, in those of another.
  scaled(area, from, to) {
    return area.map((edge) => (edge * from.codebook.span) / to.codebook.span);
  }

  // The places in the sequence of an area of a grid but for its first tokens, `kept`, and of all finer tokens under them.
  placesUnder(grid, area, kept = 0) {
    const places = [];
    for (const part of this.parts.slice(this.picture.grids.indexOf(grid))) {
      const [top, bottom, left, right] = this.scaled(area, grid, part.grid);
      const scale = grid.codebook.span / part.grid.codebook.span;
      const columns = part.area[3] - part.area[2];
      for (let row = top; row < bottom; row++)
        for (let column = left; column < right; column++)
          if (row >= top + scale || column >= left + kept * scale)
            places.push(part.first + (row - part.area[0]) * columns + column - part.area[2]);
    }
    return places;
  }

  // Where in the picture a place of the sequence lies.
  placeInPicture(place) {
    const { grid, area: [top, , left, right], first } = this.parts.findLast((part) => part.first <= place);
    const cell = place - first;
    const columns = right - left;
    return grid.first + (top + Math.floor(cell / columns)) * grid.columns + left + (cell % columns);
  }

  // An area of a grid in tokens of the finest, from the window's corner.
  regionOf(grid, area) {
    const [top, , left] = this.parts.at(-1).area;
    return this.scaled(area, grid, this.picture.finest).map((edge, i) => edge - (i < 2 ? top : left));
  }
}

/**
 * The window around an area of a grid; null where it is larger than a window.
 * @returns {Window | null}
 */
export function windowAround(picture, prior, grid, area) {
  if (prior.anySize) return new Window(picture, prior, [0, 0]);
  const coarsest = picture.grids[0];
  const scale = coarsest.codebook.span / grid.codebook.span;
  const [top, bottom, left, right] = area.map((edge, i) => (i % 2 ? Math.ceil : Math.floor)(edge / scale));
  const [rows, columns] = prior.grids[0].shape;
  if (bottom - top > rows || right - left > columns) return null;
  const start = (from, to, room, whole) => Math.max(0, Math.min(whole - room, Math.round((from + to - room) / 2)));
  return new Window(picture, prior, [start(top, bottom, rows, coarsest.rows), start(left, right, columns, coarsest.columns)]);
}

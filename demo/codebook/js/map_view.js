// Where the codes lie on the map: places of the codebook's plane times scale, plus an offset, are CSS pixels.

const CLOSEST = 40; // times the scale at which the whole map fits
const TILE_GROWTH = 0.7; // a tile grows by this power of the zoom, so that the map opens up as one comes nearer
const TILE_LIMITS = [3, 72]; // CSS pixels
const USAGE_LIMITS = [0.5, 1.7]; // a tile's side for the least and the most used code, times the common one
const MAP_MARGIN = 26;

export class MapView {
  constructor() {
    this.width = 1;
    this.height = 1;
    this.zoom = 1;
    this.x = 0;
    this.y = 0;
    this.fitted = true;
    this.places = new Float32Array(0);
  }

  resize(width, height) {
    this.width = width;
    this.height = height;
    this.fitted ? this.fit() : this.settle();
  }

  // places: x and y of each code in turn; weights: a side for each, 1 on the average.
  take(places, weights) {
    const bounds = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < places.length; i += 2) {
      bounds[0] = Math.min(bounds[0], places[i]);
      bounds[1] = Math.max(bounds[1], places[i]);
      bounds[2] = Math.min(bounds[2], places[i + 1]);
      bounds[3] = Math.max(bounds[3], places[i + 1]);
    }
    this.places = places;
    this.weights = weights;
    this.bounds = bounds;
    this.resize(this.width, this.height);
  }

  // Both axes are stretched to fill the map: neither has a unit, and a narrow window would waste the other.
  get scales() {
    const [left, right, top, bottom] = this.bounds;
    return [
      (this.zoom * (this.width - 2 * MAP_MARGIN)) / (right - left || 1),
      (this.zoom * (this.height - 2 * MAP_MARGIN)) / (bottom - top || 1),
    ];
  }

  at(code) {
    const [across, down] = this.scales;
    return [
      this.x + (this.places[2 * code] - this.bounds[0]) * across,
      this.y + (this.places[2 * code + 1] - this.bounds[2]) * down,
    ];
  }

  side(code) {
    const common = 0.9 * Math.sqrt((this.width * this.height) / (this.places.length / 2)) * this.zoom ** TILE_GROWTH;
    return Math.min(TILE_LIMITS[1], Math.max(TILE_LIMITS[0], common)) * this.weights[code];
  }

  fit() {
    this.zoom = 1;
    this.x = MAP_MARGIN;
    this.y = MAP_MARGIN;
    this.fitted = true;
  }

  zoomBy(factor, x, y) {
    const zoom = Math.min(CLOSEST, Math.max(1, this.zoom * factor));
    this.x = x - ((x - this.x) * zoom) / this.zoom;
    this.y = y - ((y - this.y) * zoom) / this.zoom;
    this.zoom = zoom;
    this.fitted = zoom === 1;
    this.settle();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.settle();
  }

  // The closer, the farther beyond the map's edge: up close a code at the edge can stand in the middle.
  settle() {
    if (this.zoom === 1) return this.fit();
    const along = (offset, room) => {
      const slack = MAP_MARGIN + ((1 - 1 / this.zoom) * room) / 2;
      return Math.min(slack, Math.max(room - slack - this.zoom * (room - 2 * MAP_MARGIN), offset));
    };
    this.x = along(this.x, this.width);
    this.y = along(this.y, this.height);
  }

  // Move no more than it takes for a code to be well in sight.
  reveal(code) {
    const [x, y] = this.at(code);
    const inside = (place, room) => Math.min(room - 2 * MAP_MARGIN, Math.max(2 * MAP_MARGIN, place));
    this.pan(inside(x, this.width) - x, inside(y, this.height) - y);
  }
}

// The side of each code's tile by how often it is used; the area goes with the count.
export function weightsOf(counts) {
  let total = 0;
  for (const count of counts) total += count;
  const mean = total / counts.length;
  return Float32Array.from(counts, (count) => (total ? Math.min(USAGE_LIMITS[1], Math.max(USAGE_LIMITS[0], Math.sqrt(count / mean))) : 1));
}

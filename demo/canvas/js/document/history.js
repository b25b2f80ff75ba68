// Gestures that can be taken back. One entry is a list of [place, code before, code after]. A picture that has grown has a history of
// its own, and links the two: before its first gesture stands the smaller picture, and after that one's last the larger.
// After a reload these are as they were kept until somebody goes there.

/**
 * @typedef {{past: Int32Array[], future: Int32Array[], smaller?: Kept, larger?: Kept}} KeptHistory
 * @typedef {KeptHistory & {id: string, document: any, original?: ImageData | null}} Kept
 */

const packed = new WeakMap(); // entry → its numbers in a row, which are quick to store

export class History {
  constructor() {
    this.past = [];
    this.future = [];
    /** @type {import("./picture.js").Picture | Kept | null} */
    this.smaller = null;
    /** @type {import("./picture.js").Picture | Kept | null} */
    this.larger = null;
  }

  /** @param {KeptHistory} kept */
  static of({ past, future, smaller = null, larger = null }) {
    return Object.assign(new History(), { past: past.map(unpack), future: future.map(unpack), smaller, larger });
  }

  get canUndo() {
    return this.past.length > 0 || this.smaller !== null;
  }

  get canRedo() {
    return this.future.length > 0 || this.larger !== null;
  }

  push(entry) {
    this.past.push(entry);
    this.future = [];
    this.larger = null;
  }

  // The changes, [place, code] each, that take the last gesture back; null where there is none.
  undo() {
    const entry = this.past.pop();
    if (!entry) return null;
    this.future.push(entry);
    return entry.map(([place, before]) => [place, before]);
  }

  redo() {
    const entry = this.future.pop();
    if (!entry) return null;
    this.past.push(entry);
    return entry.map(([place, , after]) => [place, after]);
  }
}

/**
 * A picture with its history as the browser's storage takes it, and within it those that it grew from, and into.
 * @param {import("./picture.js").Picture | Kept} picture
 * @returns {Kept}
 */
export function toKeep(picture, sides = SIDES) {
  const { past, future, ...links } = historyOf(picture);
  const linked = Object.fromEntries(sides.filter((side) => links[side]).map((side) => [side, toKeep(links[side], [side])]));
  if (!("history" in picture)) return { ...picture, original: null, ...linked };
  return { id: picture.id, document: picture.toDocument(), past: past.map(pack), future: future.map(pack), ...linked };
}

// A picture, those that it grew from, and those that grew from it.
export function lineage(picture) {
  const found = [picture];
  for (const side of SIDES) for (let other = historyOf(picture)[side]; other; other = historyOf(other)[side]) found.push(other);
  return found;
}

const SIDES = ["smaller", "larger"];

const historyOf = (picture) => picture.history ?? picture;

function pack(entry) {
  if (!packed.has(entry)) packed.set(entry, Int32Array.from(entry.flat()));
  return packed.get(entry);
}

function unpack(numbers) {
  return Array.from({ length: numbers.length / 3 }, (_, i) => Array.from(numbers.subarray(i * 3, i * 3 + 3)));
}

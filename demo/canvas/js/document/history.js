// Gestures that can be taken back. One entry is a list of [place, code before, code after]. A picture that has grown has a history of
// its own, and links the two: before its first gesture stands the smaller picture, and after that one's last the larger.

export class History {
  constructor() {
    this.past = [];
    this.future = [];
    /** @type {import("./picture.js").Picture | null} */
    this.smaller = null;
    /** @type {import("./picture.js").Picture | null} */
    this.larger = null;
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

// Gestures that can be taken back. One entry is a list of [place, code before, code after].

export class History {
  constructor() {
    this.past = [];
    this.future = [];
  }

  push(entry) {
    this.past.push(entry);
    this.future = [];
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

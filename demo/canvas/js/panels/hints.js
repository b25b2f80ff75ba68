// Three hints for the first visit. Each goes when it is closed or when its step has been done.

const HINTS_SEEN = "vq-explorer-hints-seen";

export class Hints {
  constructor(list) {
    this.list = list;
    const seen = this.seen();
    for (const hint of list.querySelectorAll("[data-hint]")) {
      hint.hidden = seen.includes(hint.dataset.hint);
      hint.querySelector("button").addEventListener("click", () => this.done(hint.dataset.hint));
    }
  }

  // Storage may be forbidden, as in a private window of a framed page: then the hints come back.
  seen() {
    try {
      return JSON.parse(localStorage.getItem(HINTS_SEEN)) ?? [];
    } catch {
      return [];
    }
  }

  done(name) {
    const hint = this.list.querySelector(`[data-hint=${name}]`);
    if (hint.hidden) return;
    hint.hidden = true;
    try {
      localStorage.setItem(HINTS_SEEN, JSON.stringify([...this.seen(), name]));
    } catch {}
  }
}

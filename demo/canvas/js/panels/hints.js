// Three hints for the first visit. Each goes when it is closed or when its step has been done.

import { keep, recall } from "../../../kit/js/storage.js";

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

  seen() {
    return JSON.parse(recall(HINTS_SEEN) ?? "[]");
  }

  done(name) {
    const hint = this.list.querySelector(`[data-hint=${name}]`);
    if (hint.hidden) return;
    hint.hidden = true;
    keep(HINTS_SEEN, JSON.stringify([...this.seen(), name]));
  }
}

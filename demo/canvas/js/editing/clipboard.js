// Tokens copied and pasted: within the page, and as text that spreadsheets take and give.

import { Block } from "./block.js";

export class Clipboard {
  /** @param {import("../main.js").Bench} bench */
  constructor(bench) {
    this.bench = bench;
    this.held = null; // {block, codebook}: of which codebook its codes are, null where a text doesn't say
    document.addEventListener("copy", (event) => this.copyOut(event));
    document.addEventListener("paste", (event) => this.pasteIn(event));
  }

  copy() {
    this.held = { block: this.bench.selection.block, codebook: this.bench.picture.codebook };
  }

  paste() {
    const { bench, held, bench: { picture } } = this;
    if (!held) return bench.messages.problem("There is nothing to paste: copy some tokens first.");
    if (held.codebook && held.codebook !== picture.codebook) {
      const [from, to] = [held.codebook, picture.codebook].map(nameOf);
      return bench.messages.problem(`These codes are of ${from}; in ${to} they mean something else.`);
    }
    if (held.block.codes.some((code) => code >= picture.codebook.size))
      return bench.messages.problem(`Some of the pasted codes are out of range: this codebook has 0 to ${picture.codebook.size - 1}.`);
    const [top, , left] = bench.selection.area ?? [bench.cursor.token?.row ?? 0, 0, bench.cursor.token?.column ?? 0];
    const steps = picture.history.past.length;
    bench.use("select");
    bench.edits.put(held.block, top, left);
    if (picture.history.past.length === steps)
      bench.messages.note(
        `Pasted at row ${top}, column ${left}, where the same codes stood: nothing changed. Click or select another place, and paste there.`,
      );
  }

  get hasKeys() {
    return document.activeElement === this.bench.stage.element;
  }

  copyOut(event) {
    if (!this.hasKeys || !this.bench.selection.area) return;
    this.copy();
    event.clipboardData.setData("text/plain", this.held.block.toText());
    event.preventDefault();
  }

  pasteIn(event) {
    if (!this.hasKeys || event.clipboardData.files.length) return;
    const text = event.clipboardData.getData("text/plain");
    const block = Block.fromText(text);
    if (!block) return;
    event.preventDefault();
    if (text !== this.held?.block.toText()) this.held = { block, codebook: null };
    this.paste();
  }
}

// A codebook as a sentence names it.
function nameOf({ model, name, levels }) {
  return levels.length > 1 ? `the ${name} level of ${model}` : `the model ${model}`;
}

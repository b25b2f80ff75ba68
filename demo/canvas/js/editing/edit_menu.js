// The Edit menu: what its buttons do, and which tokens it says that they do it to.

import { refine } from "./refining.js";

export class EditMenu {
  /** @param {import("../main.js").Bench} bench */
  constructor(menu, bench) {
    this.menu = menu;
    this.bench = bench;
    const field = (name) => menu.querySelector(`[data-${name}]`);
    this.from = field("from");
    this.to = field("to");
    this.share = field("share");
    const { clipboard, edits, selection } = bench;
    const actions = {
      all: () => selection.all(),
      copy: () => clipboard.copy(),
      paste: () => clipboard.paste(),
      fill: () => edits.fill(),
      across: () => edits.flip("flippedAcross"),
      down: () => edits.flip("flippedDown"),
      turn: () => edits.turn(),
      replace: () => this.withPair((from, to) => edits.replace(from, to)),
      swap: () => this.withPair((one, other) => edits.swap(one, other)),
      refine: () => refine(bench),
      shuffle: () => edits.shuffle(),
      noise: () => edits.noise(this.share.value / 100),
    };
    for (const button of menu.querySelectorAll("[data-edit]"))
      button.addEventListener("click", () => {
        if (!("stays" in button.dataset)) menu.open = false;
        actions[button.dataset.edit]();
      });
    menu.addEventListener("toggle", () => this.refresh());
    this.share.addEventListener("input", () => this.refresh());
  }

  refresh() {
    const { bench, menu, bench: { selection: { area } } } = this;
    if (menu.open && !menu.contains(document.activeElement?.closest("input"))) {
      this.from.value = bench.formerCode;
      this.to.value = bench.code;
    }
    menu.querySelector("[data-percent]").textContent = `${this.share.value} %`;
    menu.querySelector("[data-scope]").textContent = area
      ? `On the selection: ${area[3] - area[2]} × ${area[1] - area[0]} tokens`
      : "On the whole picture: nothing is selected";
  }

  // Work with the two codes of the fields, or tell the person what is wrong with them.
  withPair(work) {
    const { size } = this.bench.picture.codebook;
    const codes = [this.from, this.to].map(({ value }) => (value === "" ? NaN : Number(value)));
    if (codes.every((code) => Number.isInteger(code) && code >= 0 && code < size)) return work(...codes);
    this.menu.open = false;
    this.bench.messages.problem(`Give two codes: this codebook has 0 to ${size - 1}.`);
  }
}

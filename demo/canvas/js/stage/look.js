// How the picture is looked at: all layers side by side, or which one, faded over which other; and the colours of the codes.

import { keep, recall } from "../../../kit/js/storage.js";

const VIEW = "vq-explorer-view";
const KEPT = ["side", "original", "rebuilt", "codes", "error"]; // the views that a later visit begins with

export class Look {
  constructor(element, onChange) {
    this.element = element;
    this.onChange = onChange;
    this.side = true;
    this.layer = "rebuilt";
    this.under = "original";
    this.fade = 1;
    this.colouring = "distinct";
    this.slider = element.querySelector("[data-fade]");
    this.choice = element.querySelector("[data-under]");
    for (const button of element.querySelectorAll("[data-layer]"))
      button.addEventListener("click", () => this.setLayer(button.dataset.layer));
    element.querySelector("[data-view]").addEventListener("click", () => (this.view = "side"));
    for (const button of element.querySelectorAll("[data-colouring]"))
      button.addEventListener("click", () => this.change({ colouring: button.dataset.colouring }));
    this.slider.addEventListener("input", () => this.change({ fade: this.slider.value / 100 }));
    this.choice.addEventListener("change", () => this.change({ under: this.choice.value }));
  }

  /** @returns {string} "side", or the layer that is shown alone */
  get view() {
    return this.side ? "side" : this.layer;
  }

  set view(name) {
    if (name === "side") this.change({ side: true });
    else if (this.element.querySelector(`[data-layer="${CSS.escape(name)}"]`)) this.setLayer(name);
  }

  // Whether a layer has to be up to date. Side by side are the four that always are.
  shows(name) {
    return !this.side && (this.layer === name || (this.under === name && this.fade < 1));
  }

  // Show a layer alone.
  setLayer(layer) {
    const { disabled, hidden, ariaDisabled } = this.element.querySelector(`[data-layer=${layer}]`);
    if (disabled || hidden || ariaDisabled === "true") return;
    this.change({ side: false, ...this.with(layer) });
  }

  with(layer) {
    return { layer, under: layer === this.under ? (layer === "original" ? "rebuilt" : "original") : this.under };
  }

  // Side by side, or the layer that was alone before; a pane under the pointer comes first.
  toggle(pointed) {
    if (this.side) this.setLayer(pointed ?? this.layer);
    else this.view = "side";
  }

  // What a visitor chose before, who may have forbidden to store it.
  recall() {
    const kept = recall(VIEW);
    if (KEPT.includes(kept)) this.view = kept;
    else this.change({});
  }

  // Look at something else than this layer, which can't be shown any more.
  leave(name) {
    if (this.layer === name) this.change(this.with("rebuilt"));
    if (this.under === name) this.change({ under: this.layer === "rebuilt" ? "codes" : "rebuilt" });
  }

  // A document opened without its original has fewer layers.
  fitTo(picture) {
    const lost = !picture.original;
    for (const name of ["original", "error"])
      for (const part of this.element.querySelectorAll(`[data-layer=${name}], [data-under] [value=${name}]`)) part.disabled = lost;
    if (!lost) return;
    const layer = ["codes", "surprise"].includes(this.layer) ? this.layer : "rebuilt";
    this.change({ layer, under: layer === "rebuilt" ? "codes" : "rebuilt" });
  }

  change(settings) {
    const before = this.view;
    Object.assign(this, settings);
    for (const name of ["layer", "colouring"])
      for (const button of this.element.querySelectorAll(`[data-${name}]`))
        button.setAttribute("aria-pressed", button.dataset[name] === this[name] && !(this.side && name === "layer"));
    this.element.querySelector("[data-view]").setAttribute("aria-pressed", this.side);
    this.choice.value = this.under;
    this.slider.value = this.fade * 100;
    this.element.dataset.shows = this.view;
    this.onChange();
    if (this.view === before) return;
    keep(VIEW, this.view);
    this.element.dispatchEvent(new Event("canvas-view", { bubbles: true }));
  }
}

// How the picture is looked at: which layer, faded over which other, and the colours of the codes.

export class Look {
  constructor(element, onChange) {
    this.element = element;
    this.onChange = onChange;
    this.layer = "rebuilt";
    this.under = "original";
    this.fade = 1;
    this.colouring = "distinct";
    this.slider = element.querySelector("[data-fade]");
    this.choice = element.querySelector("[data-under]");
    for (const button of element.querySelectorAll("[data-layer]"))
      button.addEventListener("click", () => this.setLayer(button.dataset.layer));
    for (const button of element.querySelectorAll("[data-colouring]"))
      button.addEventListener("click", () => this.change({ colouring: button.dataset.colouring }));
    this.slider.addEventListener("input", () => this.change({ fade: this.slider.value / 100 }));
    this.choice.addEventListener("change", () => this.change({ under: this.choice.value }));
  }

  setLayer(layer) {
    if (this.element.querySelector(`[data-layer=${layer}]`).disabled) return;
    const under = layer === this.under ? (layer === "original" ? "rebuilt" : "original") : this.under;
    this.change({ layer, under });
  }

  // Look at something else than this layer, which can't be shown any more.
  leave(name) {
    if (this.layer === name) this.setLayer("rebuilt");
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
    Object.assign(this, settings);
    for (const name of ["layer", "colouring"])
      for (const button of this.element.querySelectorAll(`[data-${name}]`))
        button.setAttribute("aria-pressed", button.dataset[name] === this[name]);
    this.choice.value = this.under;
    this.slider.value = this.fade * 100;
    this.element.dataset.shows = this.layer;
    this.onChange();
  }
}

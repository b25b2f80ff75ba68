// Chooses what to compare next: a tokenizer, how many of its codes, how large the picture.

const SCALES = [1, 0.75, 0.5, 0.25];
export const MOST = 8; // side by side

export class Adder {
  constructor(element, onAdd) {
    this.element = element;
    const field = (name) => element.querySelector(`[data-add=${name}]`);
    this.model = field("model");
    this.codes = field("codes");
    this.scale = field("scale");
    fill(this.scale, SCALES.map((scale) => [scale, scale === 1 ? "full size" : `${100 * scale} % size`]));
    this.model.addEventListener("change", () => this.showSizes());
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      onAdd({ model: this.model.value, codes: Number(this.codes.value), scale: Number(this.scale.value) });
    });
    element.querySelector("[data-add-all]").addEventListener("click", () => {
      for (const { name } of this.tokenizers) onAdd(this.whole(name));
    });
  }

  take(tokenizers) {
    this.tokenizers = tokenizers;
    fill(this.model, tokenizers.map(({ name }) => [name, name]));
    this.showSizes();
  }

  showSizes() {
    const { sizes } = this.tokenizers.find(({ name }) => name === this.model.value);
    fill(
      this.codes,
      sizes.map((size, i) => [size, i ? `${size.toLocaleString("en")} most used codes` : `all ${size.toLocaleString("en")} codes`]),
    );
  }

  // A tokenizer as it is, at the largest size of the picture that it takes.
  whole(name) {
    const { sizes, largest } = this.tokenizers.find((each) => each.name === name);
    const { width, height } = window.canvas.picture;
    const scale = SCALES.find((share) => share * Math.max(width, height) <= largest) ?? SCALES.at(-1);
    return { model: name, codes: sizes[0], scale };
  }

  // Those that are asked for, or several tokenizers; of a lone one, three sizes of its codebook.
  first(asked) {
    const known = (asked ?? []).filter((name) => this.tokenizers.some((each) => each.name === name));
    if (known.length) return known.map((name) => this.whole(name));
    const [own] = this.tokenizers;
    if (this.tokenizers.length > 1) return this.tokenizers.slice(0, 3).map(({ name }) => this.whole(name));
    return own.sizes.slice(0, 3).map((codes) => ({ model: own.name, codes, scale: 1 }));
  }

  // How a setting is called, in the rows and in the two lists of the curtain.
  labelOf({ model, codes, scale }) {
    const whole = this.tokenizers.find(({ name }) => name === model)?.sizes[0] === codes;
    return [model, whole ? null : `${codes.toLocaleString("en")} codes`, scale === 1 ? null : `${100 * scale} % size`]
      .filter(Boolean)
      .join(", ");
  }
}

function fill(select, entries) {
  select.replaceChildren(
    ...entries.map(([value, text]) => {
      const option = document.createElement("option");
      option.value = value;
      option.textContent = text;
      return option;
    }),
  );
}

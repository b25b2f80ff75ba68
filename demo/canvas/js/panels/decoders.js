// Where the tokens on the stage have several decoders: through which of them they are seen. One that was trained for the squared
// error is faithful, a second one is sharp: it makes up texture that is likely, and not true.

export class Decoders {
  /**
   * @param {import("../main.js").Bench} bench
   * @param {{name: string, tokens: string}[]} served
   */
  constructor(group, bench, served) {
    this.group = group;
    this.bench = bench;
    this.homes = new Map(served.map(({ name, tokens }) => [name, tokens])); // of the page's models and of those that were opened
  }

  // Those of the tokens on the stage, the tokenizer's own first.
  get names() {
    const { model, home } = this.bench.picture.codebook;
    this.homes.set(model, home);
    const names = [...this.homes.keys()].filter((name) => this.homes.get(name) === home);
    return names.sort((a, b) => Number(b === home) - Number(a === home));
  }

  show() {
    const { names, bench: { intake, picture: { codebook }, workspace } } = this;
    this.group.hidden = names.length < 2;
    this.group.replaceChildren(...names.map((name) => {
      const own = name === codebook.home;
      const button = Object.assign(document.createElement("button"), {
        type: "button",
        textContent: own ? "Faithful" : names.length === 2 ? "Sharp" : name,
        title: own ? `${name}: nearest to the original on average` : `${name}: the same tokens, with texture made up: likely, not true`,
      });
      button.setAttribute("aria-pressed", String(name === codebook.model));
      button.addEventListener("click", () => {
        if (name !== codebook.model) intake.open(name, () => workspace.decodeWith(name));
      });
      return button;
    }));
  }
}

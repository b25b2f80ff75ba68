// The tokenizer of the picture on the stage, and the others to choose from. Another one tokenizes the picture anew, in its place.

export class Models {
  /**
   * @param {import("../main.js").Bench} bench
   * @param {{name: string, sentence: string}[]} served
   */
  constructor(menu, bench, served) {
    this.menu = menu;
    this.bench = bench;
    this.served = served;
    const part = (name) => menu.parentElement.querySelector(`[data-model=${name}]`);
    this.name = part("name");
    this.list = part("list");
    this.size = part("size");
    menu.addEventListener("toggle", () => menu.open && this.offer());
    part("own").addEventListener("click", () => {
      menu.open = false;
      const tabs = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#benches [role=tab]")]);
      tabs.find((tab) => tab.textContent.trim() === "Models")?.click();
    });
  }

  show() {
    const { codebook, columns, rows } = this.bench.picture;
    this.name.textContent = codebook.model;
    this.size.textContent = `${columns} × ${rows} tokens`;
  }

  // Those of the page, and what a person has opened beside them.
  offer() {
    const { pictures, picture } = this.bench;
    const others = new Set(pictures.map(({ codebook }) => codebook.model));
    for (const { name } of this.served) others.delete(name);
    const opened = [...others].map((name) => ({ name, sentence: "Opened in the tab Models or Train." }));
    this.list.replaceChildren(...[...this.served, ...opened].map(({ name, sentence }) => {
      const button = document.createElement("button");
      const [title, told] = [document.createElement("b"), document.createElement("small")];
      button.type = "button";
      title.textContent = name;
      told.textContent = sentence;
      button.append(title, told);
      button.setAttribute("aria-pressed", String(name === picture?.codebook.model));
      button.addEventListener("click", () => this.take(name));
      return button;
    }));
  }

  take(name) {
    this.menu.open = false;
    this.menu.firstElementChild.focus();
    if (name !== this.bench.picture?.codebook.model) this.bench.intake.open(name, () => this.bench.workspace.useModel(name));
  }
}

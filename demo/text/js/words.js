// Words to put a sentence together from, beside the box: a click appends one.

export class Words {
  constructor(root, input) {
    this.root = root;
    this.input = input;
  }

  /** @param {Record<string, string[]>} groups */
  offer(groups) {
    this.root.hidden = !Object.keys(groups).length;
    this.root.replaceChildren(...Object.entries(groups).map(([name, words]) => {
      const group = Object.assign(document.createElement("div"), { role: "group", ariaLabel: name });
      group.append(...words.map((word) => this.button(word)));
      return group;
    }));
  }

  button(word) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: word });
    button.addEventListener("click", () => {
      this.input.value = [this.input.value.trim(), word].filter(Boolean).join(" ");
      this.input.dispatchEvent(new Event("input", { bubbles: true }));
    });
    return button;
  }
}

// What the page tells the person, over the stage: problems stay until they are read, notes go by themselves.

export const NOTE_MS = 8000;

export class Messages {
  constructor(list) {
    this.list = list;
  }

  problem(text) {
    this.show(text, "problem");
  }

  note(text, action) {
    const item = this.show(text, "note", action);
    setTimeout(() => item.remove(), NOTE_MS);
  }

  show(text, kind, action) {
    const item = document.createElement("li");
    item.className = kind;
    item.setAttribute("role", kind === "problem" ? "alert" : "status");
    const words = document.createElement("span");
    words.textContent = text;
    item.append(words);
    if (action) item.append(this.button(action.label, () => (item.remove(), action.run())));
    item.append(this.button("Dismiss", () => item.remove()));
    this.list.append(item);
    while (this.list.children.length > 3) this.list.firstElementChild.remove();
    return item;
  }

  button(label, run) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", run);
    return button;
  }
}

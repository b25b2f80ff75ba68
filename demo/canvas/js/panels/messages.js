// What the page tells the person, over the stage: problems stay until they are dismissed; notes go by themselves, or with
// the picture that they are about.

export const NOTE_MS = 8000;
const MOST_NOTES = 3;

export class Messages {
  constructor(list) {
    this.list = list;
  }

  problem(text, action) {
    this.show(text, "problem", action);
  }

  // Another picture is shown.
  turn() {
    for (const note of this.list.querySelectorAll(".note")) note.remove();
  }

  note(text, action) {
    const item = this.show(text, "note", action);
    setTimeout(() => item.remove(), NOTE_MS);
  }

  show(text, kind, action) {
    for (const told of [...this.list.children]) if (told.firstElementChild.textContent === text) told.remove();
    const item = document.createElement("li");
    item.className = kind;
    item.setAttribute("role", kind === "problem" ? "alert" : "status");
    const words = document.createElement("span");
    words.textContent = text;
    item.append(words);
    if (action) item.append(this.button(action.label, () => (item.remove(), action.run())));
    item.append(this.button("Dismiss", () => item.remove()));
    this.list.append(item);
    for (const note of [...this.list.querySelectorAll(".note")].slice(0, -MOST_NOTES)) note.remove();
    item.scrollIntoView({ block: "nearest" });
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

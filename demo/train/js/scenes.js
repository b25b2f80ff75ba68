// Scenes rendered on the spot: what they are of, and the first of them to look at before anything is trained.

import { Latest } from "../../kit/js/latest.js";

const PAUSE_MS = 200; // after a change, before they are rendered

export class Scenes {
  // about: what the server offers and has chosen;  part: finds a [data-…] of the bench
  constructor(about, server, part) {
    this.about = about;
    this.box = part("scenes");
    this.shown = part("preview");
    this.count = this.box.querySelector("[name=scenes]");
    Object.assign(this.count, { value: about.count, max: about.most });
    this.pictures = part("preview-pictures");
    this.told = part("preview-told");
    this.shell = part("preview-shell");
    this.preview = new Latest(server, "preview_scenes", {
      show: (found) => this.show(found),
      fail: (problem) => this.tell(problem),
    });
    this.box.prepend(...Object.entries(about.offered).map(([kind, words]) => this.group(kind, words)));
    this.box.addEventListener("change", ({ target }) => {
      const group = target.closest("[role=group]");
      if (group && !group.querySelector(":checked")) target.checked = true; // of nothing no scene is made
      this.look();
    });
  }

  // The name of these scenes as a source of pictures.
  get source() {
    const words = [...this.box.querySelectorAll(":checked")].map(({ value }) => value);
    return `scenes:${Math.round(Number(this.count.value))}:${this.about.side}:${words.join(",")}`;
  }

  group(kind, words) {
    const group = document.createElement("div");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", kind);
    group.append(...words.map((word) => {
      const label = document.createElement("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", value: word, checked: this.about.chosen.includes(word) });
      label.append(box, word);
      return label;
    }));
    if (kind === "things") group.append("things in a scene");
    return group;
  }

  // isChosen: whether the form's pictures are scenes
  offer(isChosen) {
    this.box.hidden = this.shown.hidden = !isChosen;
    if (isChosen) this.look();
  }

  look() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.preview.want({ source: this.source }), PAUSE_MS);
  }

  show({ pictures, texts }) {
    this.pictures.replaceChildren(...pictures.map((src, i) => {
      const figure = document.createElement("figure");
      const image = Object.assign(new Image(), { src, alt: texts[i] });
      figure.append(image, Object.assign(document.createElement("figcaption"), { textContent: texts[i] }));
      return figure;
    }));
    const most = Math.min(this.count.value, this.about.tokenizerScenes).toLocaleString("en");
    this.tell(`The first of them. The tokenizer learns from ${most}, and begins with nothing; the prior from all, each with such a sentence.`);
    this.shell.textContent = `--data ${this.source}`;
  }

  tell(text) {
    this.told.textContent = text;
  }
}

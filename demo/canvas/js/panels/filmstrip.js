// The open pictures, to switch between, and the examples to begin with.

import { canvasOf, newCanvas } from "../../../kit/js/images.js";

const THUMBNAIL = 96; // pixels

export class Filmstrip {
  /** @param {import("../main.js").Bench} bench */
  constructor(element, bench, examples) {
    this.bench = bench;
    this.thumbnails = new WeakMap();
    this.frames = element.querySelector("[data-frames]");
    const shelf = element.querySelector("[data-examples]");
    for (const example of examples) shelf.append(this.newExample(example));
  }

  newExample({ name, thumbnail }) {
    const button = document.createElement("button");
    button.type = "button";
    button.title = button.ariaLabel = `Example: ${name.replaceAll("_", " ")}`;
    const image = document.createElement("img");
    image.src = thumbnail;
    image.alt = "";
    image.width = image.height = 48;
    button.append(image);
    button.addEventListener("click", () => this.bench.intake.openExample(name));
    return button;
  }

  refresh() {
    const { pictures, picture } = this.bench;
    this.frames.replaceChildren(...pictures.map((each) => this.newFrame(each, each === picture, pictures.length > 1)));
  }

  newFrame(picture, active, removable) {
    const frame = document.createElement("div");
    frame.className = "frame";
    const button = document.createElement("button");
    button.type = "button";
    button.title = picture.name;
    button.setAttribute("aria-label", `Show ${picture.name}`);
    button.setAttribute("aria-pressed", active);
    const thumbnail = this.thumbnails.get(picture) ?? thumbnailOf(picture);
    if (picture.original) this.thumbnails.set(picture, thumbnail);
    button.append(thumbnail);
    button.addEventListener("click", () => this.bench.workspace.show(picture));
    frame.append(button);
    if (removable) {
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "remove";
      remove.textContent = "×";
      remove.setAttribute("aria-label", `Remove ${picture.name}`);
      remove.addEventListener("click", () => this.bench.workspace.remove(picture));
      frame.append(remove);
    }
    return frame;
  }
}

export function thumbnailOf(picture, layer = "original") {
  const { width, height } = picture;
  const whole = canvasOf(picture[layer] ?? picture.rebuilt);
  const edge = Math.min(width, height);
  const small = newCanvas(THUMBNAIL, THUMBNAIL);
  const context = small.getContext("2d");
  context.imageSmoothingEnabled = edge > THUMBNAIL;
  context.imageSmoothingQuality = "high";
  context.drawImage(whole, (width - edge) / 2, (height - edge) / 2, edge, edge, 0, 0, THUMBNAIL, THUMBNAIL);
  return small;
}

// One sample, small: its tokens as they come, then its pixels. A click sends it to the canvas.

import { newCanvas, pixelsOfUrl } from "./images.js";
import { documentOf, drawTiles } from "./sequences.js";

export class Tile {
  constructor(prior, codebook, name, caption = "") {
    this.prior = prior;
    this.codebook = codebook;
    this.name = name;
    this.canvas = newCanvas(prior.width, prior.height);
    this.canvas.classList.toggle("crisp", prior.width < 100);
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.disabled = true;
    this.button.setAttribute("aria-label", `To the canvas: ${name}`);
    this.button.title = "To the canvas";
    this.button.append(this.canvas, caption);
    this.button.addEventListener("click", () => toCanvas(documentOf(prior, this.sequence, name)));
  }

  draw(sequence, from, until) {
    drawTiles(this.canvas.getContext("2d"), this.codebook, this.prior, sequence, from, until);
  }

  async finish(sequence, url) {
    this.sequence = sequence;
    this.canvas.getContext("2d").putImageData(await pixelsOfUrl(url), 0, 0);
    this.button.disabled = false;
  }
}

// To the filmstrip of the token canvas above the tabs, which says itself what may be wrong.
export async function toCanvas(picture) {
  if (await window.canvas.give(picture)) window.canvas.scrollIntoView({ behavior: "smooth" });
}

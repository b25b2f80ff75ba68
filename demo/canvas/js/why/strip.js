// What a token is, above the stage: a sentence and the drawing. Closed, it leaves a question to open it by, and stays so.

import { keep, recall } from "../../../kit/js/storage.js";

const CLOSED = "vq-explorer-token-path";
const NARROW = "(max-width: 760px)"; // where it would push the picture off the screen

export class Strip {
  constructor(root, onOpen) {
    this.root = root;
    this.element = root.querySelector("[data-part=token-path]");
    this.sentence = this.element.querySelector("p");
    this.put(isOpenAtFirst());
    this.element.querySelector("[data-path=close]").addEventListener("click", () => this.turn(false));
    root.querySelector("[data-path=open]").addEventListener("click", () => {
      this.turn(true);
      onOpen();
    });
  }

  turn(open) {
    this.put(open);
    keep(CLOSED, open ? "open" : "closed");
  }

  put(open) {
    this.open = open;
    this.root.dataset.path = open ? "open" : "closed";
  }

  show({ codebook: { downsampling: f, name, size }, grids }) {
    this.sentence.textContent = whatATokenIs(f, size, grids.length > 1 ? name : "");
  }
}

export const isOpenAtFirst = () => (recall(CLOSED) ?? (matchMedia(NARROW).matches ? "closed" : "open")) === "open";

export function whatATokenIs(f, size, level = "") {
  const token = `${level} token`.trim();
  return `Each ${f} × ${f} square of the picture becomes one ${token}: the number, 0…${size - 1}, of the codebook vector nearest to what the encoder sees there.`;
}

// What stands above each pane: its layer's name and a figure. A click shows the layer alone.

import { capital } from "../../../kit/js/words.js";

export class Captions {
  /** @param {import("../main.js").Bench} bench */
  constructor(stage, bench) {
    this.stage = stage;
    this.bench = bench;
    /** @type {Map<string, HTMLElement>} */
    this.frames = new Map();
    document.addEventListener("canvas-picture", () => this.refresh());
  }

  /** @param {readonly import("./panes.js").Pane[]} panes */
  show(panes) {
    const named = panes.filter(({ layer }) => layer);
    for (const [layer, frame] of this.frames)
      if (!named.some((pane) => pane.layer === layer)) this.frames.delete(layer) && frame.remove();
    for (const { layer, x, y, width, height } of named) {
      if (!this.frames.has(layer)) this.frames.set(layer, this.newFrame(layer));
      Object.assign(this.frames.get(layer).style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
    }
    this.refresh();
  }

  newFrame(layer) {
    const frame = document.createElement("div");
    frame.className = "pane";
    frame.dataset.pane = layer;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", title: "Show it alone (A)" });
    button.append(document.createElement("b"), " ", document.createElement("span"));
    button.firstElementChild.textContent = capital(layer);
    button.addEventListener("click", () => this.bench.look.setLayer(layer));
    frame.append(button);
    this.stage.append(frame);
    return frame;
  }

  // While the pixels follow the tokens, the last figure stays.
  refresh() {
    const { picture } = this.bench;
    const psnr = picture?.fidelity?.psnr;
    const codes = picture && `${picture.tokens.length.toLocaleString("en")} tokens`;
    const figures = { original: picture && `${picture.width} × ${picture.height}`, codes, rebuilt: psnr && `${psnr.toFixed(1)} dB` };
    if (picture !== this.picture) Object.assign(figures, { rebuilt: figures.rebuilt ?? "" });
    for (const [layer, frame] of this.frames)
      if (figures[layer] !== undefined) frame.querySelector("span").textContent = figures[layer] ?? "";
    this.picture = picture;
  }
}

// Two ways on: beside what goes on from a choice by hand, what would have come without it, as far as the other is shown.

import { canvasOf, pixelsOfUrl } from "../../kit/js/images.js";
import { packSequences, writeSlice } from "../../kit/js/sequences.js";
import { paint } from "./paint.js";

export class OtherWay {
  /** @param {import("./watch.js").Watch} watch */
  constructor(root, watch) {
    this.watch = watch;
    this.figure = root.querySelector("[data-other]");
    this.page = this.figure.querySelector("canvas");
    this.context = this.page.getContext("2d");
    this.told = this.figure.querySelector("figcaption");
    this.page.addEventListener("click", () => watch.takeBack());
    this.end();
  }

  end() {
    this.way = null;
    this.figure.hidden = true;
  }

  // former: what the watch held before the choice: tokens, how many are known, pixels.
  begin({ sequence, known, picture, decoded, shown }) {
    const { prior, codebook, levels, page } = this.watch;
    this.way = { prior, codebook, levels, known, picture, decoded, sequence: sequence.slice() };
    this.told.textContent = `With code ${sequence[shown]}, as it was drawn`;
    Object.assign(this.page, { width: page.width, height: page.height });
    this.figure.hidden = false;
  }

  follow() {
    if (!this.way) return;
    this.draw();
    if (this.way.known < this.watch.shown && this.asking !== this.way) this.ask(this.way);
  }

  async ask(way) {
    const { drawing, sampler } = this.watch;
    const { prior, sequence } = way;
    const isVoid = () => way !== this.way;
    this.asking = way;
    try {
      while (!isVoid() && way.known < this.watch.shown) {
        const { kept } = await writeSlice(sampler.server, prior, drawing, [sequence], way.known);
        const tokens = packSequences([sequence], kept, prior);
        const { pictures } = await sampler.server.ask("decode_tokens", { prior: prior.name, tokens, written: kept });
        Object.assign(way, { known: kept, decoded: kept, picture: canvasOf(await pixelsOfUrl(pictures[0])) });
        if (!isVoid()) this.draw();
      }
    } catch (problem) {
      sampler.tell("watch", problem.message);
    } finally {
      if (this.asking === way) this.asking = null;
    }
  }

  draw() {
    const { context, page, way, watch } = this;
    const shown = Math.min(watch.shown, way.known);
    const rest = { levelAt: (place) => watch.levelAt(place), looks: { at: null, paint: () => {} }, byHand: [] };
    paint({ ...way, ...rest, context, page, shown }, watch.levelAt(shown));
  }
}

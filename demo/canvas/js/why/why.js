// Why the token under the pointer, or at the cursor, is its code: the drawing above the stage and the panel beside it.

import { Explainer } from "../../../kit/js/explainer.js";
import { TokenPath } from "../../../kit/js/token_path.js";
import { WhyPanel } from "./panel.js";
import { Strip } from "./strip.js";

export class Why {
  /** @param {import("../main.js").Bench} bench */
  constructor(bench) {
    const { root } = bench;
    this.bench = bench;
    /** @type {import("../../../kit/js/explainer.js").Why | null} */
    this.shown = null;
    this.strip = new Strip(root, () => this.follow());
    this.path = new TokenPath(root.querySelector("[data-part=token-path] .path"));
    this.panel = new WhyPanel(root.querySelector("[data-part=inspector]"), bench, () => this.follow());
    this.explainer = new Explainer(bench.server, {
      show: (why) => this.show(why),
      fail: (problem) => this.panel.tell(problem),
      wantsOthers: () => this.panel.open,
      ready: () => bench.painter.settled(),
    });
  }

  // Whichever token is looked at. While a stroke goes on nothing is asked; where the encoder looks at the whole picture,
  // which takes long, only for a token that was picked.
  follow(token = this.bench.stage.hover) {
    const { bench, bench: { cursor, picture } } = this;
    if (!picture || bench.strokes.gesture || !(this.strip.open || this.panel.open)) return;
    this.strip.show(picture);
    const slow = picture.codebook.encoderHalo === Infinity && picture.original;
    if (slow && !cursor.token) {
      this.panel.wait();
      return this.path.show(unasked(picture, token ?? cursor.orMiddle));
    }
    const last = this.shown?.picture === picture && this.shown.level === picture.level ? this.shown.token : null;
    this.explainer.look(picture, (slow ? null : token) ?? cursor.token ?? last ?? cursor.orMiddle);
  }

  // A token was picked.
  picked() {
    this.panel.offer();
    this.follow();
  }

  // Tokens have changed.
  refresh() {
    this.explainer.forget();
    this.follow();
  }

  /** @param {import("../../../kit/js/explainer.js").Why} why */
  show(why) {
    if (why.picture !== this.bench.picture || why.level !== why.picture.level) return;
    this.shown = why;
    if (!why.others.length) this.path.show(why);
    this.panel.show(why);
  }
}

// What the page knows of a token by itself.
function unasked(/** @type {import("../document/picture.js").Picture} */ picture, token) {
  const code = picture.codeAt(token);
  const choice = { code, z_e: null, e_k: new Float32Array(), nearest: [code], distances: [0], distance: 0, rank: 0 };
  return { picture, level: picture.level, token, choices: picture.grids.map(() => choice), lines: [], others: [] };
}

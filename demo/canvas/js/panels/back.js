// While a tab fills the window: what is on the canvas, small, and the way back to it.

import { onSight } from "../../../kit/js/sight.js";
import { FIRST_TAB, onTab, tabAsked } from "../../../kit/js/tabs.js";
import { thumbnailOf } from "./filmstrip.js";

export class Back {
  /** @param {import("../main.js").Bench} bench */
  constructor(button, bench) {
    this.button = button;
    this.bench = bench;
    this.isAway = false;
    onSight(bench.stage.element, (seen) => {
      this.isAway = !seen;
      this.show();
    });
    bench.root.addEventListener("canvas-picture", () => this.show());
    // Whoever opens a tab wants to see it. The first one tells of the picture that it stands under.
    const see = (name) => name !== FIRST_TAB && document.querySelector("#benches")?.scrollIntoView({ block: "start" });
    onTab(see);
    requestAnimationFrame(() => see(tabAsked()));
  }

  show() {
    this.button.hidden = !this.isAway || !this.bench.picture;
    if (this.button.hidden) return;
    const canvas = this.button.querySelector("canvas");
    canvas.getContext("2d").drawImage(thumbnailOf(this.bench.picture, "rebuilt"), 0, 0, canvas.width, canvas.height);
  }
}

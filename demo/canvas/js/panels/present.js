// The size for a room: letters of 16 pixels at least, and the picture with its usage on one screen. ?present begins so.

import { asked, tell } from "../../../kit/js/address.js";

export class Present {
  /** @param {import("../main.js").Bench} bench */
  constructor(button, bench) {
    this.button = button;
    this.bench = bench;
    window.addEventListener("popstate", () => this.show());
    this.show();
  }

  toggle() {
    tell({ present: asked("present") === null ? "" : null });
    this.show();
    this.bench.root.scrollIntoView({ block: "start" });
  }

  show() {
    const isOn = asked("present") !== null;
    document.documentElement.classList.toggle("present", isOn);
    this.button.setAttribute("aria-pressed", String(isOn));
  }
}

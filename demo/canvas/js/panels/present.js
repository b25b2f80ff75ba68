// The size for a room: letters of 16 pixels at least, and the picture with its usage on one screen. ?present begins so. And
// the page on paper: one class while it is printed, since Gradio rewrites what stands in @media.

import { asked, tell } from "../../../kit/js/address.js";

export class Present {
  /** @param {import("../main.js").Bench} bench */
  constructor(button, bench) {
    this.button = button;
    this.bench = bench;
    window.addEventListener("popstate", () => this.show());
    window.matchMedia("print").addEventListener("change", ({ matches }) => this.print(matches));
    this.show();
  }

  toggle() {
    tell({ present: asked("present") === null ? "" : null });
    this.show();
    this.bench.root.scrollIntoView({ block: "start" });
  }

  print(begins) {
    const { body, documentElement } = document;
    documentElement.classList.toggle("printing", begins);
    if (begins) this.isDark = body.classList.contains("dark");
    body.classList.toggle("dark", !begins && this.isDark);
  }

  show() {
    const isOn = asked("present") !== null;
    document.documentElement.classList.toggle("present", isOn);
    this.button.setAttribute("aria-pressed", String(isOn));
  }
}

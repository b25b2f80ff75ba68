// Buttons [data-use-model] of the tabs: a click tokenizes with that model, and the one of the picture on the stage is pressed.

import { onTab } from "../../kit/js/tabs.js";

/** @param {import("./main.js").Bench} bench */
export function linkModels(bench) {
  const mark = () => {
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-use-model]")))
      button.setAttribute("aria-pressed", String(button.dataset.useModel === bench.picture?.codebook.model));
  };
  document.addEventListener("click", async ({ target }) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("[data-use-model]"));
    if (!button) return;
    await window.canvas.useModel(button.dataset.useModel);
    window.canvas.scrollIntoView();
  });
  bench.root.addEventListener("canvas-picture", mark);
  onTab(() => requestAnimationFrame(mark));
}

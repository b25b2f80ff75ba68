// Plotly figures below the canvas whose points are codes: pointing at one shows it in the picture, clicking chooses it.
// A figure belongs if it stands in an element of class "shows-codes"; its points carry the code first in their customdata.

/** @param {import("./main.js").Bench} bench */
export function linkFigures(bench) {
  const linked = new WeakSet();
  // plotly hands customdata over as a number or as a row of them, a typed array at times.
  const codeOf = ({ points: [{ customdata }] }) => Number(customdata[0] ?? customdata);
  document.addEventListener("pointerover", (event) => {
    const figure = /** @type {any} */ (event.target).closest?.(".shows-codes .js-plotly-plot");
    if (!figure?.on || linked.has(figure)) return;
    linked.add(figure);
    figure.on("plotly_hover", (data) => bench.point(codeOf(data)));
    figure.on("plotly_unhover", () => bench.point(null));
    figure.on("plotly_click", (data) => bench.choose(codeOf(data)));
  });
}

// Ways out: the reconstruction, the document, and what numpy and spreadsheets open.

import { base64ToBytes } from "../../../kit/js/bytes.js";
import { download } from "../../../kit/js/files.js";
import { pngOf } from "../../../kit/js/images.js";
import { measureFidelity } from "../document/fidelity.js";
import { blobOf, figureOf, histogramOf, rasterized } from "./figure.js";
import { linkTo } from "./links.js";

export class Exports {
  /** @param {import("../main.js").Bench} bench */
  constructor(menu, bench) {
    this.bench = bench;
    this.menu = menu;
    menu.addEventListener("toggle", () => menu.open && this.tellLink());
    for (const button of menu.querySelectorAll("[data-export]"))
      button.addEventListener("click", () => {
        menu.open = false;
        this.save(button.dataset.export).catch((problem) => bench.messages.problem(problem.message));
      });
  }

  async save(kind) {
    const { layers, picture, painter, server } = this.bench;
    if (kind === "link") return this.copyLink();
    await painter.settled();
    const name = picture.name.replace(/[^\p{L}\p{N}_-]+/gu, "-");
    if (kind === "png") return download(await pngOf(picture.rebuilt), `${name}-rebuilt.png`);
    const [drawing, ending] = kind.split(".");
    if (drawing === "figure" || drawing === "histogram") {
      if (picture.original) picture.fidelity ??= await measureFidelity(picture.original, picture.rebuilt, () => false);
      const svg = drawing === "figure" ? figureOf(picture, layers) : histogramOf(picture);
      return download(ending === "svg" ? blobOf(svg) : await rasterized(svg), `${name}-${kind}`);
    }
    if (kind === "print") return window.print();
    if (kind === "document")
      return download(new Blob([JSON.stringify(picture.toDocument())], { type: "application/json" }), `${name}.tokens.json`);
    const answer = await server.ask("export_tokens", { document: picture.toDocument(), kind });
    download(new Blob([base64ToBytes(answer.data)], { type: answer.type }), answer.name);
  }

  // Before the click: what the link holds, or why there is none.
  tellLink() {
    const button = this.menu.querySelector("[data-export=link]");
    let told;
    try {
      told = linkTo(this.bench).holds;
      button.disabled = false;
    } catch ({ message }) {
      told = message;
      button.disabled = true;
    }
    button.querySelector("small").textContent = told;
  }

  async copyLink() {
    const { messages } = this.bench;
    const { link, holds } = linkTo(this.bench);
    try {
      await navigator.clipboard.writeText(link);
      messages.note(`The link is copied. It holds ${holds}.`);
    } catch {
      history.replaceState(history.state, "", link);
      messages.note("The link is in the address bar: copy it from there.");
    }
  }
}

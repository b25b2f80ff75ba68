// Where a code stands in all pictures of the filmstrip: each with a mark at every place. Any button [data-where] of the page
// opens it for the chosen code.

import { canvasOf, newCanvas } from "../../../kit/js/images.js";
import { counted } from "../../../kit/js/words.js";

const SIDE = 320; // pixels, of the longer side of a picture
const MARK = "#ffc53d";

export class Where {
  /** @param {import("../main.js").Bench} bench */
  constructor(dialog, bench) {
    this.dialog = dialog;
    this.bench = bench;
    this.title = dialog.querySelector("h2");
    this.list = dialog.querySelector("[data-list]");
    document.addEventListener("click", ({ target }) => {
      if (/** @type {Element} */ (target).closest("[data-where]") && bench.picture) this.open();
    });
  }

  open() {
    const { code, picture: { codebook }, pictures } = this.bench;
    const alike = pictures.filter((each) => each.codebook.home === codebook.home);
    const found = alike.map((picture) => ({ picture, grid: picture.grids[codebook.level] }));
    found.sort((a, b) => b.grid.counts[code] - a.grid.counts[code]);
    const total = found.reduce((sum, { grid }) => sum + grid.counts[code], 0);
    this.title.textContent = `Code ${code} stands at ${counted(total, "place")} of ${counted(alike.length, "picture")}`;
    this.list.replaceChildren(...found.map(({ picture, grid }) => this.newButton(picture, grid, code)));
    this.dialog.showModal();
  }

  newButton(picture, grid, code) {
    const button = document.createElement("button");
    button.type = "button";
    const count = grid.counts[code];
    const words = document.createElement("span");
    words.textContent = `${picture.name}: ${count.toLocaleString("en")} of ${counted(grid.tokens.length, "token")}`;
    button.append(marked(picture, grid, code), words);
    button.addEventListener("click", () => {
      this.dialog.close();
      if (picture !== this.bench.picture) this.bench.workspace.show(picture);
      this.bench.choose(code);
      this.bench.point(code);
      this.bench.root.scrollIntoView({ block: "start" });
    });
    return button;
  }
}

// The picture, darker but where the code stands.
function marked({ rebuilt, width, height }, { tokens, columns, codebook: { downsampling } }, code) {
  const scale = SIDE / Math.max(width, height);
  const canvas = newCanvas(Math.round(width * scale), Math.round(height * scale));
  const context = canvas.getContext("2d");
  const whole = canvasOf(rebuilt);
  context.drawImage(whole, 0, 0, canvas.width, canvas.height);
  context.fillStyle = "rgb(0 0 0 / .55)";
  context.fillRect(0, 0, canvas.width, canvas.height);
  Object.assign(context, { strokeStyle: MARK, lineWidth: 2 });
  tokens.forEach((token, cell) => {
    if (token !== code) return;
    const [x, y] = [(cell % columns) * downsampling, Math.floor(cell / columns) * downsampling];
    const across = Math.min(downsampling, width - x);
    const down = Math.min(downsampling, height - y);
    context.drawImage(whole, x, y, across, down, x * scale, y * scale, across * scale, down * scale);
    context.strokeRect(x * scale - 1, y * scale - 1, across * scale + 2, down * scale + 2);
  });
  return canvas;
}

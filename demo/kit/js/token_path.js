// What a token is, in one drawing: picture → encoder → z_e → nearest code → e_k → decoder → picture, each box the live thing of
// one token. The canvas has it above the stage, and the lesson of that name larger.

import { drawBars } from "./bars.js";
import { newCanvas } from "./images.js";

const HTML = [
  '<figure data-path-box="x"><canvas></canvas><figcaption><i>x</i><span data-says="size"></span></figcaption></figure>',
  '<b>encoder</b>',
  '<figure data-path-box="z_e"><svg preserveAspectRatio="none"></svg><figcaption><i>z<sub>e</sub></i><span data-says="dim"></span></figcaption></figure>',
  '<b>nearest</b>',
  '<figure data-path-box="codes"><canvas></canvas><em></em><figcaption><i>k</i><span data-says="code"></span></figcaption></figure>',
  '<b></b>',
  '<figure data-path-box="e_k"><svg preserveAspectRatio="none"></svg><figcaption><i>e<sub>k</sub></i><span data-says="codes"></span></figcaption></figure>',
  '<b>decoder</b>',
  '<figure data-path-box="rebuilt"><canvas></canvas><figcaption><i>x̃</i><span>rebuilt</span></figcaption></figure>',
].join("");

export class TokenPath {
  constructor(element) {
    this.element = element;
    element.innerHTML = HTML;
  }

  box(name) {
    return this.element.querySelector(`[data-path-box=${name}] > :is(canvas, svg)`);
  }

  tell(name, text) {
    this.element.querySelector(`[data-says=${name}]`).textContent = text;
  }

  /** @param {import("./explainer.js").Why} why */
  show({ picture, level, token, choices }) {
    const { grids } = picture;
    const { codebook, first, columns } = grids[level];
    const { code, z_e, e_k, nearest } = choices[level];
    const square = picture.squareAt(first + token.row * columns + token.column);
    this.element.classList.toggle("unseen", !z_e);
    drawCrop(this.box("x"), picture.original, square);
    drawCrop(this.box("rebuilt"), picture.rebuilt, square);
    const most = Math.max(...[...(z_e ?? []), ...e_k].map(Math.abs));
    drawBars(this.box("z_e"), z_e ?? [], [], most);
    drawBars(this.box("e_k"), e_k, [], most);
    const codes = nearest.includes(code) ? nearest : [...nearest.slice(0, -1), code];
    drawCodes(this.box("codes"), codebook, codes);
    this.element.style.setProperty("--codes", String(codes.length));
    this.element.style.setProperty("--stands", String(codes.indexOf(code)));
    this.tell("size", `${square[2]} × ${square[2]} px`);
    this.tell("dim", z_e ? `${z_e.length} numbers` : picture.original ? "pick to see" : "no original");
    this.tell("code", `${code} of ${codebook.size.toLocaleString("en")}`);
    this.tell("codes", `code ${code}`);
  }
}

// A square [x, y, side] of a picture's pixels; nothing where there are none.
export function drawCrop(canvas, pixels, /** @type {number[]} */ [x, y, side]) {
  canvas.width = canvas.height = side;
  if (pixels) canvas.getContext("2d").putImageData(pixels, -x, -y, x, y, side, side);
}

// What codes look like, side by side.
function drawCodes(canvas, codebook, codes) {
  const f = codebook.downsampling;
  const strip = newCanvas(codes.length * f, f);
  codes.forEach((code, i) => codebook.drawTile(strip.getContext("2d"), code, i * f, 0, f));
  Object.assign(canvas, { width: strip.width, height: f });
  canvas.getContext("2d").drawImage(strip, 0, 0);
}

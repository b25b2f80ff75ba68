// Lesson 0: one token of the picture on the canvas, and what becomes of it on the way from pixels to pixels.

import { Explainer } from "../../kit/js/explainer.js";
import { onSight } from "../../kit/js/sight.js";
import { TokenPath } from "../../kit/js/token_path.js";
import { Lesson, fixed } from "./marks.js";

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const count = (/** @type {number} */ number) => number.toLocaleString("en");

export class TokenLesson extends Lesson {
  constructor(root, server) {
    super(root, server);
    this.path = new TokenPath(this.part("path"));
    this.explainer = new Explainer(server, {
      show: (why) => this.show(why),
      fail: (problem) => (this.told.textContent = problem),
      wantsOthers: () => false,
    });
    this.on("photo", "pointermove", (event) => this.point(event));
    this.on("photo", "pointerdown", (event) => this.point(event));
    this.on("photo", "keydown", (event) => this.step(event));
    /** @type {import("../../canvas/js/document/picture.js").Picture | null} */
    this.picture = null;
    this.level = -1;
    this.visible = false;
    document.addEventListener("canvas-picture", () => this.take());
    onSight(root, (visible) => {
      this.visible = visible;
      this.take();
    });
  }

  // The picture that is on the canvas, once there is one.
  take() {
    const picture = window.canvas?.picture;
    if (!picture || !this.visible) return;
    const { width, height, original, rebuilt, codebook } = picture;
    const canvas = this.part("picture");
    Object.assign(canvas, { width, height });
    this.part("photo").style.setProperty("--aspect", String(width / height));
    canvas.getContext("2d").putImageData(original ?? rebuilt, 0, 0);
    const f = codebook.downsampling;
    this.part("sentence").textContent =
      `Each ${f} × ${f} square of the picture becomes one token: the number, 0…${codebook.size - 1}, of the codebook vector ` +
      "nearest to what the encoder sees there. The decoder gets the numbers alone.";
    const stays = picture === this.picture && picture.level === this.level;
    this.picture = picture;
    this.level = picture.level;
    this.explainer.forget();
    if (stays) this.look(this.token);
    else this.reset();
  }

  reset() {
    const { picture } = this;
    if (picture) this.look({ row: picture.rows >> 1, column: picture.columns >> 1 });
  }

  point({ clientX, clientY }) {
    const { picture } = this;
    if (!picture) return;
    const box = this.part("picture").getBoundingClientRect();
    const f = picture.codebook.downsampling;
    const along = (at, length, pixels, most) => Math.max(0, Math.min(most - 1, Math.floor((at / length) * (pixels / f))));
    const row = along(clientY - box.top, box.height, picture.height, picture.rows);
    this.look({ row, column: along(clientX - box.left, box.width, picture.width, picture.columns) });
  }

  step(event) {
    const arrow = ARROWS[event.key];
    if (!arrow || !this.picture) return;
    event.preventDefault();
    this.look(this.picture.grid.inside(this.token, ...arrow));
  }

  look(token) {
    const { picture } = this;
    const f = picture.codebook.downsampling;
    const place = { left: token.column * f, width: f, top: token.row * f, height: f };
    const square = this.part("square");
    this.token = token;
    square.hidden = false;
    for (const [edge, at] of Object.entries(place))
      square.style[edge] = `${(100 * at) / (edge === "left" || edge === "width" ? picture.width : picture.height)}%`;
    this.explainer.look(picture, token);
  }

  /** @param {import("../../kit/js/explainer.js").Why} why */
  show(why) {
    const { picture, level, token, choices } = why;
    if (picture !== this.picture || level !== picture.level) return;
    this.why = why;
    this.path.show(why);
    const { codebook } = picture.grids[level];
    const { code, z_e, e_k, nearest, distances, rank } = choices[level];
    const [f, D, K] = [codebook.downsampling, e_k.length, count(codebook.size)];
    const sees = codebook.encoderHalo === Infinity ? "the whole picture" : "the square and what lies about it";
    const next = nearest.length > 1 ? `; the next, ${nearest[1]}, at ${fixed(distances[1])}` : "";
    const edited = rank ? ` You see ${code} here: the token was changed since.` : "";
    const told = {
      x: `The pixels at row ${token.row}, column ${token.column}: ${f} × ${f} of 3 colours, ${count(3 * f * f)} numbers.`,
      z_e: z_e
        ? `What the encoder makes of ${sees}: a vector of D = ${D} numbers.`
        : "This picture came as tokens alone, so what its encoder saw can’t be told.",
      k: z_e
        ? `The nearest of the K = ${K} vectors of the codebook is number ${nearest[0]}, at a distance of ${fixed(distances[0])}${next}. ` +
          `This number is the token.${edited}`
        : `The token: ${code}, one of the K = ${K} numbers of the codebook’s vectors.`,
      e_k: `Row ${code} of the codebook: again D = ${D} numbers, learned in training and the same for every picture.`,
      z_q: "What the decoder gets instead of what the encoder made: this code’s vector here, and the others’ in their places.",
      rebuilt: "What the decoder makes of it and of the codes about it.",
    };
    for (const [name, text] of Object.entries(told)) this.part(name).textContent = text;
  }

  answer() {
    if (!this.why) return;
    const { rows, columns, width, height, codebook } = this.picture;
    const { downsampling: f, size } = codebook;
    const before = 24 * f * f;
    const after = Math.log2(size);
    const bits = (/** @type {number} */ number) => count(Number(number.toFixed(1)));
    this.told.textContent =
      `${f} · ${f} · 3 colours · 8 bits = ${count(before)} bits before; one of ${count(size)} numbers is log₂ ${size} = ${bits(after)} bits, ` +
      `${bits(before / after)} times fewer. The picture's ${count(width * height * 3)} bytes become ${columns} × ${rows} tokens, ` +
      `${count(Math.ceil((rows * columns * after) / 8))} bytes.`;
  }
}

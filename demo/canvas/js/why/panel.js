// The panel "Why": the token's pixels, z_e beside e_k, the nearest codes and how far they lie, what the next ones would decode to,
// and the lines of code that chose.

import { drawBars } from "../../../kit/js/bars.js";
import { canvasOf } from "../../../kit/js/images.js";
import { keep, recall } from "../../../kit/js/storage.js";
import { drawCrop } from "../../../kit/js/token_path.js";
import { capital } from "../../../kit/js/words.js";

const VIEW = "vq-explorer-inspector";
const ORDINALS = { 1: "st", 2: "nd", 3: "rd" };

export class WhyPanel {
  /** @param {import("../main.js").Bench} bench */
  constructor(element, bench, onOpen) {
    this.element = element;
    this.bench = bench;
    this.rows = this.part("levels");
    this.source = this.part("source");
    for (const button of element.querySelectorAll("[data-side]"))
      button.addEventListener("click", () => {
        keep(VIEW, button.dataset.side);
        this.put(button.dataset.side);
        if (this.open) onOpen();
      });
    this.put(recall(VIEW) ?? "palette");
  }

  part(name) {
    return this.element.querySelector(`[data-why=${name}]`);
  }

  get open() {
    return this.element.open && this.element.dataset.side === "why";
  }

  put(view) {
    this.element.dataset.side = view;
    for (const button of this.element.querySelectorAll("[data-side]")) button.setAttribute("aria-pressed", button.dataset.side === view);
  }

  // A token was picked: it opens by itself unless the person has left it for the palette.
  offer() {
    if (recall(VIEW) === "palette") return;
    this.element.open = true;
    this.put("why");
  }

  tell(text) {
    this.part("told").textContent = text;
  }

  wait() {
    this.tell("This model’s encoder looks at the whole picture, which takes a moment: pick a token to see why it is its code.");
  }

  /** @param {import("../../../kit/js/explainer.js").Why} why */
  show(why) {
    if (!this.open) return;
    if (why.others.length) return this.showOthers(why);
    const { picture, level, token, choices, lines } = why;
    this.part("place").textContent = `row ${token.row}, column ${token.column}`;
    this.tell(sentenceOf(choices[level]));
    this.part("instead").classList.add("waits");
    const rows = choices.map((choice, i) => this.row(why, choice, i));
    this.rows.replaceChildren(...(picture.grids.length > 1 ? [rows[level], ...rows.filter((row) => row !== rows[level])] : rows));
    this.source.replaceChildren(...lines.flatMap(({ file, line, text }) => [make("small", `${file}, line ${line}`), make("code", text)]));
  }

  // One level: the pixels, the two vectors, the nearest codes.
  row({ picture, token }, { code, z_e, e_k, nearest, distances, distance, rank }, i) {
    const { codebook } = picture.grids[i];
    const row = make("div");
    row.className = "level";
    if (picture.grids.length > 1) row.append(make("h4", `${capital(codebook.name)}: code ${code}`));
    const crop = /** @type {HTMLCanvasElement} */ (make("canvas"));
    const scale = picture.codebook.downsampling / codebook.downsampling;
    const side = codebook.downsampling;
    const [x, y] = [token.column, token.row].map((at) => Math.floor((at + 0.5) * scale) * side);
    drawCrop(crop, picture.original ?? picture.rebuilt, [x, y, side]);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("preserveAspectRatio", "none");
    const most = Math.max(...[...(z_e ?? []), ...e_k].map(Math.abs));
    drawBars(svg, z_e ?? [], e_k, most);
    const legend = make("p");
    legend.className = "vectors";
    legend.innerHTML = `<span class="z_e"><i>z<sub>e</sub></i></span><span class="e_k"><i>e<sub>k</sub></i></span>`;
    legend.append(make("small", `D = ${e_k.length}`));
    const seen = make("div");
    seen.className = "seen";
    seen.append(crop, svg, legend);
    const codes = rank < nearest.length ? nearest : [...nearest, code];
    const far = rank < nearest.length ? distances : [...distances, distance];
    const list = make("div");
    list.className = "nearest";
    list.append(...codes.map((each, at) => this.near(codebook, each, far[at], Math.max(...distances), at === 0, each === code, i)));
    row.append(seen, list);
    return row;
  }

  // A code with its distance; a click chooses it.
  near(codebook, code, distance, farthest, wins, stands, level) {
    const button = /** @type {HTMLButtonElement} */ (make("button"));
    const f = codebook.downsampling;
    const tile = document.createElement("canvas");
    tile.width = tile.height = f;
    codebook.drawTile(tile.getContext("2d"), code, 0, 0, f);
    const bar = make("i");
    bar.style.height = `${Math.min(100, (100 * distance) / (farthest || 1))}%`;
    const column = make("span");
    column.append(bar);
    button.type = "button";
    button.classList.toggle("wins", wins);
    button.classList.toggle("stands", stands && !wins);
    button.classList.toggle("beyond", distance > farthest);
    button.title = `Code ${code}: distance ${distance.toPrecision(3)}`;
    button.disabled = level !== this.bench.picture.level;
    button.append(column, tile, make("small", code));
    button.addEventListener("click", () => this.bench.choose(code));
    return button;
  }

  /** @param {import("../../../kit/js/explainer.js").Why} why */
  showOthers({ choices, level, others }) {
    const { rank } = choices[level];
    this.part("instead").classList.remove("waits");
    this.part("instead").replaceChildren(
      ...others.map(({ code, pixels }, i) => {
        const figure = make("figure");
        figure.append(canvasOf(pixels), make("figcaption", `${i ? "with" : "is"} ${code}`));
        return figure;
      }),
    );
    this.part("instead-told").textContent = rank ? "As the encoder chose, and the next:" : "With the second or third instead:";
  }
}

function sentenceOf({ code, z_e, nearest, distances, distance, rank }) {
  if (!z_e)
    return `This picture came as tokens, without the original, so what its encoder saw (z_e) can’t be told. Nearest to code ${code} itself:`;
  if (rank) {
    const more = short(distance - distances[0]);
    return `The encoder chose ${nearest[0]}; this is ${code}, put here since: ${ordinal(rank + 1)} nearest, ${more} farther.`;
  }
  if (nearest.length < 2) return `There is one code, ${code}.`;
  const margin = distances[1] - distances[0];
  const share = distances[0] ? ` (${short((100 * margin) / distances[0])}\u00a0%)` : "";
  return `${code} is nearest to what the encoder sees; the next, ${nearest[1]}, lies ${short(margin)}${share} farther.`;
}

const short = (/** @type {number} */ value) => (value < 10 ? value.toPrecision(2) : Math.round(value).toLocaleString("en"));

function ordinal(n) {
  const tens = n % 100 >= 11 && n % 100 <= 13;
  return `${n.toLocaleString("en")}${(!tens && ORDINALS[n % 10]) || "th"}`;
}

function make(name, text = "") {
  const node = document.createElement(name);
  node.textContent = text;
  return node;
}

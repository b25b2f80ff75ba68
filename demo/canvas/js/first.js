// The first screen while Gradio's scripts come: the canvas as it opens, with its first picture, in a shadow tree over the
// place of the real one. For first visits only: others find what they left.

import { unpackTokens } from "../../kit/js/bytes.js";
import { distinctColours } from "../../kit/js/codebook.js";
import { newCanvas } from "../../kit/js/images.js";
import { hasKept } from "../../kit/js/storage.js";
import { Usage } from "./panels/usage.js";
import { Captions } from "./stage/captions.js";
import { sideBySide } from "./stage/panes.js";
import { isOpenAtFirst, whatATokenIs } from "./why/strip.js";

export function paint(first) {
  if (!isFirst()) return;
  const host = document.createElement("div");
  const asked = new URLSearchParams(location.search).get("__theme");
  host.id = "first-paint";
  host.inert = true;
  host.classList.toggle("dark", asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const root = host.attachShadow({ mode: "open" });
  root.innerHTML = `<style>${first.css}</style>${first.html}`;
  document.documentElement.append(host);
  const bench = benchOf(root, first);
  new Usage(bench.part("usage"), bench);
  drawStage(bench.part("stage"), bench, first);
  for (const button of root.querySelectorAll("[data-view], [data-side=palette], [data-colouring=distinct]")) button.setAttribute("aria-pressed", "true");
  root.querySelector("[data-part=token-path] p").textContent = whatATokenIs(first.f, first.size);
  const size = `${first.shape[1]} × ${first.shape[0]} tokens`;
  for (const [part, text] of Object.entries({ name: first.model, size })) root.querySelector(`[data-model=${part}]`).textContent = text;
}

// Nothing was kept here before, and the address asks for nothing else.
const isFirst = () => !location.hash && /^(\?__theme=\w*)?$/.test(location.search) && !hasKept("vq-explorer");

/** As much of the bench as the parts that are drawn here look at. @returns {any} */
function benchOf(root, { width, height, shape, size, tokens: packed }) {
  const tokens = unpackTokens(packed, size);
  const counts = new Int32Array(size);
  for (const code of tokens) counts[code]++;
  const codebook = { size, colours: { distinct: distinctColours(size) } };
  const picture = { width, height, rows: shape[0], columns: shape[1], tokens, counts, codebook, fidelity: null };
  const bench = root.querySelector(".bench");
  Object.assign(bench.dataset, { shows: "side", path: isOpenAtFirst() ? "open" : "closed" });
  const inspector = root.querySelector(".inspector");
  inspector.dataset.side = "palette";
  if (matchMedia("(max-width: 760px)").matches) inspector.open = false;
  return { root: bench, part: (name) => bench.querySelector(`[data-part=${name}]`), picture, look: { colouring: "distinct" }, code: -1, highlight: null };
}

async function drawStage(stage, bench, first) {
  const { picture } = bench;
  const panes = sideBySide({ width: stage.clientWidth, height: stage.clientHeight }, picture, ["original", "codes", "rebuilt"], "error");
  new Captions(stage, bench).show(panes);
  const canvas = stage.querySelector("canvas");
  const ratio = window.devicePixelRatio || 1;
  Object.assign(canvas, { width: Math.round(stage.clientWidth * ratio), height: Math.round(stage.clientHeight * ratio) });
  const context = canvas.getContext("2d");
  for (const pane of panes)
    layerOf(pane.layer, picture, first).then((source) => {
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.imageSmoothingEnabled = source.width !== picture.columns;
      context.imageSmoothingQuality = "high";
      context.drawImage(source, pane.x, pane.y, pane.width, pane.height);
    });
}

async function layerOf(layer, { rows, columns, tokens, codebook }, first) {
  if (first[layer]) {
    const image = new Image();
    image.src = first[layer];
    await image.decode();
    return image;
  }
  const canvas = newCanvas(columns, rows);
  const context = canvas.getContext("2d");
  if (layer !== "codes") context.fillRect(0, 0, columns, rows); // the error, until it is known
  else
    tokens.forEach((code, cell) => {
      context.fillStyle = `rgb(${codebook.colours.distinct.subarray(code * 3, code * 3 + 3).join(" ")})`;
      context.fillRect(cell % columns, Math.floor(cell / columns), 1, 1);
    });
  return canvas;
}

// The chosen code: its use, its vector beside those of its nearest codes, and real patches that it stood for.

import { unpackFloats } from "../../kit/js/bytes.js";
import { newCanvas } from "../../kit/js/images.js";

const COLOUR_SPREADS = 2.5; // standard deviations of a component that take the last colour
const PATCH_ZOOM = 3;

export class Detail {
  constructor(element, { choose, point }) {
    this.element = element;
    this.choose = choose;
    this.point = point;
    this.part = (name) => element.querySelector(`[data-detail=${name}]`);
  }

  // What is known at once.
  begin(codebook, code, counts) {
    this.codebook = codebook;
    this.part("code").textContent = code;
    this.drawTile(this.part("tile"), code);
    const total = codebook.usageTotal;
    this.part("training").textContent = total ? `${((100 * codebook.usage[code]) / total).toPrecision(2)} % of tokens` : "not counted";
    this.part("here").textContent =
      `${counts[code].toLocaleString("en")} of ${counts.reduce((a, b) => a + b, 0).toLocaleString("en")} tokens`;
  }

  // And what the server says.
  async show({ rank, codes, distances, vectors, patches, count, margin }, { mean, spread, neighbourhood, make }) {
    const { codebook } = this;
    const place =
      rank === null
        ? "not counted"
        : codebook.usage[codes[0]]
          ? `${rank.toLocaleString("en")} of ${codebook.size.toLocaleString("en")}`
          : "dead: never used";
    this.part("rank").textContent = place;
    const [values, means, spreads] = [vectors, mean, spread].map(unpackFloats);
    const dims = means.length;
    this.part("dims").textContent = `${dims} components`;
    const colours = values.map((value, i) => (value - means[i % dims]) / (spreads[i % dims] || 1) / COLOUR_SPREADS);
    const part = (array, i) => array.subarray(i * dims, (i + 1) * dims);
    this.part("rows").replaceChildren(
      ...codes.map((code, i) => this.row(code, distances[i], part(values, i), part(colours, i), i)),
    );
    await this.showPatches(patches, count, margin, neighbourhood !== null, make);
  }

  // A code, its distance, and its vector as a strip: each component a colour by how far it is from its mean over all codes.
  row(code, distance, vector, colours, place) {
    const row = document.createElement("button");
    row.type = "button";
    row.className = "row";
    row.setAttribute("aria-label", place ? `Code ${code} at distance ${format(distance)}` : `Code ${code}, the chosen one`);
    const tile = newCanvas(1, 1);
    this.drawTile(tile, code);
    const strip = newCanvas(vector.length, 1);
    const context = strip.getContext("2d");
    colours.forEach((value, i) => {
      context.fillStyle = diverging(value);
      context.fillRect(i, 0, 1, 1);
    });
    strip.className = "strip";
    strip.addEventListener("pointermove", ({ offsetX }) => {
      const i = Math.min(vector.length - 1, Math.max(0, Math.floor((offsetX / strip.clientWidth) * vector.length)));
      strip.title = `component ${i}: ${format(vector[i])}`;
    });
    row.append(tile, words("b", code), words("span", place ? format(distance) : "itself"), strip);
    row.addEventListener("click", () => this.choose(code));
    row.addEventListener("pointerenter", () => this.point(code));
    row.addEventListener("pointerleave", () => this.point(null));
    return row;
  }

  async showPatches(url, count, margin, stored, make) {
    const holder = this.part("patches");
    const f = this.codebook.downsampling;
    if (!url) {
      const more = make ? " To add them and the map of neighbourhoods:" : "";
      const missing = stored ? "It stood for none in the pictures that were looked at." : `No patches are stored with this model.${more}`;
      return holder.replaceChildren(words("p", missing), ...(make ? [words("code", make)] : []));
    }
    const image = new Image();
    image.src = url;
    await image.decode();
    const side = image.naturalWidth / count;
    const patches = Array.from({ length: count }, (_, i) => {
      const canvas = newCanvas(side * PATCH_ZOOM, side * PATCH_ZOOM);
      const context = canvas.getContext("2d");
      context.imageSmoothingEnabled = false;
      context.drawImage(image, i * side, 0, side, side, 0, 0, canvas.width, canvas.height);
      for (const { style, width } of [{ style: "rgb(0 0 0 / .7)", width: 3 }, { style: "#ffc53d", width: 1 }]) {
        context.lineWidth = width;
        context.strokeStyle = style;
        context.strokeRect(margin * PATCH_ZOOM, margin * PATCH_ZOOM, f * PATCH_ZOOM, f * PATCH_ZOOM);
      }
      return canvas;
    });
    holder.replaceChildren(...patches);
  }

  drawTile(canvas, code) {
    canvas.width = canvas.height = this.codebook.downsampling;
    this.codebook.drawTile(canvas.getContext("2d"), code, 0, 0, this.codebook.downsampling);
  }
}

function words(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

function format(value) {
  return Math.abs(value) < 1e-9 ? "0" : value.toPrecision(3).replace("-", "−");
}

// −1 blue, 0 near white, 1 orange: told apart by colour-blind people too.
function diverging(value) {
  const part = Math.min(1, Math.abs(value));
  const end = value < 0 ? [26, 84, 196] : [201, 84, 8];
  return `rgb(${end.map((c) => Math.round(243 + (c - 243) * part)).join(" ")})`;
}

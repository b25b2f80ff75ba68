// Figures for papers and slides, as SVG: the picture, its codes, what they decode to and the error, with the numbers; and how
// often each code is used. White, whatever the page's colours are.

import { canvasOf, newCanvas } from "../../../kit/js/images.js";

const PANEL = 480; // units that a panel is wide
const GAP = 24;
const MARGIN = 32;
const LINE = 26; // of text
const HISTOGRAM = [960, 320]; // units, without its texts
const SANS = "Inter, 'Helvetica Neue', Arial, sans-serif";
const COLOURS = { here: "#2f5bea", training: "#8b8f98", ink: "#1d1e21", soft: "#5d5b56" };

/**
 * Original, codes, rebuilt and error side by side; without an original, codes and rebuilt.
 * @param {import("../document/picture.js").Picture} picture
 * @param {import("../../../kit/js/layers.js").Layers} layers  of it
 */
export function figureOf(picture, layers) {
  const { width, height, codebook } = picture;
  const panels = [
    layers.original && ["Original", layers.original],
    ["Codes", enlarged(layers.codes, width, height, codebook.downsampling)],
    ["Rebuilt", canvasOf(picture.rebuilt)],
    layers.error && ["Error (black 0, white 64 of 255 and more)", layers.error],
  ].filter(Boolean);
  const columns = width > 4 * height ? 1 : width > 2 * height ? 2 : panels.length;
  const tall = (PANEL * height) / width;
  const across = columns * (PANEL + GAP) - GAP;
  const rows = Math.ceil(panels.length / columns);
  const parts = panels.map(([title, canvas], i) => {
    const x = MARGIN + (i % columns) * (PANEL + GAP);
    const y = MARGIN + 2 * LINE + Math.floor(i / columns) * (tall + LINE + GAP);
    return text(x, y - 8, title) + image(canvas, x, y, PANEL, tall);
  });
  const bottom = MARGIN + 2 * LINE + rows * (tall + LINE + GAP) - GAP;
  const lines = wrapped(numbersOf(picture), across / 7.6);
  lines.forEach((line, i) => parts.push(text(MARGIN, bottom + 8 + i * LINE, line, COLOURS.soft)));
  parts.unshift(text(MARGIN, MARGIN + 6, `${picture.name}, as tokens of ${codebook.model}`, COLOURS.ink, 19, 650));
  return sheet(across + 2 * MARGIN, bottom + lines.length * LINE + MARGIN, parts);
}

// How often each code is used, by rank: in the picture, and in training.
export function histogramOf(picture) {
  const { counts, codebook } = picture;
  const [across, tall] = HISTOGRAM;
  const order = Array.from(counts.keys()).sort((a, b) => counts[b] - counts[a] || codebook.usage[b] - codebook.usage[a]);
  const used = counts.reduce((sum, count) => sum + (count > 0), 0);
  const shown = order.slice(0, Math.min(order.length, Math.ceil(1.25 * Math.max(40, used))));
  const shares = (values, total) => shown.map((code) => (100 * values[code]) / Math.max(1, total));
  const [here, training] = [shares(counts, picture.tokens.length), shares(codebook.usage, codebook.usageTotal)];
  const most = Math.max(...here, ...training, 1e-9);
  const [left, top] = [MARGIN + 46, MARGIN + 2 * LINE];
  const place = (i, share) => `${(left + (i * across) / shown.length).toFixed(1)} ${(top + tall * (1 - share / most)).toFixed(1)}`;
  const area = (values, colour, opacity) => {
    const steps = values.map((share, i) => `L${place(i, share)}L${place(i + 1, share)}`).join("");
    return `<path d="M${place(0, 0)}${steps}L${place(values.length, 0)}Z" fill="${colour}" fill-opacity="${opacity}" stroke="${colour}"/>`;
  };
  const ticks = [0, 0.5, 1].map((part) => text(left - 8, top + tall * (1 - part) + 5, `${Number((part * most).toPrecision(2))} %`, COLOURS.soft, 13, 400, "end"));
  return sheet(across + left + MARGIN, top + tall + 3 * LINE + MARGIN, [
    text(MARGIN, MARGIN + 6, `${picture.name}: usage of the codes of ${codebook.model}`, COLOURS.ink, 19, 650),
    ...(codebook.usageTotal ? [area(training, COLOURS.training, 0.3)] : []),
    area(here, COLOURS.here, 0.55),
    ...ticks,
    text(left, top + tall + LINE, `rank of the code in this picture, 1 to ${shown.length} of ${codebook.size.toLocaleString("en")}`, COLOURS.soft),
    text(left, top + tall + 2 * LINE, "blue: this picture", COLOURS.here),
    ...(codebook.usageTotal ? [text(left + 170, top + tall + 2 * LINE, "grey: the training set", COLOURS.training)] : []),
  ]);
}

// What a figure's caption needs, in short sentences.
export function numbersOf({ width, height, grids, fidelity, codebook, counts, tokens }) {
  const bits = grids.reduce((sum, grid) => sum + grid.tokens.length * Math.log2(grid.codebook.size), 0);
  const used = counts.reduce((sum, count) => sum + (count > 0), 0);
  const entropy = counts.reduce((sum, count) => sum - (count && (count / tokens.length) * Math.log2(count / tokens.length)), 0);
  const shapes = grids.map((grid) => `${grid.columns} × ${grid.rows}`).join(" and ");
  return [
    `${width} × ${height} pixels, ${shapes} tokens`,
    `${(bits / 8192).toFixed(2)} KB at ${(bits / (width * height)).toFixed(3)} bits a pixel`,
    fidelity && `PSNR ${fidelity.psnr === null ? "∞" : fidelity.psnr.toFixed(2)} dB, SSIM ${fidelity.ssim.toFixed(4)}`,
    `${used.toLocaleString("en")} of ${codebook.size.toLocaleString("en")} codes used, perplexity ${Math.round(2 ** entropy).toLocaleString("en")}`,
  ].filter(Boolean);
}

/** @returns {Promise<Blob>} the figure's pixels, `scale` a unit */
export async function rasterized(svg, scale = 2) {
  const drawing = new Image();
  drawing.src = URL.createObjectURL(blobOf(svg));
  await drawing.decode();
  const canvas = newCanvas(drawing.naturalWidth * scale, drawing.naturalHeight * scale);
  canvas.getContext("2d").drawImage(drawing, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(drawing.src);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

export const blobOf = (svg) => new Blob([svg], { type: "image/svg+xml" });

// Cells as squares, cut to the picture.
function enlarged(cells, width, height, side) {
  const canvas = newCanvas(width, height);
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(cells, 0, 0, cells.width * side, cells.height * side);
  return canvas;
}

function wrapped(sentences, most) {
  const lines = [];
  for (const sentence of sentences)
    if (lines.length && lines.at(-1).length + sentence.length + 2 < most) lines[lines.length - 1] += `; ${sentence}`;
    else lines.push(sentence);
  return lines;
}

const escaped = (words) => words.replace(/\p{Cc}/gu, " ").replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function text(x, y, words, colour = COLOURS.ink, size = 15, weight = 400, anchor = "start") {
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" fill="${colour}" text-anchor="${anchor}">${escaped(words)}</text>`;
}

function image(canvas, x, y, width, height) {
  const crisp = canvas.width < width ? ' style="image-rendering:pixelated"' : "";
  return `<image x="${x}" y="${y}" width="${width}" height="${height}" preserveAspectRatio="none"${crisp} href="${canvas.toDataURL("image/png")}"/>`;
}

function sheet(width, height, parts) {
  const [across, down] = [width, height].map(Math.ceil);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${across}" height="${down}" viewBox="0 0 ${across} ${down}" font-family="${SANS}">` +
    `<rect width="100%" height="100%" fill="#fff"/>${parts.join("")}</svg>`
  );
}

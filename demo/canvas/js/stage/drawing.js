// What the panes of the stage show: layers, lines and numbers, what glows, what is highlighted, selected and pointed at.

import { canvasOf } from "../../../kit/js/images.js";

const LINES_FROM = 7; // CSS pixels a token from which lines are drawn between tokens
const NUMBERS_FROM = 34; // and from which their codes are written in them
const OUTLINE = 4; // CSS pixels that an outline sticks out at most
const OUTLINES_UP_TO = 1500; // highlighted tokens that get an outline each

// Each pane, as far as it shows what is stale: pixels of the picture, [left, top, right, bottom].
export function drawStage(stage, stale) {
  const { context, canvas, layers, bench } = stage;
  const ratio = window.devicePixelRatio || 1;
  context.setTransform(1, 0, 0, 1, 0, 0);
  if (!stale || stale[0] === -Infinity) context.clearRect(0, 0, canvas.width, canvas.height);
  if (!layers) return;
  for (const pane of stage.panes) {
    const view = stage.view.at(pane.scale);
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.beginPath();
    context.rect(...boxOf(stale ?? [-Infinity, -Infinity, Infinity, Infinity], pane, view, ratio));
    context.clip();
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio, 0, 0, ratio, ratio * pane.x, ratio * pane.y);
    drawPane({ context, layers, bench, hover: stage.hover, view }, pane.layer);
    context.restore();
  }
}

// Where a pane shows these pixels, and the outlines around them, in whole pixels of the canvas: [x, y, width, height].
function boxOf(pixels, pane, view, ratio) {
  const [left, top, right, bottom] = pixels.map((place, i) => {
    const [offset, room, start] = i % 2 ? [view.y, pane.height, pane.y] : [view.x, pane.width, pane.x];
    const at = offset + place * view.scale + (i < 2 ? -OUTLINE : OUTLINE);
    return Math[i < 2 ? "floor" : "ceil"](ratio * (start + Math.min(room, Math.max(0, at))));
  });
  return [left, top, right - left, bottom - top];
}

// A layer alone or, for null, what the layer bar says.
function drawPane(stage, only) {
  const { bench } = stage;
  const { layer, under, fade } = only ? { layer: only, under: only, fade: 1 } : bench.look;
  if (fade < 1 && under !== layer) drawLayer(stage, under, 1);
  drawLayer(stage, layer, under === layer ? 1 : fade);
  if (layer === "codes" && fade > 0.3) drawCells(stage);
  if (bench.probe.glow) drawGlow(stage, bench.probe.glow);
  if (bench.highlight !== null) drawHighlight(stage, bench.highlight);
  if (bench.selection.area) drawSelection(stage, bench.selection);
  if (bench.cursor.token) outline(stage, bench.cursor.token, 2);
  if (stage.hover) outline(stage, stage.hover, 1);
}

function drawLayer(stage, name, alpha) {
  const { context, view, layers } = stage;
  const { width, height, rows, columns, codebook } = layers.picture;
  const source = layers[name] ?? layers.rebuilt;
  context.save();
  context.globalAlpha = alpha;
  const isGrid = source.width === columns && source.height === rows;
  context.imageSmoothingEnabled = !isGrid && view.scale < 2;
  context.imageSmoothingQuality = "high";
  context.beginPath();
  context.rect(view.x, view.y, width * view.scale, height * view.scale);
  context.clip();
  const covered = isGrid ? [columns * codebook.downsampling, rows * codebook.downsampling] : [width, height];
  context.drawImage(source, view.x, view.y, covered[0] * view.scale, covered[1] * view.scale);
  context.restore();
}

// Lines between the tokens, and their numbers once there is room.
function drawCells(stage) {
  const { context, view, layers } = stage;
  const { cell } = view;
  if (cell < LINES_FROM) return;
  const [top, bottom, left, right] = view.visible();
  const { tokens, columns, codebook, width, height } = layers.picture;
  const end = [view.x + width * view.scale, view.y + height * view.scale];
  context.beginPath();
  for (let row = top + 1; row < bottom; row++) {
    const y = Math.round(view.y + row * cell) + 0.5;
    context.moveTo(Math.max(0, view.x), y);
    context.lineTo(end[0], y);
  }
  for (let column = left + 1; column < right; column++) {
    const x = Math.round(view.x + column * cell) + 0.5;
    context.moveTo(x, Math.max(0, view.y));
    context.lineTo(x, end[1]);
  }
  context.strokeStyle = "rgb(0 0 0 / .35)";
  context.lineWidth = 1;
  context.stroke();
  if (cell < NUMBERS_FROM) return;
  const colours = codebook.colours[layers.colouring];
  context.font = `500 ${Math.min(15, cell * 0.3)}px ui-monospace, Menlo, monospace`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let row = top; row < bottom; row++)
    for (let column = left; column < right; column++) {
      const code = tokens[row * columns + column];
      const [r, g, b] = colours.subarray(code * 3, code * 3 + 3);
      context.fillStyle = 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#101014" : "#fff";
      context.fillText(code, view.x + (column + 0.5) * cell, view.y + (row + 0.5) * cell);
    }
}

// What a token does, over a darkened picture.
function drawGlow(stage, { canvas, x, y }) {
  const { context, view } = stage;
  const { width, height } = stage.layers.picture;
  context.fillStyle = "rgb(8 8 14 / .72)";
  context.fillRect(view.x, view.y, width * view.scale, height * view.scale);
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, view.x + x * view.scale, view.y + y * view.scale, canvas.width * view.scale, canvas.height * view.scale);
}

// Veil the picture except where the code is.
function drawHighlight(stage, code) {
  const { context, view } = stage;
  const { tokens, columns, rows, codebook, width, height } = stage.layers.picture;
  const image = new ImageData(columns, rows);
  const found = [];
  tokens.forEach((token, cell) => (token === code ? found.push(cell) : (image.data[cell * 4 + 3] = 165)));
  context.save();
  context.beginPath();
  context.rect(view.x, view.y, width * view.scale, height * view.scale);
  context.clip();
  context.imageSmoothingEnabled = false;
  const f = codebook.downsampling;
  context.drawImage(canvasOf(image), view.x, view.y, columns * f * view.scale, rows * f * view.scale);
  context.restore();
  if (found.length > OUTLINES_UP_TO) return;
  for (const cell of found) outline(stage, { row: Math.floor(cell / columns), column: cell % columns }, 1);
}

// The selection's frame and, while it is carried, its tiles where they would go.
function drawSelection(stage, selection) {
  const { context, view, layers, bench } = stage;
  const { cell } = view;
  let [top, bottom, left, right] = selection.area;
  const box = () => [view.x + left * cell, view.y + top * cell, (right - left) * cell, (bottom - top) * cell];
  const { carried } = selection;
  if (carried) {
    const { codebook, grid } = layers.picture;
    const { block } = selection;
    context.imageSmoothingEnabled = false;
    if (!carried.copies)
      for (let row = top; row < bottom; row++)
        for (let column = left; column < right; column++)
          codebook.drawTile(context, bench.code, view.x + column * cell, view.y + row * cell, cell);
    [top, left] = grid.cornerFor(block, top + carried.down, left + carried.right);
    [bottom, right] = [top + block.rows, left + block.columns];
    for (let row = 0; row < block.rows; row++)
      for (let column = 0; column < block.columns; column++)
        codebook.drawTile(context, block.at(row, column), view.x + (left + column) * cell, view.y + (top + row) * cell, cell);
  }
  context.save();
  context.lineWidth = 2;
  context.strokeStyle = "#101014";
  context.strokeRect(...box());
  context.setLineDash([6, 5]);
  context.strokeStyle = "#fff";
  context.strokeRect(...box());
  context.restore();
}

function outline(stage, { row, column }, weight) {
  const { context, view } = stage;
  const [x, y, side] = [view.x + column * view.cell, view.y + row * view.cell, view.cell];
  context.lineWidth = weight + 2;
  context.strokeStyle = "rgb(0 0 0 / .75)";
  context.strokeRect(x - 1, y - 1, side + 2, side + 2);
  context.lineWidth = weight;
  context.strokeStyle = weight > 1 ? "#ffc53d" : "#fff";
  context.strokeRect(x - 1, y - 1, side + 2, side + 2);
}

// The picture as far as it is written: pixels where they have come, codes where not yet, and what is marked on it.

import { drawLevel, squareOf } from "../../kit/js/sequences.js";

const COMING = "#ffc53d"; // the token that comes next
const MARKED = "#fff"; // chosen by hand, or looked at

// next: the level of the token that comes next, if one does.
export function paint(watch, next) {
  const { context, prior, codebook, sequence, shown, levels, page, looks } = watch;
  const finest = levels.at(-1);
  context.clearRect(0, 0, page.width, page.height);
  context.imageSmoothingEnabled = prior.width >= 100;
  for (const level of levels.slice(0, -1)) drawLevel(context, codebook, level, sequence, 0, shown);
  const decoded = Math.min(shown, watch.decoded);
  if (decoded > finest.first) {
    const [across, whole, side] = squareOf(finest, decoded);
    context.save();
    context.beginPath();
    context.rect(0, 0, page.width, whole);
    context.rect(0, whole, across, side);
    context.clip();
    context.drawImage(watch.picture, 0, 0, page.width, page.height);
    context.restore();
  }
  drawLevel(context, codebook, finest, sequence, decoded, shown);
  looks.paint(context);
  context.lineWidth = 1;
  context.strokeStyle = "rgb(128 128 128 / .28)";
  for (let place = shown; place < next?.end; place++) {
    const [x, y, side] = squareOf(next, place);
    context.strokeRect(x, y, side, side);
  }
  for (const place of watch.byHand) if (place < shown) outline(watch, place, MARKED);
  if (looks.at !== null && looks.at !== shown) outline(watch, looks.at, MARKED);
  if (next) outline(watch, shown, COMING);
}

function outline(watch, place, colour) {
  const { context } = watch;
  const [x, y, side] = squareOf(watch.levelAt(place), place);
  for (const [width, style] of [[7, "rgb(0 0 0 / .7)"], [4, colour]]) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.strokeRect(x + 3, y + 3, side - 6, side - 6);
  }
}

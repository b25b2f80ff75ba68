// Where the layers lie on the stage: one alone, or several side by side, each under a caption and all as wide as they can be.

const MARGIN = 8; // CSS pixels around all panes
const GAP = 8;
const CAPTION = 22; // above each pane
const NARROW = 520; // up to this width one pane is large and the others small
const FOURTH_FROM = 0.85; // of the width without it, from which there is room for the error too
const ALONE_MARGIN = 12;

/**
 * A layer's place in CSS pixels of the stage; `layer` is null where the layer bar says which. `scale` is its size beside the
 * first pane's, `margin` what is left free around a picture that is fitted into it.
 * @typedef {Readonly<{layer: string | null, x: number, y: number, width: number, height: number, scale: number, margin: number}>} Pane
 */

/** @returns {readonly Pane[]} */
export function alone(/** @type {{width: number, height: number}} */ { width, height }) {
  return Object.freeze([Object.freeze({ layer: null, x: 0, y: 0, width, height, scale: 1, margin: ALONE_MARGIN })]);
}

/**
 * @param {{width: number, height: number}} stage  in CSS pixels
 * @param {{width: number, height: number}} picture
 * @param {string[]} layers  those that have to show
 * @param {string | null} fourth  one that shows where it makes the others little smaller
 * @returns {readonly Pane[]}
 */
export function sideBySide(stage, picture, layers, fourth) {
  if (stage.width <= NARROW && layers.length > 2) return placed(stage, ledBy(stage, picture, layers));
  const three = largest(stage, picture, layers);
  const four = fourth && largest(stage, picture, [...layers, fourth]);
  return placed(stage, four && four[0].width >= FOURTH_FROM * three[0].width ? four : three);
}

// The pane at a point of the stage, or undefined.
export function paneAt(panes, x, y) {
  return panes.find((pane) => x >= pane.x && y >= pane.y && x < pane.x + pane.width && y < pane.y + pane.height);
}

// Equal panes in rows and columns without a hole.
function largest(stage, picture, layers) {
  let best = null;
  for (let columns = 1; columns <= layers.length; columns++) {
    const rows = layers.length / columns;
    if (!Number.isInteger(rows)) continue;
    const { width, height } = fitting(picture, (stage.width - 2 * MARGIN + GAP) / columns - GAP,
      (stage.height - 2 * MARGIN + GAP) / rows - GAP - CAPTION);
    if (best && width <= best[0].width) continue;
    best = layers.map((layer, i) => ({
      layer, width, height, x: (i % columns) * (width + GAP), y: CAPTION + Math.floor(i / columns) * (height + CAPTION + GAP),
    }));
  }
  return best;
}

// The last layer large, the others half as large below it or, where that is larger, beside it.
function ledBy(stage, picture, layers) {
  const [room, depth] = [stage.width - 2 * MARGIN, stage.height - 2 * MARGIN];
  const lead = layers.at(-1);
  const below = fitting(picture, room, (depth - 2 * CAPTION - GAP / 2) / 1.5);
  const beside = fitting(picture, (room - GAP / 2) / 1.5, depth - CAPTION);
  const { width, height } = below.width >= beside.width ? below : beside;
  const small = { width: Math.floor((width - GAP) / 2), height: Math.floor((height - GAP) / 2) };
  const others = layers.slice(0, -1).map((layer, i) =>
    below.width >= beside.width
      ? { layer, ...small, x: i * (small.width + GAP), y: 2 * CAPTION + GAP + height }
      : { layer, ...small, x: width + GAP, y: CAPTION + i * (small.height + CAPTION + GAP) });
  return [{ layer: lead, width, height, x: 0, y: CAPTION }, ...others];
}

function fitting(picture, width, height) {
  const scale = Math.max(0.02, Math.min(width / picture.width, height / picture.height));
  return { width: Math.max(1, Math.floor(picture.width * scale)), height: Math.max(1, Math.floor(picture.height * scale)) };
}

// In the middle of the stage.
function placed(stage, panes) {
  const right = Math.max(...panes.map(({ x, width }) => x + width));
  const bottom = Math.max(...panes.map(({ y, height }) => y + height));
  const [left, top] = [Math.round((stage.width - right) / 2), Math.round((stage.height - bottom) / 2)];
  return Object.freeze(panes.map(({ layer, x, y, width, height }) =>
    Object.freeze({ layer, x: x + left, y: y + top, width, height, scale: width / panes[0].width, margin: 0 })));
}

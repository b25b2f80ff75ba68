// The map as a picture to save.

import { newCanvas } from "../../kit/js/images.js";

const CAPTION = 34; // pixels of a line under a picture

// What a canvas shows, on white and with a line under it, as a PNG.
/** @returns {Promise<Blob>} */
export function captioned(canvas, words) {
  const whole = newCanvas(canvas.width, canvas.height + CAPTION);
  const context = whole.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, whole.width, whole.height);
  context.drawImage(canvas, 0, 0);
  Object.assign(context, { fillStyle: "#1d1e21", font: "15px sans-serif" });
  context.fillText(words, 12, canvas.height + 22, whole.width - 24);
  return new Promise((resolve) => whole.toBlob(resolve, "image/png"));
}

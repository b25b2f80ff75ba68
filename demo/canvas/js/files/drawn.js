// Pictures of kinds that the server does not read, drawn here.

import { fileToBase64 } from "../../../kit/js/files.js";
import { newCanvas } from "../../../kit/js/images.js";

const READ_BY_THE_SERVER = /^(image\/(jpeg|png|webp|gif|bmp|tiff|avif|x-portable.*))?$/;
const DRAWING_SIDE = 1024; // pixels: of the longer side of what has no pixels of its own

// A picture of a kind that the server doesn't read, as a PNG, if this browser can draw it: HEIC in Safari, SVG anywhere.
/** @returns {Promise<Blob | null>} */
export async function asPng(file) {
  if (READ_BY_THE_SERVER.test(file.type) || !file.type.startsWith("image/")) return null;
  const image = new Image();
  image.src = `data:${file.type};base64,${await fileToBase64(file)}`;
  try {
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const longest = Math.max(width, height) || DRAWING_SIDE;
    const scale = file.type === "image/svg+xml" ? DRAWING_SIDE / longest : Math.min(1, (4 * DRAWING_SIDE) / longest);
    const canvas = newCanvas(Math.round((width || longest) * scale), Math.round((height || longest) * scale));
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  } catch {
    return null;
  }
}

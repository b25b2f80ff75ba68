// Pictures between the forms that a browser has for them: an address, pixels, a canvas, a PNG file.

export async function pixelsOfUrl(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = newCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

export function newCanvas(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

export function canvasOf(pixels) {
  const canvas = newCanvas(pixels.width, pixels.height);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

/** @returns {Promise<Blob>} */
export function pngOf(pixels) {
  return new Promise((resolve) => canvasOf(pixels).toBlob(resolve, "image/png"));
}

// Bytes as base64, which is how they travel in JSON.

function bytesToBase64(bytes) {
  let text = "";
  for (let start = 0; start < bytes.length; start += 0x8000)
    text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  return btoa(text);
}

function base64ToBytes(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// Tokens are little-endian, as every machine that runs a browser is.
const tokenArray = (codebookSize) => (codebookSize <= 1 << 16 ? Uint16Array : Uint32Array);

function packTokens(tokens, codebookSize) {
  return bytesToBase64(new Uint8Array(tokenArray(codebookSize).from(tokens).buffer));
}

function unpackTokens(base64, codebookSize) {
  return Int32Array.from(new (tokenArray(codebookSize))(base64ToBytes(base64).buffer));
}

function fileToBase64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new PersonError("The browser could not read “" + file.name + "”. Try again."));
    reader.readAsDataURL(file);
  });
}

async function pixelsOfUrl(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = newCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

function newCanvas(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

// Bytes as base64, which is how they travel in JSON.

export function bytesToBase64(bytes) {
  let text = "";
  for (let start = 0; start < bytes.length; start += 0x8000)
    text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  return btoa(text);
}

export function base64ToBytes(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// Tokens are little-endian, as every machine that runs a browser is.
const tokenArray = (codebookSize) => (codebookSize <= 1 << 16 ? Uint16Array : Uint32Array);

export function packTokens(tokens, codebookSize) {
  return bytesToBase64(new Uint8Array(tokenArray(codebookSize).from(tokens).buffer));
}

export function unpackTokens(base64, codebookSize) {
  return Int32Array.from(new (tokenArray(codebookSize))(base64ToBytes(base64).buffer));
}

export function unpackFloats(base64) {
  return new Float32Array(base64ToBytes(base64).buffer);
}

// Files in and out of the page.

import { PersonError } from "./server.js";

const KEPT_MS = 60_000; // for a browser to begin a download

/** @returns {Promise<string>} */
export function fileToBase64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",", 2)[1]);
    reader.onerror = () => reject(new PersonError("The browser could not read “" + file.name + "”. Try again."));
    reader.readAsDataURL(file);
  });
}

export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}

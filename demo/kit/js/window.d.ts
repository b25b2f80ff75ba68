// What the page adds to its window.

import type { Face } from "../../canvas/js/face.js";

declare global {
  interface Window {
    canvas?: Readonly<Face>;
  }
}

// What the page adds to its window.

import type { Face } from "../../token_canvas/js/face.js";

declare global {
  interface Window {
    canvas?: Readonly<Face>;
  }
}

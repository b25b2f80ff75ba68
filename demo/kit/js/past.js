// What was there before each thing that a person did in a part of the page. Ctrl+Z goes back, one gesture at a time.

import { listenForUndo } from "./keys.js";

const REMEMBERED = 50; // gestures

export class Past {
  /**
   * @param {HTMLElement} part
   * @param {(state: any) => void} goBack
   */
  constructor(part, goBack) {
    this.states = [];
    this.isNew = true;
    for (const event of ["pointerdown", "keydown"]) part.addEventListener(event, () => (this.isNew = true), true);
    listenForUndo(part, () => this.states.length && goBack(this.states.pop()));
  }

  // What is there now, before it changes; a drag is one gesture, whatever it passes through.
  keep(state) {
    if (!this.isNew) return;
    this.isNew = false;
    this.states.push(structuredClone(state));
    if (this.states.length > REMEMBERED) this.states.shift();
  }
}

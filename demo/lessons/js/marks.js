// Small things that the lessons share: elements, numbers as people read them, colours that the colour-blind can tell.

import { Latest } from "../../kit/js/latest.js";

const SVG = "http://www.w3.org/2000/svg";
export const CODE_COLOURS = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#999999"]; // Okabe & Ito

export function make(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

export function draw(name, attributes = {}) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

const minus = (text) => text.replace("-", "−");
export const fixed = (value, digits = 2) => minus((Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value).toFixed(digits));
export const pair = (/** @type {number[]} */ [x, y], digits = 2) => `(${fixed(x, digits)}, ${fixed(y, digits)})`;
export const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

export function rgbOf(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

// The parts of a lesson by their data-part, and what all lessons can do: tell a problem, answer the question.
export class Lesson {
  constructor(root, server) {
    this.root = root;
    this.server = server;
    this.told = root.querySelector("[data-answer]");
    root.querySelector("[data-action=answer]")?.addEventListener("click", () => this.answer());
    root.querySelector("[data-action=reset]")?.addEventListener("click", () => {
      this.told.textContent = "";
      this.reset();
    });
  }

  part(name) {
    return this.root.querySelector(`[data-part=${name}]`);
  }

  on(name, event, listener) {
    this.part(name).addEventListener(event, listener);
  }

  /**
   * @param {keyof import("../../kit/js/answers.js").Answers} name
   * @param {(found: any, asked: any) => void} show
   */
  asks(name, show) {
    return new Latest(this.server, name, { show, fail: (problem) => (this.told.textContent = problem) });
  }

  // What each lesson does in its own way: begin anew, answer its question, and stop when the person goes to another.
  reset() {}

  answer() {}

  left() {}
}

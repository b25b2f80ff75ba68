// @ts-check
// One tokenizer: what it is, what is known of it, and what can be done with it.

/** @typedef {import("../../kit/js/answers.js").CardData} CardData */

const joined = (numbers, write) => numbers.map(write).join(" + ");

/** @param {string} name  @param {HTMLElement[]} buttons */
export function newCard(name, buttons) {
  const element = part("li");
  const said = part("p", "said");
  const facts = part("dl");
  const footer = part("footer");
  footer.append(...buttons);
  element.append(part("b", "", name), said, facts, footer);
  return {
    element,
    /** @param {string} text */
    say(text) {
      said.textContent = text;
    },
    /** @param {CardData} data */
    tell({ codes, downsampling, bytes, licence }) {
      facts.replaceChildren(
        fact("Codes", joined(codes, (size) => size.toLocaleString("en"))),
        fact("Pixels a token", joined(downsampling, (f) => `${f} × ${f}`)),
        fact("Files", bytes === null ? "unknown" : megabytes(bytes)),
        ...(licence ? [fact("Licence", licence)] : []),
      );
    },
  };
}

/** @param {number} bytes */
export const megabytes = (bytes) => `${(bytes / 1e6).toLocaleString("en", { maximumFractionDigits: bytes < 1e8 ? 1 : 0 })} MB`;

/** @param {string} text  @param {() => void} press */
export function button(text, press) {
  const element = /** @type {HTMLButtonElement} */ (part("button", "", text));
  element.type = "button";
  element.addEventListener("click", press);
  return element;
}

function fact(name, value) {
  const group = part("div");
  group.append(part("dt", "", name), part("dd", "", value));
  return group;
}

function part(tag, kind = "", text = "") {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  element.textContent = text;
  return element;
}

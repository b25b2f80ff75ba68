// What the next token is drawn from: the likeliest codes as bars. Taking another one is a click.

import { newCanvas } from "../../kit/js/images.js";

const ROUNDED_AWAY = 24; // bits: what is less likely arrives as 0
const TELLING = 1e-4; // difference of odds that is worth a second bar

const percent = (p) => `${(100 * p).toFixed(p < 0.01 ? 2 : 1)} %`;

export class Distribution {
  constructor(root, onTake) {
    const part = (name) => root.querySelector(`[data-${name}]`);
    this.where = part("where");
    this.entropy = part("entropy");
    this.bars = part("bars");
    this.rest = part("rest");
    this.code = part("code");
    this.onTake = onTake;
    this.code.addEventListener("change", () => this.code.value !== "" && onTake(Number(this.code.value)));
  }

  // next: what the server told of the token;  chosen: the code that stands there;  given: how it came there, where it wasn't drawn.
  show(title, next, chosen, given, level, codebook) {
    this.where.textContent = title;
    if (!next) {
      this.entropy.textContent = this.rest.textContent = "";
      return this.bars.replaceChildren();
    }
    const { codes, before, probabilities, possible, bits } = next;
    const at = codes.indexOf(chosen);
    const p = given ? probabilities[at] : next.probability;
    const cost = p === undefined ? "" : `; code ${chosen} costs ${p ? (-Math.log2(p)).toFixed(1) : `more than ${ROUNDED_AWAY}`}`;
    this.entropy.textContent = `${bits.toFixed(1)} bits expected${cost}${given && `, ${given}`}`;
    this.code.max = level.codes - 1;
    this.code.value = "";
    const most = Math.max(probabilities[0], before[0]);
    const bars = codes.map((code, i) => ({ code, p: probabilities[i], former: before[i], most, isChosen: code === chosen }));
    this.bars.replaceChildren(...bars.map((bar) => this.newBar(bar, codebook)));
    const others = 1 - probabilities.reduce((sum, value) => sum + value, 0);
    const more = possible - probabilities.filter(Boolean).length;
    this.rest.textContent =
      more > 0 ? `${more.toLocaleString("en")} other codes share ${(100 * others).toFixed(1)} %` : "No other code is possible";
    const isTelling = bars.some(({ p, former }) => Math.abs(p - former) > TELLING);
    this.bars.classList.toggle("before", isTelling);
    if (isTelling) this.rest.textContent += "; thin: before temperature, top k and top p";
  }

  newBar({ code, p, former, most, isChosen }, codebook) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", isChosen);
    button.title = `Take code ${code} here. Before temperature, top k and top p: ${percent(former)}`;
    button.classList.toggle("cut", p === 0);
    const tile = newCanvas(codebook.downsampling, codebook.downsampling);
    codebook.drawTile(tile.getContext("2d"), code, 0, 0, codebook.downsampling);
    const [number, bar, share] = ["b", "i", "span"].map((name) => document.createElement(name));
    number.textContent = code;
    bar.style.setProperty("--share", String(p / most));
    bar.style.setProperty("--before", String(former / most));
    share.textContent = p ? percent(p) : "cut off";
    button.append(tile, number, bar, share);
    button.addEventListener("click", () => this.onTake(code));
    return button;
  }
}

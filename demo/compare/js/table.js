// @ts-check
// The settings side by side: a line each, and the same as a CSV file.

import { download } from "../../kit/js/files.js";

/** @typedef {import("../../kit/js/answers.js").ComparisonAnswer} Answer */

const whole = (value) => Math.round(value).toLocaleString("en");
const fixed = (digits) => (value) => value.toFixed(digits);
const rival = (codec, figure) => (answer) => answer.rivals.find((each) => each.codec === codec)?.[figure];

// What it is called, in the file too; its value of an answer; how that is written; whether more is better, or less.
/** @type {[string, (answer: Answer) => any, (value: any) => string, ("more" | "less")?][]} */
const COLUMNS = [
  ["codes", ({ levels }) => levels.map(({ codes }) => codes).join(" + "), (sizes) => sizes],
  ["pixels a token", ({ levels }) => levels.map(({ downsampling: f }) => `${f}x${f}`).join(" + "), (sides) => sides.replaceAll("x", " × ")],
  ["tokens", ({ tokens }) => tokens, whole],
  ["bits", ({ bits }) => bits, whole, "less"],
  ["bits a pixel", ({ bits_per_pixel }) => bits_per_pixel, fixed(4), "less"],
  ["PSNR, dB", ({ psnr }) => psnr ?? Infinity, (psnr) => (psnr === Infinity ? "∞" : psnr.toFixed(2)), "more"],
  ["SSIM", ({ ssim }) => ssim, fixed(4), "more"],
  ["to encode, ms", ({ encoding }) => 1000 * encoding, fixed(0), "less"],
  ["to decode, ms", ({ decoding }) => 1000 * decoding, fixed(0), "less"],
  ["JPEG’s PSNR, dB", rival("JPEG", "psnr"), fixed(2)],
  ["WebP’s PSNR, dB", rival("WEBP", "psnr"), fixed(2)],
];

export class Table {
  /** @param {HTMLElement} element  @param {() => string} nameOf  what the file is called, of the picture */
  constructor(element, nameOf) {
    this.element = element;
    /** @type {{label: string, answer: Answer | null, problem: string}[]} */
    this.lines = [];
    const cells = ["", ...COLUMNS.map(([name]) => name)].map((name) => part("th", name));
    for (const cell of cells) cell.setAttribute("scope", "col");
    element.querySelector("thead tr").replaceChildren(...cells);
    element.querySelector("[data-save-csv]").addEventListener("click", () => {
      download(new Blob([this.toCsv()], { type: "text/csv" }), `${nameOf()} compared.csv`);
    });
  }

  // Of each setting its figures, or what is wrong; neither where they are awaited.
  show(lines) {
    this.lines = lines;
    this.element.hidden = !lines.length;
    const best = COLUMNS.map(([, value, , better]) => {
      const values = lines.filter(({ answer }) => answer).map(({ answer }) => value(answer));
      return better && values.length > 1 && new Set(values).size > 1 ? Math[better === "more" ? "max" : "min"](...values) : null;
    });
    this.element.querySelector("tbody").replaceChildren(
      ...lines.map(({ label, answer, problem }) => {
        const head = part("th", label);
        head.setAttribute("scope", "row");
        const line = part("tr", "");
        line.append(head, ...(answer ? COLUMNS.map((column, i) => figure(column, answer, best[i])) : [wide(problem || "…")]));
        return line;
      }),
    );
  }

  toCsv() {
    const lines = [["tokenizer", ...COLUMNS.map(([name]) => name)]];
    for (const { label, answer } of this.lines)
      if (answer) lines.push([label, ...COLUMNS.map(([, value]) => String(value(answer) ?? ""))]);
    return lines.map((line) => line.map((text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)).join(",")).join("\r\n") + "\r\n";
  }
}

/** @param {typeof COLUMNS[number]} column  @param {Answer} answer  @param {number | null} best */
function figure([, value, write], answer, best) {
  const found = value(answer);
  const cell = part("td", found === undefined || found === null ? "–" : write(found));
  if (best !== null && found === best) cell.className = "best";
  return cell;
}

function wide(text) {
  const cell = /** @type {HTMLTableCellElement} */ (part("td", text));
  cell.className = "wide";
  cell.colSpan = COLUMNS.length;
  return cell;
}

function part(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

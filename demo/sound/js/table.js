// A time series as a clip: columns of numbers, and tokens of some moments of all of them.

import { unpackFloats, unpackTokens } from "../../kit/js/bytes.js";

/**
 * @param {string} name
 * @param {import("../../kit/js/answers.js").TableAnswer} answer
 */
export function clipOf(name, { names, steps, codes, low, high, ...packed }) {
  const values = unpackFloats(packed.values);
  const length = values.length / names.length;
  return {
    name,
    codes,
    steps,
    length,
    rows: [unpackTokens(packed.tokens, codes)],
    codebook: unpackFloats(packed.codebook),
    columns: names.map((column, i) => ({
      name: column,
      values: values.subarray(i * length, (i + 1) * length),
      low: low[i],
      high: high[i],
    })),
    span: steps,
    history: [],
    spectra: [],
    rate: null,
  };
}

// What the columns were and what the tokens make of them: each stands for a piece of all columns, from the codebook.
export function wavesOf({ steps, codebook, rows: [tokens], columns, length }) {
  return columns.map(({ name, values, low, high }, column) => {
    const rebuilt = new Float32Array(length);
    for (let t = 0; t < length; t++)
      rebuilt[t] = codebook[(tokens[Math.floor(t / steps)] * columns.length + column) * steps + (t % steps)];
    const range = [low, high].map((value) => Number(value.toPrecision(3))).join(" … ");
    return { label: `${name}  ${range}`, rebuilt, lines: [{ values, name: "--wb-soft" }, { values: rebuilt, name: "--wb-accent" }] };
  });
}

// What the tokens stand for, in the file's own units.
export function csvOf({ columns, waves, length }) {
  const quoted = (name) => `"${name.replaceAll('"', '""')}"`;
  const rows = [columns.map(({ name }) => quoted(name)).join(",")];
  for (let t = 0; t < length; t++)
    rows.push(columns.map(({ low, high }, i) => (low + high) / 2 + ((high - low) / 2) * waves[i].rebuilt[t]).join(","));
  return rows.join("\n") + "\n";
}

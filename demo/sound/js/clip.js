// A file or a recording to samples: the browser decodes whatever it can play, at any rate, into one channel at ours.

import { base64ToBytes, bytesToBase64, packTokens, unpackTokens } from "../../kit/js/bytes.js";
import { PersonError } from "../../kit/js/server.js";

const MOST_BYTES = 60e6;

const CANCELLED = 0.05; // of the loudest channel's power, which the mean of all doesn't reach

// → { samples: Float32Array of at most `longest` seconds, seconds: how long it was, note: what was done to it }
export async function decodeClip(file, rate, longest) {
  if (file.size > MOST_BYTES) throw new PersonError("This file is larger than the 60 MB that are read here. Cut it first.");
  const context = new OfflineAudioContext(1, 1, rate);
  const buffer = await context.decodeAudioData(await file.arrayBuffer()).catch(() => {
    throw new PersonError(`“${file.name ?? "The recording"}” is no sound that this browser can read. Use WAV, MP3, OGG, FLAC or M4A.`);
  });
  const length = Math.min(buffer.length, longest * rate);
  if (!length) throw new PersonError("There is no sound in this file. Choose another.");
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, i) => buffer.getChannelData(i).subarray(0, length));
  return { ...mixed(channels), seconds: buffer.duration };
}

// The mean of the channels; the loudest alone where they cancel one another out, as vqcore/data/wav.py does.
export function mixed(channels) {
  const mean = channels[0].map((_, i) => channels.reduce((sum, values) => sum + values[i], 0) / channels.length);
  const power = (values) => values.reduce((sum, value) => sum + value * value, 0);
  const loudest = channels.reduce((most, values) => (power(values) > power(most) ? values : most));
  if (power(mean) >= CANCELLED * power(loudest)) return { samples: mean, note: "" };
  return { samples: loudest, note: "Its channels cancel one another out, so the loudest of them is taken alone. " };
}

export function packSamples(samples) {
  const loudest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return bytesToBase64(new Uint8Array(Int16Array.from(samples, (value) => Math.round((value / loudest) * 32767)).buffer));
}

export function unpackSamples(base64) {
  return Float32Array.from(new Int16Array(base64ToBytes(base64).buffer), (value) => value / 32767);
}

// The tokens of each level as an array of its own; they travel level after level.
export function packRows(rows, codes) {
  return packTokens(rows.flatMap((row) => Array.from(row)), codes);
}

export function unpackRows(base64, codes, count) {
  const all = unpackTokens(base64, codes);
  const length = all.length / count;
  return Array.from({ length: count }, (_, i) => all.slice(i * length, (i + 1) * length));
}

// A WAV file of 16 bits.
export function toWav(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, letters) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  const fields = [[16, 16], [24, rate], [28, 2 * rate], [40, 2 * samples.length], [4, 36 + 2 * samples.length]];
  for (const [at, name] of [[0, "RIFF"], [8, "WAVEfmt "], [36, "data"]]) text(at, name);
  for (const [at, value] of fields) view.setUint32(at, value, true);
  for (const [at, value] of [[20, 1], [22, 1], [32, 2], [34, 16]]) view.setUint16(at, value, true);
  samples.forEach((value, i) => view.setInt16(44 + 2 * i, Math.max(-1, Math.min(1, value)) * 32767, true));
  return new Blob([view], { type: "audio/wav" });
}

// A file or a recording to samples: the browser decodes whatever it can play, at any rate, into one channel at ours.

import { base64ToBytes, bytesToBase64 } from "../../kit/js/bytes.js";
import { PersonError } from "../../kit/js/server.js";

const MOST_BYTES = 60e6;

// → { samples: Float32Array of at most `longest` seconds, seconds: how long it was }
export async function decodeClip(file, rate, longest) {
  if (file.size > MOST_BYTES) throw new PersonError("This file is larger than the 60 MB that are read here. Cut it first.");
  const context = new OfflineAudioContext(1, 1, rate);
  const buffer = await context.decodeAudioData(await file.arrayBuffer()).catch(() => {
    throw new PersonError(`“${file.name ?? "The recording"}” is no sound that this browser can read. Use WAV, MP3, OGG, FLAC or M4A.`);
  });
  const samples = new Float32Array(Math.min(buffer.length, longest * rate));
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const values = buffer.getChannelData(channel);
    for (let i = 0; i < samples.length; i++) samples[i] += values[i] / buffer.numberOfChannels;
  }
  if (!samples.length) throw new PersonError("There is no sound in this file. Choose another.");
  return { samples, seconds: buffer.duration };
}

export function packSamples(samples) {
  const loudest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return bytesToBase64(new Uint8Array(Int16Array.from(samples, (value) => Math.round((value / loudest) * 32767)).buffer));
}

export function unpackSamples(base64) {
  return Float32Array.from(new Int16Array(base64ToBytes(base64).buffer), (value) => value / 32767);
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

// A spectrogram as a grey picture: 256 samples a window, loud is dark (or bright on dark), from 54 dB below full scale.

const WINDOW = 256;
const BANDS = WINDOW / 2;
const HOP = 32;
const DEPTH_DB = 54;
const HANN = Float32Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW));

// In place: the discrete Fourier transform of WINDOW values, by halves.
function transform(real, imaginary) {
  for (let i = 1, j = 0; i < WINDOW; i++) {
    let bit = WINDOW >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j], real[i]];
      [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
    }
  }
  for (let size = 2; size <= WINDOW; size <<= 1) {
    const half = size >> 1;
    for (let k = 0; k < half; k++) {
      const angle = (-2 * Math.PI * k) / size;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      for (let i = k; i < WINDOW; i += size) {
        const j = i + half;
        const [r, m] = [real[j] * c - imaginary[j] * s, real[j] * s + imaginary[j] * c];
        [real[j], imaginary[j]] = [real[i] - r, imaginary[i] - m];
        [real[i], imaginary[i]] = [real[i] + r, imaginary[i] + m];
      }
    }
  }
}

// Float32Array → a canvas, a column every HOP samples, low tones at the bottom; `ink` and `paper` as [r, g, b].
export function drawSpectrogram(samples, ink, paper) {
  const columns = Math.max(1, Math.ceil(samples.length / HOP));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [columns, BANDS];
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(columns, BANDS);
  const [real, imaginary] = [new Float32Array(WINDOW), new Float32Array(WINDOW)];
  for (let column = 0; column < columns; column++) {
    const first = column * HOP + HOP / 2 - WINDOW / 2;
    for (let i = 0; i < WINDOW; i++) real[i] = (samples[first + i] ?? 0) * HANN[i];
    imaginary.fill(0);
    transform(real, imaginary);
    for (let band = 0; band < BANDS; band++) {
      const power = (real[band] ** 2 + imaginary[band] ** 2) / (WINDOW / 4) ** 2;
      const share = Math.max(0, Math.min(1, 1 + (10 * Math.log10(power + 1e-12)) / DEPTH_DB));
      const at = 4 * ((BANDS - 1 - band) * columns + column);
      for (let c = 0; c < 3; c++) pixels.data[at + c] = paper[c] + (ink[c] - paper[c]) * share;
      pixels.data[at + 3] = 255;
    }
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

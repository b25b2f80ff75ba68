// How near the reconstruction is to the original, measured here because the original never leaves the browser.

const SSIM_WINDOW = 7;
const SLICE_MS = 6;

const nextTask = () => new Promise((resolve) => setTimeout(resolve));

export function meanSquaredError(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i += 4)
    for (let c = i; c < i + 3; c++) sum += (a[c] - b[c]) * (a[c] - b[c]);
  return sum / ((a.length / 4) * 3);
}

// {psnr in dB, null for equal pictures; ssim}, worked out in short slices so that a stroke meanwhile isn't late.
// Gives up, answering undefined, once isStale() says that the pixels have changed.
export async function measureFidelity(original, rebuilt, isStale) {
  await nextTask(); // the pixels show first
  if (isStale()) return undefined;
  const error = meanSquaredError(original.data, rebuilt.data);
  const ssim = await structuralSimilarity(original, rebuilt, isStale);
  if (ssim === undefined) return undefined;
  return { psnr: error === 0 ? null : 10 * Math.log10((255 * 255) / error), ssim };
}

// SSIM as scikit-image computes it: uniform windows, sample variances, each channel alone, their mean.
// Sums of a window's columns slide down the picture, then along the row.
async function structuralSimilarity(a, b, isStale) {
  const { width, height } = a;
  const across = Math.min(SSIM_WINDOW, width);
  const down = Math.min(SSIM_WINDOW, height);
  const samples = across * down;
  const unbiased = samples / Math.max(1, samples - 1);
  const c1 = (0.01 * 255) ** 2;
  const c2 = (0.03 * 255) ** 2;
  const sums = new Float64Array(width * 5);
  let total = 0;
  let pause = performance.now() + SLICE_MS;
  for (let channel = 0; channel < 3; channel++) {
    sums.fill(0);
    for (let row = 0; row < height; row++) {
      addRow(sums, a.data, b.data, width, row, channel, 1);
      if (row >= down) addRow(sums, a.data, b.data, width, row - down, channel, -1);
      if (row < down - 1) continue;
      let x = 0, y = 0, xx = 0, yy = 0, xy = 0;
      for (let column = 0; column < width; column++) {
        const i = column * 5;
        x += sums[i]; y += sums[i + 1]; xx += sums[i + 2]; yy += sums[i + 3]; xy += sums[i + 4];
        if (column >= across) {
          const j = (column - across) * 5;
          x -= sums[j]; y -= sums[j + 1]; xx -= sums[j + 2]; yy -= sums[j + 3]; xy -= sums[j + 4];
        }
        if (column < across - 1) continue;
        const meanX = x / samples;
        const meanY = y / samples;
        const varX = unbiased * (xx / samples - meanX * meanX);
        const varY = unbiased * (yy / samples - meanY * meanY);
        const cov = unbiased * (xy / samples - meanX * meanY);
        total += ((2 * meanX * meanY + c1) * (2 * cov + c2)) / ((meanX * meanX + meanY * meanY + c1) * (varX + varY + c2));
      }
      if (performance.now() > pause) {
        await nextTask();
        if (isStale()) return undefined;
        pause = performance.now() + SLICE_MS;
      }
    }
  }
  return total / (3 * (width - across + 1) * (height - down + 1));
}

function addRow(sums, a, b, width, row, channel, sign) {
  let at = row * width * 4 + channel;
  for (let i = 0; i < width * 5; i += 5, at += 4) {
    const x = a[at];
    const y = b[at];
    sums[i] += sign * x;
    sums[i + 1] += sign * y;
    sums[i + 2] += sign * x * x;
    sums[i + 3] += sign * y * y;
    sums[i + 4] += sign * x * y;
  }
}

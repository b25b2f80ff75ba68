// What would let a prior do more for the picture on the stage, as buttons that do it.

import { fileToBase64 } from "../../../kit/js/files.js";
import { canvasOf, newCanvas, pngOf } from "../../../kit/js/images.js";

/**
 * A prior of the picture's model that takes any size, or the whole picture as the tokens of a model that has one; and, where
 * nothing here fits, its middle as those of each model that has another prior.
 * @param {import("../main.js").Bench} bench
 * @param {import("../../../kit/js/types.js").PriorData[]} priors
 * @returns {{label: string, run: () => void}[]}
 */
export function offersFor(bench, priors, isLost) {
  const { picture } = bench;
  const flexible = priors.filter(({ anySize }) => anySize);
  const own = flexible.find(({ model }) => model === picture.codebook.home);
  const others = own ? [] : [...new Map(flexible.map((prior) => [prior.model, prior])).values()];
  const middles = [...new Set(priors.filter(({ anySize }) => !anySize).map(({ model }) => model))];
  return [
    ...(own ? [{ label: `Use ${own.name}`, run: () => bench.writer.use(own.name) }] : []),
    ...others.map((prior) => {
      const side = prior.width / prior.grids.at(-1).shape[1];
      const [columns, rows] = [picture.whole.width, picture.whole.height].map((pixels) => Math.ceil(pixels / side));
      return {
        label: `Switch to ${prior.model}, ${columns} × ${rows} tokens`,
        run: () => bench.intake.open(prior.model, () => bench.workspace.useModel(prior.model)),
      };
    }),
    ...(isLost && picture.original ? middles : []).map((model) => ({
      label: `Its middle as tokens of ${model}`,
      run: () => openMiddle(bench, priors.find((prior) => prior.model === model && !prior.anySize)),
    })),
  ];
}

function openMiddle(bench, prior) {
  const { intake, picture, server, workspace } = bench;
  const { model, width, height } = prior;
  if (workspace.isFull(() => openMiddle(bench, prior))) return;
  return intake.open(picture.name, async () => {
    const file = await pngOf(middleOf(picture.original, width, height));
    return server.ask("open_picture", { data: await fileToBase64(file), name: `${picture.name}, middle`, model });
  });
}

// The largest part around the middle with these proportions, scaled to this size.
function middleOf(pixels, width, height) {
  const whole = canvasOf(pixels);
  const scale = Math.min(pixels.width / width, pixels.height / height);
  const [across, down] = [width * scale, height * scale];
  const context = newCanvas(width, height).getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(whole, (pixels.width - across) / 2, (pixels.height - down) / 2, across, down, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

"""A prior that draws scenes from sentences: does its first sample show what the sentence says?

The tasks are GenEval's (2310.11513), the judge is a reader of scenes whose own accuracy stands beside every figure. Pairs of colour
and shape that training never showed are counted apart.
"""

from __future__ import annotations

import logging
from dataclasses import asdict

import numpy as np

from vqcore.data.scenes import Renders
from vqcore.data.scenes.judging import TASKS, examination, shows
from vqcore.data.scenes.reader import SceneReader
from vqcore.evaluation.prior import count_parameters, sheet
from vqcore.evaluation.report import Report, figures
from vqcore.metrics import psnr
from vqcore.priors.base import Prior
from vqcore.priors.choice import Settings
from vqcore.tokenizers.base import Tokenizer
from vqcore.tokenizers.pixels import to_pixels, to_tensor
from vqcore.training.reader import accuracy

log = logging.getLogger(__name__)
PROMPTS = 200  # of each task, and of each with a pair that is held out
AT_ONCE = 32
FRESH = 512  # renders on which the reader itself is measured
NEIGHBOURS = 32  # first samples beside which the nearest training scene is looked for
SHEET, SHEET_COLUMNS = "samples.webp", 12
NEAREST_SHEET, NEAREST_COLUMNS = "nearest.webp", 10


def measure_scenes(
    prior: Prior, tokenizer: Tokenizer, training: Renders, reader: SceneReader, settings: Settings, count: int = PROMPTS
) -> Report:
    """Of each task the share of sentences whose first sample shows what they say; the reader's own accuracy on fresh renders and on what
    the tokenizer makes of them; and how near the samples come to the nearest of the scenes that were trained on, which a sheet shows
    below them."""
    values: dict[str, float] = {"parameters": count_parameters(prior), "sentences": count}
    fresh = Renders(FRESH, training.side, "val", frozenset())
    pictures, scenes = np.stack([fresh[i] for i in range(FRESH)]), [fresh.scene(i) for i in range(FRESH)]
    again = to_pixels(tokenizer.reconstruct(to_tensor(pictures)))
    values["tokenizer_psnr"] = float(np.mean([psnr(a, b) for a, b in zip(again, pictures)]))
    for which, pixels in (("renders", pictures), ("reconstructions", again)):
        values |= {f"reader_{name}_on_{which}": share for name, share in accuracy(reader, to_tensor(pixels), scenes).items()}
    rows, firsts = [], []
    for held_out in (False, True):
        for task in TASKS:
            asked = examination(task, held_out, count)
            right = []
            for start in range(0, count, AT_ONCE):
                some = asked[start : start + AT_ONCE]
                images = tokenizer.decode(prior.sample(len(some), [prompt.text for prompt in some], seed=start, **asdict(settings)))
                right += [shows(found, prompt) for found, prompt in zip(reader.things(images), some)]
                if start == 0:
                    firsts.append(to_pixels(images))
            name = f"{task.replace(' ', '_')}{'_held_out' * held_out}"
            values[name] = float(np.mean(right))
            rows += [{"task": name, "text": prompt.text, "right": bool(hit)} for prompt, hit in zip(asked, right)]
            log.info("%s: %.1f %%", name, 100 * values[name])
    for held_out in ("", "_held_out"):
        values[f"overall{held_out}"] = float(np.mean([values[f"{task.replace(' ', '_')}{held_out}"] for task in TASKS]))
    samples = np.concatenate([some[: NEIGHBOURS // len(TASKS)] for some in firsts[: len(TASKS)]])
    nearest, copied = nearest_scenes(samples, training)
    values |= {"samples_compared": len(samples), "training_scenes": len(training), "nearest_training_scene_psnr": float(np.mean(nearest))}
    values["copies"] = sum(quality > values["tokenizer_psnr"] for quality in nearest)
    shown = np.concatenate([some[:SHEET_COLUMNS] for some in firsts])
    return Report(
        prior.name, f"{count} sentences of each task", figures(values, {"tokenizer_psnr": "dB", "nearest_training_scene_psnr": "dB"}),
        {"tokenizer": prior.tokenizer, **asdict(settings)}, {"each": rows},
        {SHEET: sheet(shown, SHEET_COLUMNS), NEAREST_SHEET: below_each(samples, copied)},
    )


def nearest_scenes(samples: np.ndarray, training: Renders) -> tuple[list[float], np.ndarray]:
    """Of each sample, uint8 [n, side, side, 3], the PSNR of the training scene that is nearest to it (as high as the tokenizer's own, and
    it is a copy), and that scene, of the samples' shape."""
    best, found = [0.0] * len(samples), np.zeros_like(samples)
    for i in range(len(training)):
        render = training[i]
        for j, sample in enumerate(samples):
            if (quality := psnr(sample, render)) > best[j]:
                best[j], found[j] = quality, render
    return best, found


def below_each(samples: np.ndarray, nearest: np.ndarray) -> np.ndarray:
    """Rows of samples, and below each what is nearest to it: uint8 [·, ·, 3]."""
    blank = np.full((-len(samples) % NEAREST_COLUMNS, *samples.shape[1:]), 255, np.uint8)
    rows = [np.concatenate([part, blank]).reshape(-1, NEAREST_COLUMNS, *samples.shape[1:]) for part in (samples, nearest)]
    return sheet(np.stack(rows, 1).reshape(-1, *samples.shape[1:]), NEAREST_COLUMNS)

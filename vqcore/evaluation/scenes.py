"""A prior that draws scenes from sentences: does its first sample show what the sentence says?

The tasks are GenEval's (2310.11513), the judge is a reader of scenes whose own accuracy stands beside every figure. Pairs of colour
and shape that training never showed are counted apart.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from vqcore.data.scenes import HELD_OUT, Renders, Wish, sentence
from vqcore.data.scenes.reader import Found, SceneReader
from vqcore.data.scenes.scene import COLORS, FLOORS, MATERIALS, RELATIONS, SHAPES, SIZES
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
SLACK = 0.35  # of a unit of the world: how much less plainly than in a caption a relation may hold in what is read
SUPPORT = 0.7  # of a unit: how far the middles of two things on top of one another may be apart


@dataclass(frozen=True)
class Prompt:
    """A sentence, and what has to be in its picture.

    task: GenEval's;  counted: whether there may be no more things than that.
    """

    task: str
    text: str
    wish: Wish
    counted: bool = False


TASKS = ("single object", "two objects", "counting", "colors", "position", "color binding")


def prompts(task: str, held_out: bool, count: int, rng: np.random.Generator) -> list[Prompt]:
    """Different sentences of a task; with at least one pair of colour and shape in each that training never showed, or none."""
    found: dict[str, Prompt] = {}
    while len(found) < count:
        prompt = _prompt(task, held_out, rng)
        found[prompt.text] = prompt
    return list(found.values())


def _prompt(task: str, held_out: bool, rng: np.random.Generator) -> Prompt:
    number = {"single object": 1, "two objects": 2, "counting": int(rng.integers(2, 4)), "colors": 1}.get(task, 2)
    colored = held_out or task not in ("single object", "two objects")
    while True:
        looks = [_look(colored, rng)] * number if task == "counting" else [_look(colored, rng) for _ in range(number)]
        pairs = {(color, shape) for _, _, color, shape in looks}
        if bool(pairs & HELD_OUT) != held_out:
            continue
        if number == 2 and task != "counting" and (looks[0][3] == looks[1][3] or (colored and looks[0][2] == looks[1][2])):
            continue
        break
    relations = ((0, str(rng.choice(RELATIONS)), 1),) if task == "position" else ()
    wish = Wish(tuple(looks), relations, str(rng.choice(FLOORS)) if rng.random() < 0.6 else None)
    return Prompt(task, sentence(wish), wish, task == "counting")


def _look(colored: bool, rng: np.random.Generator) -> tuple[str | None, str | None, str | None, str | None]:
    size = str(rng.choice(SIZES)) if rng.random() < 0.4 else None
    material = str(rng.choice(MATERIALS)) if rng.random() < 0.3 else None
    return size, material, str(rng.choice(COLORS)) if colored else None, str(rng.choice(SHAPES))


def shows(found: Sequence[Found], prompt: Prompt) -> bool:
    """Whether things that were read in a picture can be those that the sentence speaks of: each another one, of the shape and the
    colour that are said, and standing as is said. Sizes and materials are no task of GenEval's, and are read but not asked for."""
    wished = prompt.wish.things
    if len(found) < len(wished) or (prompt.counted and len(found) != len(wished)):
        return False
    for chosen in itertools.permutations(found, len(wished)):
        fits = all(color in (None, thing.color) and shape in (None, thing.shape) for (_, _, color, shape), thing in zip(wished, chosen))
        if fits and all(holds(chosen[i], relation, chosen[j]) for i, relation, j in prompt.wish.relations):
            return True
    return False


def holds(a: Found, relation: str, b: Found) -> bool:
    """Whether a stands so, seen from b: the rules of data.scenes.Scene, with some slack."""
    dx, dz = b.x - a.x, b.z - a.z
    if relation == "on top of":
        return a.y > b.y + SUPPORT and max(abs(dx), abs(dz)) < SUPPORT
    if relation in ("right of", "behind"):
        dx, dz = -dx, -dz
    if relation in ("left of", "right of"):
        return dx > 0.8 - SLACK and dx > 0.7 * abs(dz) - SLACK
    return dz > 1.0 - SLACK and dz > 0.9 * abs(dx) - SLACK


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
        for number, task in enumerate(TASKS):
            asked = prompts(task, held_out, count, np.random.default_rng((7, number, held_out)))
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

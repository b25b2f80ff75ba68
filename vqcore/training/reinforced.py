"""Reinforcement: a prior that draws scenes learns from its own samples, each by what a reader finds in it.

Likelihood teaches what pictures with a sentence look like, token by token; whether all the things are there, each with its
colour, weighs little in that. Here several pictures are drawn of each sentence, plainly, at temperature 1. Those that show more of
what was said than the others of their sentence become likelier, those that show less become less likely: the policy gradient
(REINFORCE, Williams 1992) with advantages within a group, as in GRPO (2402.03300, §4.1). Real scenes are learned beside it as ever, so
that pictures stay pictures.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vqcore import distributed
from vqcore.checkpoints import load, load_prior, load_reader
from vqcore.data.scenes import HELD_OUT, caption, parse, random_scene
from vqcore.data.scenes.judging import TASKS, Prompt, claims, examination, prompts, things_of
from vqcore.data.scenes.reader import SceneReader
from vqcore.priors.base import Prior
from vqcore.priors.sequence import Layout
from vqcore.tokenizers.base import Tokenizer
from vqcore.training.budget import Budget
from vqcore.training.prior import PriorRecipe, Tokens, prior_job, shards_of
from vqcore.training.run import Job, train
from vqcore.training.tokenizer import autocast

log = logging.getLogger(__name__)
VALIDATIONS = 10  # in a run
ASKED = 16  # sentences of each task that validate
EXAMINED = 200  # sentences of each task that nothing here may ask for
CAPTIONS = 0.4  # of the sentences are captions of scenes, in any words; the others are of the tasks
AT_ONCE = 32  # sequences that are gone through together
EVEN = 0.1  # added to the spread of a group's rewards, so that small differences stay small


@dataclass(frozen=True)
class ReinforcedRecipe(PriorRecipe):
    """As of a prior, whose batch is of real scenes; and

    reader: who reads what is drawn, which shouldn't be the one that will measure it;  sentences: a step, of all ranks together;
    samples: pictures of each;  weight: of the reward beside the likelihood of real scenes.
    """

    reader: str = "scenes-tutor"
    sentences: int = 16
    samples: int = 8
    weight: float = 3.0

    def __post_init__(self):
        super().__post_init__()
        if self.samples < 2:
            raise ValueError(f"Pictures of a sentence are compared with one another: draw 2 or more, not {self.samples}.")


def train_reinforced(
    recipe: ReinforcedRecipe, tokenizer_name: str, source: str | Path, out: Path, budget: Budget, seed: int = 0, start: str | None = None
) -> None:
    """Train until the budget is used up and leave the best checkpoint in `out`; goes on where an earlier call stopped.

    source: `scenes:COUNT`, or a folder of tokens of scenes;  start: the trained prior to begin with.
    """
    if start is None:
        raise ValueError("Reinforcement goes on from a prior that draws already. Say which with --start.")
    torch.manual_seed(seed)
    tokenizer, model, reader = load(tokenizer_name), load_prior(start), load_reader(recipe.reader)
    if model.config != recipe.model:
        raise ValueError(f"{start} has other layers than the recipe. Give its own as --config, with `model` as in its config.json.")
    model.requires_grad_(True).name = out.name
    shards = shards_of(tokenizer, source, recipe, out)
    tokens = Tokens(shards, model.layout, torch.arange(len(shards)))
    train(reinforced_job(model, tokenizer, reader, recipe, tokens, out), out, budget, VALIDATIONS)
    log.info("%s is ready.", out)


def reinforced_job(model: Prior, tokenizer: Tokenizer, reader: SceneReader, recipe: ReinforcedRecipe, data: Tokens, out: Path) -> Job:
    """Training on its own samples and on `data`; the validation that draws most right so far is published."""
    job = prior_job(model, recipe, *data.split(), out)
    examined = {prompt.text for held_out in (False, True) for task in TASKS for prompt in examination(task, held_out, EXAMINED)}
    of_tasks = [prompt for task in TASKS for prompt in prompts(task, False, ASKED, np.random.default_rng(11))]
    asked = [prompt for prompt in of_tasks if prompt.text not in examined]

    def step() -> dict[str, float]:
        rng = np.random.default_rng(int(torch.randint(2**62, ())))
        some = [sentence(model.layout, examined, rng) for _ in range(distributed.share(recipe.sentences))]
        each = [prompt for prompt in some for _ in range(recipe.samples)]
        texts = [prompt.text for prompt in each]
        model.eval()
        drawn = draw(model, texts, int(rng.integers(2**31)))
        model.train()
        rewards = rewards_of(tokenizer, reader, drawn, each)
        advantages = advantages_of(rewards.view(-1, recipe.samples)).flatten()
        prefix, sequence = model.layout.prefix(texts), model.layout.flatten(drawn)
        for rows in torch.arange(len(each)).split(AT_ONCE):
            with autocast():
                nats = model(prefix[rows], sequence[rows]).mean(1)
            (recipe.weight * (advantages[rows] * nats).sum() / len(each)).backward()
        return {"reward": float(rewards.mean()), **job.step()}

    def validate() -> dict[str, float]:
        rewards = rewards_of(tokenizer, reader, draw(model, [prompt.text for prompt in asked], 0), asked)
        return {"right": float((rewards >= 2).float().mean()), "reward": float(rewards.mean())}

    return replace(job, step=step, validate=validate, score=lambda figures: figures["reward"])


def sentence(layout: Layout, examined: set[str], rng: np.random.Generator) -> Prompt:
    """One to draw: of a task, or the caption of a scene; short enough for the layout, of pairs that training has shown, and none that
    is examined. Of captions, only those that are read as their scene is: `beside` is read as one of its two sides."""
    while True:
        if rng.random() >= CAPTIONS:
            [prompt] = prompts(str(rng.choice(TASKS)), False, 1, rng)
            is_true = True
        else:
            scene = random_scene(rng, HELD_OUT)
            text = caption(scene, rng)
            prompt = Prompt("caption", text, parse(text))
            is_true = claims(things_of(scene), scene.floor, prompt) == 1
        if is_true and prompt.text not in examined and layout.shortened(prompt.text) == prompt.text:
            return prompt


def draw(model: Prior, texts: Sequence[str], seed: int) -> list[Tensor]:
    """One sample of each text as the model has learned it, without guidance."""
    with torch.inference_mode():
        return [grid.clone() for grid in model.sample(len(texts), texts, seed=seed, temperature=1.0, guidance=1.0, top_k=None, top_p=None)]


@torch.inference_mode()
def rewards_of(tokenizer: Tokenizer, reader: SceneReader, drawn: Sequence[Tensor], asked: Sequence[Prompt]) -> Tensor:
    """What each sample earns: the share of its sentence's claims that are true, and 1 more where all are, float32 [N]."""
    earned = []
    for rows in torch.arange(len(asked)).split(AT_ONCE):
        images = tokenizer.decode([grid[rows] for grid in drawn])
        for (things, floor), i in zip(reader.scenes(images), rows.tolist()):
            true = claims(things, floor, asked[i])
            earned.append(true + (true == 1))
    return torch.tensor(earned, dtype=torch.float32)


def advantages_of(rewards: Tensor) -> Tensor:
    """By how much each is better than the others of its group, in spreads of the group: [groups, samples], means of 0."""
    return (rewards - rewards.mean(1, keepdim=True)) / (rewards.std(1, keepdim=True) + EVEN)

"""Train a model:

python -m vqcore.train tokenizer --preset photos --data DATA --out DIR --minutes N
python -m vqcore.train prior --preset photos-prior --tokenizer NAME --data DATA --out DIR --minutes N
python -m vqcore.train fashion --data DIR --out DIR --minutes N
python -m vqcore.train contrastive --tokenizer NAME --data DIR --out DIR --minutes N
python -m vqcore.train vae --data DIR --out DIR --minutes N

`--steps N` instead of `--minutes N` trains so many steps of the optimizer, the same work on a machine of any speed.
`--config FILE` instead of a preset takes a JSON file with any settings; each run leaves its own as recipe.json beside
the checkpoint (see vqcore.training.config). With several processes or machines: torchrun --nproc-per-node N -m
vqcore.train …
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from vqcore import distributed
from vqcore.priors.pixelcnn import PixelCNNConfig
from vqcore.priors.transformer import TransformerConfig
from vqcore.quantizers import FSQConfig, VQConfig
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.vqvae import VQVAEConfig
from vqcore.tokenizers.vqvae2 import VQVAE2Config
from vqcore.training.budget import Budget
from vqcore.training.config import FILE as RECIPE
from vqcore.training.config import Run, read_run, write_run
from vqcore.training.contrastive import ContrastiveRecipe, train_contrastive
from vqcore.training.prior import PriorRecipe, train_prior
from vqcore.training.sound import SoundRecipe, train_sound
from vqcore.training.tokenizer import TokenizerRecipe, train_tokenizer
from vqcore.training.vae import train_vae

FASHION_NETWORK = NetworkConfig(
    channels=1, downsampling=4, code_dim=16, coarse_width=128, fine_width=64, encoder_fine_blocks=1,
    decoder_coarse_blocks=1, decoder_fine_blocks=1,
)
TINY_NETWORK = NetworkConfig(
    code_dim=8, coarse_width=32, fine_width=32, encoder_fine_blocks=1, encoder_coarse_blocks=1,
    decoder_coarse_blocks=1, decoder_pointwise_blocks=0, decoder_fine_blocks=1,
)
PRESETS = {
    "photos": TokenizerRecipe(),
    # `photos` with fewer codes, so that ten thousand pictures are enough to learn how tokens follow one another.
    "photos-small": TokenizerRecipe(VQVAEConfig(quantizer=VQConfig(512))),
    # Two levels, 8 and 4 pixels a token: 0.703 bits a pixel.
    "photos-2level": TokenizerRecipe(VQVAE2Config(), batch=16, rate=2e-3),
    # 64 × 64 pixels as 8 × 8 tokens; whole pictures, which have a left and a right.
    "emoji": TokenizerRecipe(rate=2e-3, mirrored=False),
    # Fashion-MNIST: 28 × 28 grey pixels as 7 × 7 tokens.
    "fashion": TokenizerRecipe(VQVAEConfig(FASHION_NETWORK, VQConfig(256)), crop=28, batch=64, rate=2e-3),
    # The same, each vector rounded to one of 8 × 6 × 5 = 240 combinations instead of looked up in a table of 256 codes.
    "fashion-fsq": TokenizerRecipe(VQVAEConfig(FASHION_NETWORK, FSQConfig((8, 6, 5))), crop=28, batch=64, rate=2e-3),
    # Speech at 8 kHz, 125 tokens a second: 1.25 kbit/s.
    "speech": SoundRecipe(
        VQVAEConfig(
            NetworkConfig(
                spatial_dims=1, channels=1, downsampling=64, code_dim=8, coarse_width=192, fine_width=128,
                decoder_coarse_blocks=3, spectral_window=256,
            ),
            VQConfig(1024), sample_rate=8000,
        ),
    ),
    "tiny": TokenizerRecipe(VQVAEConfig(TINY_NETWORK, VQConfig(64)), rate=4e-3),
    "tiny-fsq": TokenizerRecipe(VQVAEConfig(TINY_NETWORK, FSQConfig((5, 4, 3))), rate=4e-3),
}

PRIOR_PRESETS = {
    # 128 × 128 pixels as 16 × 16 tokens; with 512 codes, the transformer has just under 4.9 M parameters.
    "photos-prior": PriorRecipe(TransformerConfig(dropout=0.1), side=128, views=8, batch=32),
    "photos-pixelcnn": PriorRecipe(PixelCNNConfig(layers=12, width=112, dropout=0.1), side=128, views=8, batch=32),
    # 64 × 64 pixels as 8 × 8 coarse tokens and then 16 × 16 fine ones, in one sequence.
    "photos-2level-prior": PriorRecipe(TransformerConfig(layers=5, dropout=0.1), side=64, views=8, batch=16),
    "emoji-prior": PriorRecipe(TransformerConfig(layers=5, width=224), side=64, batch=32, closed=True, noise=0.3),
    "fashion-prior": PriorRecipe(TransformerConfig(layers=4, width=192, heads=6), side=28),
    "fashion-pixelcnn": PriorRecipe(PixelCNNConfig(layers=8, width=96), side=28),
    # 0.768 seconds as 96 tokens, given the spoken digit's word.
    "speech-prior": PriorRecipe(
        TransformerConfig(layers=4, width=128, heads=4, dropout=0.1), side=6144, views=4, batch=32, noise=0.3
    ),
    "tiny": PriorRecipe(TransformerConfig(layers=2, width=32, heads=2), side=64, batch=16, rate=4e-3),
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m vqcore.train", description="Train a model on your own data.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    data_help = (
        "a folder of pictures (a folder for each class, or with metadata.jsonl, or with `train` in it), an .npz file, "
        "Fashion-MNIST's files, or a data set on the Hub; for sounds, a folder of WAV files"
    )
    tokenizer = kinds.add_parser("tokenizer", help="a VQ-VAE on pictures or sounds")
    tokenizer.add_argument("--data", action="append", help=f"{data_help}; may be repeated")
    prior = kinds.add_parser("prior", help="a transformer or a PixelCNN on the tokens of pictures")
    prior.add_argument("--tokenizer", help="a tokenizer's name in checkpoints/, or its path")
    prior.add_argument("--data", action="append", help=f"{data_help}; or a folder of tokens that vqcore.tokenize wrote")
    for part, presets, usual in ((tokenizer, PRESETS, "photos"), (prior, PRIOR_PRESETS, "photos-prior")):
        settings = part.add_mutually_exclusive_group()
        settings.add_argument("--preset", choices=presets, default=usual, help="the network and the recipe")
        settings.add_argument("--config", type=Path, help="a JSON file with them, such as another run's recipe.json")
        part.add_argument("--out", type=Path, required=True, help="the checkpoint's folder; a run there is gone on with")
        part.add_argument("--start", help="a trained model of the same shape to begin with: its name in checkpoints/, or its path")
        add_budget(part)
    fashion = kinds.add_parser("fashion", help="the small example whole: a tokenizer of Fashion-MNIST, a transformer and a PixelCNN")
    fashion.add_argument("--data", type=Path, required=True, help="the folder with Fashion-MNIST's four idx.gz files")
    fashion.add_argument("--out", type=Path, required=True, help="the folder for the three checkpoints; runs there are gone on with")
    add_budget(fashion, required=True, note=", shared out among the three")
    pairs = kinds.add_parser("contrastive", help="captions and pictures in one space, to tell which fits which")
    pairs.add_argument("--tokenizer", required=True, help="the tokenizer whose tokens the pictures it knows are kept as")
    pairs.add_argument("--data", required=True, help="a folder of pictures with metadata.jsonl")
    pairs.add_argument("--out", type=Path, required=True, help="the checkpoint's folder; a run there is gone on with")
    add_budget(pairs, required=True)
    vae = kinds.add_parser("vae", help="the variational autoencoder of Fashion-MNIST that the lessons compare with")
    vae.add_argument("--data", type=Path, required=True, help="the folder with Fashion-MNIST's four idx.gz files")
    vae.add_argument("--out", type=Path, required=True, help="the checkpoint's folder")
    add_budget(vae, required=True, note=": two minutes are enough")
    options = parser.parse_args(arguments)
    distributed.show_log()
    try:
        budget = None if options.minutes is options.steps is None else Budget(options.minutes, options.steps)
        with distributed.together():
            if options.kind == "fashion":
                train_fashion(options.data, options.out, budget)
            elif options.kind == "vae":
                train_vae(options.data, options.out, budget)
            elif options.kind == "contrastive":
                train_contrastive(ContrastiveRecipe(), options.data, options.tokenizer, options.out, budget)
            else:
                start(_run_of(options, budget), options.out)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from the last save.", file=sys.stderr)
        return 130
    return 0


def add_budget(parser: argparse.ArgumentParser, required: bool = False, note: str = "") -> None:
    """--minutes or --steps, for a run of this kind."""
    budget = parser.add_mutually_exclusive_group(required=required)
    budget.add_argument("--minutes", type=float, help=f"training time in all{note}")
    budget.add_argument("--steps", type=int, help="or how many steps of the optimizer in all")


def start(run: Run, out: Path) -> None:
    """Train what the config says, and leave it beside the checkpoint."""
    if distributed.is_first():
        if (out / RECIPE).is_file() and read_run(out / RECIPE).recipe.model != run.recipe.model:
            raise ValueError(f"{out} holds a run of another shape. Give another --out, or the settings it began with.")
        write_run(run, out)
    if isinstance(run.recipe, TokenizerRecipe):
        train_tokenizer(run.recipe, run.data, out, run.budget, run.seed, run.start)
    elif isinstance(run.recipe, SoundRecipe):
        if run.start:
            raise ValueError("A tokenizer of sounds begins anew. Leave --start out.")
        train_sound(run.recipe, run.data, out, run.budget, run.seed)
    else:
        train_prior(run.recipe, run.tokenizer, run.data[0], out, run.budget, run.seed, run.start)


def _run_of(options: argparse.Namespace, budget: Budget | None) -> Run:
    """The config or the preset, with what the command line says in its place."""
    kind, presets = ((TokenizerRecipe, SoundRecipe), PRESETS) if options.kind == "tokenizer" else (PriorRecipe, PRIOR_PRESETS)
    run = read_run(options.config) if options.config else Run(presets[options.preset], ())
    given = {
        "budget": budget, "data": options.data and tuple(options.data), "start": options.start,
        "tokenizer": getattr(options, "tokenizer", None),
    }
    run = replace(run, **{name: value for name, value in given.items() if value is not None})
    if not isinstance(run.recipe, kind):
        raise ValueError(f"{options.config} is the config of another kind of model, not of a {options.kind}.")
    needed = {"data": "--data", "budget": "--minutes or --steps"} | ({"tokenizer": "--tokenizer"} if kind is PriorRecipe else {})
    if missing := [option for name, option in needed.items() if not getattr(run, name)]:
        raise ValueError(f"Say {' and '.join(missing)}, here or in the config.")
    if kind is PriorRecipe and len(run.data) > 1:
        raise ValueError("A prior is trained on one data set. Give --data once.")
    return run


def train_fashion(data: Path, out: Path, budget: Budget) -> None:
    """`fashion`, `fashion-prior` and `fashion-pixelcnn`, on a fifth and twice two fifths of the budget."""
    start(Run(PRESETS["fashion"], (str(data),), budget.times(1 / 5)), out / "fashion")
    for name in ("fashion-prior", "fashion-pixelcnn"):
        start(Run(PRIOR_PRESETS[name], (str(data),), budget.times(2 / 5), tokenizer=str(out / "fashion")), out / name)


if __name__ == "__main__":
    sys.exit(main())

"""Training by several processes: the same as by one on all of their batches, and safe when one of them dies."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import vqcore
from tests.patience import PATIENCE, wait_until
from tests.tiny import picture_folder
from vqcore.train import main as train
from vqcore.training.run import read_log

ROOT = Path(__file__).parent.parent.parent

STEPS = """
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
import torch
from safetensors.torch import save_file
from vqcore import distributed
from vqcore.quantizers.vq import VQConfig
from vqcore.train import PRESETS
from vqcore.training.material import pictures
from vqcore.training import tokenizer as training
from vqcore.tokenizers.vqvae import VQVAE

out, draw = Path(sys.argv[1]), torch.Generator().manual_seed(5)
joined = lambda: torch.rand(8, 3, 1, 1, generator=draw) + torch.rand(8, 3, 32, 32, generator=draw) - 1
pictures.crops = lambda *_: joined().chunk(distributed.count())[distributed.rank()]
training.autocast = nullcontext
Optimizer = training.Optimizer
training.Optimizer = lambda hidden, other: Optimizer([], hidden + other)  # Muon rounds to bfloat16 within
with distributed.together():
    for name, ema_decay in (("ema", 0.9), ("gradient", None)):
        torch.manual_seed(0)
        recipe = replace(PRESETS["tiny"], model=replace(PRESETS["tiny"].model, quantizer=VQConfig(64, ema_decay=ema_decay)))
        model = VQVAE(recipe.model)
        job = training.tokenizer_job(model, recipe.rate, recipe.batch, pictures.Pictures(recipe, [torch.zeros(32, 32, 3).numpy()], []), out)
        torch.manual_seed(distributed.rank())
        perplexities = []
        for _ in range(6):
            perplexities.append(job.step()["perplexity"])
            job.optimizer.step(4e-3)
        state = {key: tensor.clone() for key, tensor in model.state_dict().items() if key.startswith("quantizer")}
        save_file(state | {"perplexities": torch.tensor(perplexities)}, out / f"{name}-{distributed.rank()}-of-{distributed.count()}")
"""


def start(count, *arguments):
    """`count` processes of one run, as torchrun would start them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    return [
        subprocess.Popen(
            [sys.executable, *map(str, arguments)], cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
            env=os.environ | common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(count)
    ]


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    """What each rank of two has learnt, and one alone, in a file each."""
    out = tmp_path_factory.mktemp("learnt")
    for process in [*start(2, "-c", STEPS, out), *start(1, "-c", STEPS, out)]:
        _, problems = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, problems
    return out


@pytest.mark.parametrize("codebook", ["ema", "gradient"])
def test_two_ranks_learn_the_codebook_that_one_learns_from_their_joined_batches(codebook, learnt):
    one, first, second = (load_file(learnt / f"{codebook}-{which}") for which in ("0-of-1", "0-of-2", "1-of-2"))
    assert all(torch.equal(first[name], second[name]) for name in first)
    for name, tensor in one.items():
        assert torch.allclose(first[name].double(), tensor.double(), rtol=1e-5, atol=1e-5), name
    assert one["perplexities"].min() > 1.5, "more than one code is in use, so this could have differed"


@pytest.mark.slow
def test_a_rank_that_dies_ends_the_run_which_goes_on_with_another_number(tmp_path):
    data, out = picture_folder(tmp_path / "pictures", 12), tmp_path / "out"
    arguments = ["tokenizer", "--preset", "tiny", "--data", str(data), "--out", str(out), "--steps"]
    program = "import sys, vqcore.training.run as r; r.SAVE_EVERY = 0; from vqcore.train import main; sys.exit(main(sys.argv[1:]))"
    first, second = start(2, "-c", program, *arguments, "1000000")
    state = out / "run" / "state.safetensors"
    wait_until(lambda: state.is_file() or first.poll() is not None)
    second.send_signal(signal.SIGKILL)
    _, problems = first.communicate(timeout=PATIENCE)
    assert first.returncode not in (None, 0) and "Traceback" not in problems
    before = steps_in(state)
    assert train([*arguments, str(before + 20)]) == 0
    assert steps_in(state) == before + 20 > 20
    assert vqcore.load(out).levels[0].usage.sum() > 0
    assert next(read_log(out / "metrics.jsonl"))["steps"] > before


def test_a_rank_left_alone_says_so_and_ends():
    program = """
import os
from vqcore import distributed
with distributed.together():
    distributed.wait_for_all()
    if not distributed.is_first():
        os._exit(1)
    distributed.wait_for_all()
"""
    first, second = start(2, "-c", program)
    _, problems = first.communicate(timeout=PATIENCE)
    assert second.wait(timeout=PATIENCE) == 1
    assert first.returncode == 2 and "Another process of this run has ended" in problems and "Traceback" not in problems


def steps_in(state):
    with safe_open(state, "pt") as file:
        return int(file.metadata()["steps"])

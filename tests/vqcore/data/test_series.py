"""Time series: CSV files of numbers in, scaled columns to a tokenizer and back."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.tiny import one_thread
from vqcore.data.series import Scaling, read_series
from vqcore.quantizers.vq import VQConfig
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig
from vqcore.training.optimizer import Optimizer

EXAMPLE = Path(__file__).parent.parent.parent.parent / "demo" / "examples" / "greenhouse.csv"


@pytest.mark.parametrize("text, names", [
    ("a,b\n1,2\n3,4.5\n", ("a", "b")),
    ("\ufeffa;b\r\n1;2\r\n3;4.5\r\n", ("a", "b")),
    ("1\t2\n\n3\t4.5\n", ("column 1", "column 2")),
])
def test_tables_of_every_common_form_read_as_time_by_features(text, names):
    series = read_series(text.encode())
    assert series.names == names and series.values.tolist() == [[1, 2], [3, 4.5]]


@pytest.mark.parametrize("row, told", [
    ("5,", "Row 3 has a gap in “heat”"), ("5,x", "Row 3 has 'x', which is no number, in “heat”"), ("5", "Row 3 has 1 values"),
    ("5,nan", "Row 3 has 'nan'"), ("1,2,3", "Row 3 has 3 values"),
])
def test_a_gap_is_an_error_that_names_the_row(row, told):
    with pytest.raises(ValueError, match=told):
        read_series(f"time,heat\n1,2\n{row}\n7,8\n".encode())


@pytest.mark.parametrize("data", [b"", b"a,b\n", b"a,b\n1,2\n", b"\xff\xfe\x00"])
def test_what_is_no_series_is_an_error_in_words(data):
    with pytest.raises(ValueError, match="rows|text file"):
        read_series(data)


def test_columns_are_scaled_and_restored():
    values = np.array([[1e6, -3, 7], [2e6, 5, 7], [1.5e6, 0, 7]])
    series = read_series("\n".join(",".join(map(str, row)) for row in values).encode())
    scaling = Scaling.of(series)
    scaled = scaling.scale(series.values)
    assert scaled.shape == (1, 3, 3) and scaled[0, 0].tolist() == [-1, 1, 0] and scaled[0, 2].tolist() == [0, 0, 0]
    assert scaling.restore(scaled) == pytest.approx(values, rel=1e-6)


def test_a_tokenizer_of_many_features_learns_a_series():
    series = read_series(EXAMPLE)
    scaling = Scaling.of(series)
    x = scaling.scale(series.values)
    torch.manual_seed(0)
    network = NetworkConfig(1, 3, 8, 8, 32, 32, 1, 1, 1, 0, 1)
    with one_thread():
        model = VQVAE(VQVAEConfig(network, VQConfig(32)))
        hidden = [p for p in model.parameters() if p.ndim > 2]
        optimizer = Optimizer(hidden, [p for p in model.parameters() if p.ndim <= 2])
        for _ in range(150):
            starts = torch.randint(x.shape[2] - 64 + 1, (16,)).tolist()
            batch = torch.cat([x[..., start : start + 64] for start in starts])
            x_tilde, (quantized,) = model(batch)
            (F.mse_loss(x_tilde, batch) / 0.05 + quantized.loss).backward()
            optimizer.step(4e-3)
        model.eval()
        rebuilt = scaling.restore(model.reconstruct(x))
    assert model.encode(x)[0].shape == (1, 75) and rebuilt.shape == series.values.shape
    error = np.sqrt(((rebuilt - series.values) ** 2).mean(0))
    assert (error < 0.5 * series.values.std(0)).all()

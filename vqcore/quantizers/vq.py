"""The quantizer of the paper, a learned table: a vector becomes the nearest of K codes.

    k = argmin_j ‖z_e − e_j‖₂,   z_q = e_k        (van den Oord et al. 2017, 1711.00937, eq. 1 and 2)

or, with both of length 1, the code at the smallest angle, k = argmax_j cos(z_e, e_j) (ViT-VQGAN, 2110.04627, §3.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcore import distributed
from vqcore.metrics import finest_type, perplexity
from vqcore.quantizers.base import Quantized, Quantizer, as_grid, checked_vectors

SCORES_AT_ONCE = 1 << 20  # float32 scores held at a time: 4 MB, which stay in a cache
PAIRS_AT_ONCE = 1 << 16  # (vector, code) pairs compared in float64 at a time
EIGHT, EIGHT_TRUE = 8, 0x0101010101010101  # eight bools are looked at as one int64


@torch.no_grad()
def nearest_codes(vectors: Tensor, codebook: Tensor) -> Tensor:
    """The index of the nearest code by Euclidean distance; the lowest index on a tie.

    vectors: float [N, D]; codebook: float [K, D]; returns int64 [N]. Equal to a brute force in float64.

    ½‖e‖² − x·e orders the codes as ‖x − e‖ does, and is one matrix product. In float32 it loses digits
    where the codebook lies far from the origin, so both sides are first moved to the codebook's mean; and the
    codes that rounding can't tell apart are compared once more, in float64 (on MPS, which has none, in float32).
    """
    if not len(vectors):
        return torch.empty(0, dtype=torch.int64, device=vectors.device)
    exact = finest_type(vectors.device)
    center = codebook.to(exact).mean(0)
    codes = (codebook.to(exact) - center).float()
    half_norms = codes.square().sum(1) / 2
    longest = codes.norm(dim=1).max()
    # Twice the worst rounding of one score, an inner product of D terms: see Higham, Accuracy and Stability, §3.1.
    slack = 4 * (codes.shape[1] + 4) * torch.finfo(torch.float32).eps
    spare = -len(codes) % EIGHT  # codes that are never near, to make K a multiple of eight
    codes, half_norms = F.pad(codes, (0, 0, 0, spare)), F.pad(half_norms, (0, spare), value=torch.inf)
    rows = max(1, SCORES_AT_ONCE // len(codes))
    scores = torch.empty(rows, len(codes), device=vectors.device)
    far = torch.empty(rows, len(codes), dtype=torch.bool, device=vectors.device)
    tokens = torch.empty(len(vectors), dtype=torch.int64, device=vectors.device)
    for batch, nearest in zip(vectors.split(rows), tokens.split(rows)):
        n = len(batch)
        x = (batch.to(exact) - center).float()
        with torch.autocast(x.device.type, enabled=False):
            torch.addmm(half_norms, x, codes.T, alpha=-1, out=scores[:n])
        bound = scores[:n].amin(1) + slack * longest * (x.norm(dim=1) + longest)
        torch.gt(scores[:n], bound[:, None], out=far[:n])  # false for a NaN from overflow: it counts as close
        row, code = _false_places(far[:n])
        nearest.copy_(code if len(row) == n else _settle(batch.to(exact), codebook.to(exact), row, code))
    return tokens


def _false_places(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column of every False in a bool [N, 8·M], in order; few are expected, so eight at a time are passed over."""
    row, eight = (mask.view(torch.int64) != EIGHT_TRUE).nonzero().unbind(1)
    hit, place = mask.view(len(mask), -1, EIGHT)[row, eight].logical_not().nonzero().unbind(1)
    return row[hit], eight[hit] * EIGHT + place


def _settle(vectors: Tensor, codebook: Tensor, row: Tensor, code: Tensor) -> Tensor:
    """The nearest of the close codes of each vector, where (row, code) lists them all in order: int64 [N]."""
    real = code < len(codebook)
    row, code = row[real], code[real]
    nearest = torch.zeros(len(vectors), dtype=torch.int64, device=vectors.device).scatter_(0, row, code)
    unsure = torch.bincount(row, minlength=len(vectors))[row] > 1
    row, code = row[unsure], code[unsure]
    distances = torch.cat([
        (vectors[r] - codebook[c]).square().sum(1) for r, c in zip(row.split(PAIRS_AT_ONCE), code.split(PAIRS_AT_ONCE))
    ])
    least = torch.full((len(vectors),), torch.inf, dtype=distances.dtype, device=vectors.device)
    least.scatter_reduce_(0, row, distances, "amin")
    tied = distances == least[row]
    nearest[row] = len(codebook)
    return nearest.scatter_reduce_(0, row[tied], code[tied], "amin")


@dataclass(frozen=True)
class VQConfig:
    """K codes, and how they learn: see VectorQuantizer."""

    codebook_size: int = 4096
    beta: float = 0.25
    ema_decay: float | None = 0.99
    cosine: bool = False


class VectorQuantizer(Quantizer):
    """A codebook E of K codes e_k ∈ ℝᴰ, and the rules by which it learns.

    By gradient (`ema_decay=None`) the loss has the notes' two terms beside the reconstruction,

        ‖sg(z_e) − z_q‖² + β ‖z_e − sg(z_q)‖²        (1711.00937, eq. 3; means over elements)

    codebook loss and commitment loss, with sg the stop-gradient. With `ema_decay=γ` each code moves to the running mean
    (EMA) of the vectors that chose it (appendix A.1), and the loss is β ‖z_e − sg(z_q)‖² alone.

    In training the first batch sets the codes, and a code whose running share of the tokens falls below
    `revive_below` of an even share, a dead code, is put on a vector of the batch, against codebook collapse (0 turns that
    off). With several ranks (see
    vqcore.distributed) the batch is all of theirs together, and so is what the perplexity counts; the losses are of the
    rank's own part.

    cosine: the codes stay on the unit sphere, and every vector is brought to length 1 before anything else is done with it,
    the losses included: its nearest code is then that of the largest cosine, and no code is favoured for its length. The
    codes learn by moving averages, which are brought back to the sphere (spherical k-means).
    """

    is_table = True
    private = ("ema_sums", "ema_counts", "started")
    ema_sums: Tensor
    ema_counts: Tensor
    started: Tensor

    def __init__(
        self,
        codebook_size: int,
        code_dim: int,
        beta: float = 0.25,
        ema_decay: float | None = None,
        revive_below: float = 0.3,
        cosine: bool = False,
    ):
        super().__init__()
        if codebook_size < 1 or code_dim < 1:
            raise ValueError(f"A codebook needs at least one code of one dimension, not {codebook_size} × {code_dim}.")
        if ema_decay is not None and not 0 <= ema_decay < 1:
            raise ValueError(f"ema_decay is a share of the past, at least 0 and below 1, not {ema_decay}.")
        self.codebook_size, self.code_dim = codebook_size, code_dim
        if cosine and ema_decay is None:
            raise ValueError("Codes on the unit sphere learn by moving averages: give an ema_decay, such as 0.99.")
        self.beta, self.ema_decay, self.revive_below, self.cosine = beta, ema_decay, revive_below, cosine
        codebook = self._scaled(torch.randn(codebook_size, code_dim) / code_dim**0.5)
        if ema_decay is None:
            self.codebook = nn.Parameter(codebook)
        else:
            self.register_buffer("codebook", codebook)
            self.register_buffer("ema_sums", codebook.clone())
        self.register_buffer("ema_counts", torch.ones(codebook_size))
        self.register_buffer("started", torch.tensor(False))

    @classmethod
    def of(cls, config: VQConfig, code_dim: int) -> VectorQuantizer:
        return cls(config.codebook_size, code_dim, config.beta, config.ema_decay, cosine=config.cosine)

    def forward(self, z_e: Tensor) -> Quantized:
        vectors = self._scaled(checked_vectors(z_e, self.code_dim))
        if self.training and not self.started and len(vectors):
            self._start(vectors.detach())
        tokens = nearest_codes(vectors.detach(), self.codebook.detach())
        z_q = F.embedding(tokens, self.codebook).to(vectors.dtype)
        counts = torch.bincount(tokens, minlength=self.codebook_size)
        if self.training:
            counts = distributed.summed(counts)
        if len(vectors):
            codebook_loss, commitment_loss = F.mse_loss(z_q, vectors.detach()), F.mse_loss(vectors, z_q.detach())
        else:
            codebook_loss = commitment_loss = vectors.sum()
        loss = self.beta * commitment_loss
        if self.ema_decay is None:
            loss = loss + codebook_loss
        if self.training and len(vectors):
            self._learn(vectors.detach(), tokens, counts)
        straight = vectors + (z_q - vectors).detach()  # the straight-through estimator, 1711.00937 §3.2
        return Quantized(
            as_grid(straight, z_e), tokens.view(z_e.shape[0], *z_e.shape[2:]),
            codebook_loss, commitment_loss, loss, perplexity(counts).float(),
        )

    def encode(self, z_e: Tensor) -> Tensor:
        vectors = self._scaled(checked_vectors(z_e, self.code_dim).detach())
        return nearest_codes(vectors, self.codebook.detach()).view(z_e.shape[0], *z_e.shape[2:])

    def locate(self, z_e: Tensor) -> Tensor:
        """z_e itself, or where it lies on the sphere."""
        return F.normalize(z_e, dim=1) if self.cosine else z_e

    def decode(self, tokens: Tensor) -> Tensor:
        return F.embedding(tokens, self.codebook).movedim(-1, 1)

    @torch.no_grad()
    def _start(self, vectors: Tensor) -> None:
        """Put the codes on vectors of the first batch; where there are too few, beside them."""
        total = int(distributed.summed(torch.tensor(len(vectors), device=vectors.device)))
        picks = distributed.from_first(torch.randperm(total, device=vectors.device))
        chosen = distributed.rows(vectors, picks.repeat(-(-self.codebook_size // total))[: self.codebook_size])
        noise = 0.01 * chosen.std(unbiased=False) * distributed.from_first(torch.randn_like(self.codebook))
        self._place(torch.arange(self.codebook_size, device=vectors.device), chosen + noise, total / self.codebook_size)
        self.started.fill_(True)

    @torch.no_grad()
    def _learn(self, vectors: Tensor, tokens: Tensor, counts: Tensor) -> None:
        """Running counts, the EMA codebook (1711.00937, appendix A.1), and the revival of dead codes.

        vectors and tokens are this rank's; counts are of all ranks.
        """
        decay = 0.99 if self.ema_decay is None else self.ema_decay
        self.ema_counts.lerp_(counts.to(self.ema_counts.dtype), 1 - decay)
        if self.ema_decay is not None:
            sums = torch.zeros_like(self.ema_sums).index_add_(0, tokens, vectors.to(self.ema_sums.dtype))
            self.ema_sums.lerp_(distributed.summed(sums), 1 - decay)
            self.codebook.copy_(self._scaled(self.ema_sums / self.ema_counts.clamp_min(1e-5)[:, None]))
        total = int(counts.sum())
        even_share = total / self.codebook_size
        dead = (self.ema_counts < self.revive_below * even_share).nonzero()[:, 0]
        if len(dead):
            # At most an eighth of the batch a step: a crowd of new codes would leave the old ones without vectors.
            dead = dead[distributed.from_first(torch.randperm(len(dead), device=dead.device))][: -(-total // 8)]
            picks = distributed.from_first(torch.randperm(total, device=dead.device))[: len(dead)]
            self._place(dead[: len(picks)], distributed.rows(vectors, picks), even_share / 2)

    @torch.no_grad()
    def adopt(self, codebook: Tensor, count: float) -> None:
        self._place(torch.arange(self.codebook_size, device=self.codebook.device), codebook.to(self.codebook.device), count)
        self.started.fill_(True)

    def narrowed(self, codes: Tensor) -> VectorQuantizer:
        part = VectorQuantizer(len(codes), self.code_dim, self.beta, self.ema_decay, self.revive_below, self.cosine)
        part.codebook.data = self.codebook.data[codes]
        return part

    def _place(self, codes: Tensor, vectors: Tensor, count: float) -> None:
        self.codebook.data[codes] = self._scaled(vectors.to(self.codebook.dtype))
        self.ema_counts[codes] = count
        if self.ema_decay is not None:
            self.ema_sums[codes] = self.codebook[codes] * count

    def _scaled(self, vectors: Tensor) -> Tensor:
        """[N, D], each of length 1 where the angle decides."""
        return F.normalize(vectors, dim=1) if self.cosine else vectors

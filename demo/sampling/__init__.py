"""The bench where priors write: many samples, one token by token, and why a prior is needed."""

from demo.sampling.component import Sampler

__all__ = ["Sampler"]

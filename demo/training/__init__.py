"""Training in the page: pictures in, a tokenizer and a prior out, in a process of its own."""

from demo.training.component import Trainer

__all__ = ["Trainer"]

"""The prompter: pictures from a sentence, and the sequence that they are."""

from demo.prompting.component import Prompter

__all__ = ["Prompter"]

"""The comparison: the canvas' picture through several tokenizers, or one at several settings, side by side."""

from demo.comparison.component import ComparisonView

__all__ = ["ComparisonView"]

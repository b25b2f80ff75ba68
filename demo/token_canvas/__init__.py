"""The canvas: a picture's tokens, seen and painted, in one component above the tabs."""

from demo.token_canvas.component import TokenCanvas

__all__ = ["TokenCanvas"]

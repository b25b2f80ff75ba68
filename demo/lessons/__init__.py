"""The lessons: the argument of the VQ-VAE notes as six things to move, in one component."""

from demo.lessons.component import Lessons

__all__ = ["Lessons"]

"""Scenes: one to three coloured things on a floor, drawn by rays, and the sentences that say what is in them.

Pictures without end whose every word counts, for a model that is to draw what a sentence says. `scene.py` says what a
scene is, `composing.py` makes one up, `rendering.py` its picture out of `shapes.py`, `captions.py` the sentences, which
`parsing.py` reads, and `source.py` makes a data set of them. `reader.py` is a network that reads what stands in a picture, and
`judging.py` says whether that is what a sentence asks for.
"""

from vqcore.data.scenes.captions import WORDS, caption, sentence
from vqcore.data.scenes.composing import compose, random_scene, random_wish
from vqcore.data.scenes.parsing import parse
from vqcore.data.scenes.rendering import render
from vqcore.data.scenes.scene import HELD_OUT, Scene, Thing, Wish
from vqcore.data.scenes.source import Renders, is_scenes, read_scenes

__all__ = [
    "HELD_OUT", "WORDS", "Renders", "Scene", "Thing", "Wish", "caption", "compose", "is_scenes", "parse", "random_scene",
    "random_wish", "read_scenes", "render", "sentence",
]

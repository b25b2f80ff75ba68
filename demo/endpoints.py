"""What the app does, as named endpoints for other programs: gradio_client calls them, and assistants as MCP tools.

Files come and go as Gradio's FileData: gradio_client's `handle_file` makes one from a path or an address, and gives back
paths.
"""

import logging
from collections.abc import Callable
from functools import wraps

import gradio as gr

from demo.canvas import endpoints as canvas
from demo.codebook import endpoints as codebook
from demo.compare import endpoints as compare
from demo.kit.files import BUSY
from demo.lessons import endpoints as lessons
from demo.models import endpoints as models
from demo.sample import endpoints as sample
from demo.sound import endpoints as sounds
from demo.text import endpoints as texts
from demo.train import endpoints as training
from demo.visitors import Left
from demo.workers import MISUNDERSTOOD, Busy, Crew, in_a_line, in_words

log = logging.getLogger(__name__)

callers = Crew(threads=32, waiting=0)
"""They only wait: the work itself is done by the crews of the page."""
glances = Crew(threads=2, waiting=30)
"""For what is told at once, whatever the others wait for."""

ENDPOINTS = (
    models.list_models, models.open_model, canvas.encode, canvas.decode, canvas.decode_level, canvas.reconstruct,
    canvas.refine, compare.compare, canvas.read_codes, canvas.explain_token, canvas.edit, sample.sample, sample.draw_tokens,
    canvas.complete, canvas.extend, sample.bits, sample.look_back, sample.measure_effects, canvas.export, canvas.read_token_file,
    codebook.describe_codebook, codebook.map_codebook, codebook.nearest_codes, codebook.codes_between,
    texts.read_prompt, texts.weigh_words, texts.rank, texts.find_nearest, texts.draw_scene,
    sounds.describe_sound, sounds.encode_sound, sounds.decode_sound, sounds.speak, sounds.encode_table,
    training.train, training.follow_training, training.stop_training, training.continue_training, training.train_prior,
    training.open_trained, training.sample_trained, training.download_trained,
    lessons.compress_patches, lessons.look_up_points, lessons.train_plane, lessons.find_slopes, lessons.decode_latent,
    lessons.draw_latents, lessons.next_codes, lessons.write_sentence, lessons.judge_sentence,
)

GLANCES = {
    models.list_models, canvas.read_codes, codebook.describe_codebook, codebook.nearest_codes, codebook.codes_between, texts.read_prompt,
    training.follow_training, training.stop_training, lessons.look_up_points, lessons.find_slopes,
}
"""Those that take no time worth speaking of."""


def build() -> None:
    """Name the endpoints, inside gr.Blocks.

    They go by crews of their own and not by Gradio's queue, from which an MCP tool with two outputs gets them as one text.
    """
    for function in ENDPOINTS:
        gr.api(_endpoint(function), api_name=function.__name__, queue=False)


def _endpoint(function: Callable) -> Callable:
    """The function run by a crew for callers. Problems in words reach the caller as they are; others are logged, and tell nothing."""

    crew = glances if function in GLANCES else callers

    @wraps(function)
    def endpoint(*args, **kwargs):
        try:
            return crew.run(lambda: function(*args, **kwargs))
        except (Busy, Left):
            raise gr.Error(BUSY, print_exception=False) from None
        except ValueError as problem:
            raise gr.Error(in_words(problem), print_exception=False) from None
        except Exception as problem:  # whatever it was, the caller has to be told something
            log.warning("%s could not read its arguments: %s", function.__name__, in_a_line(problem))
            raise gr.Error(MISUNDERSTOOD, print_exception=False) from None

    return endpoint

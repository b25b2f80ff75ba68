"""What the Models tab asks: to open someone else's tokenizer. The answers are words for the person, and the name it got."""

from demo.kit.files import patiently
from demo.models import foreign
from demo.workers import in_words, openers
from vqcore.files import left_out
from vqcore.tokenizers.base import Tokenizer


def open_id(id: str) -> tuple[str, str]:
    """What to tell the person, and the opened model's name; none where it couldn't be opened."""
    try:
        return _described(patiently(openers, foreign.open_id, id))
    except ValueError as problem:
        return in_words(problem), ""


def open_folder(files: list[str] | None) -> tuple[str, str, None]:
    """As `open_id`; the box is emptied, so that another folder can be dropped."""
    try:
        return *_described(patiently(openers, foreign.open_folder, files or [])), None
    except ValueError as problem:
        return in_words(problem), "", None


def damaged() -> str:
    """What of this page's own is left out, a line each; "" where nothing is."""
    return "\n".join(f"{what}: {in_words(ValueError(problem))}" for what, problem in left_out().items())


def _described(tokenizer: Tokenizer) -> tuple[str, str]:
    level = tokenizer.levels[-1]
    told = (
        f"{tokenizer.name} is open: {level.codebook_size:,} codes of {level.code_dim} dimensions, "
        f"{level.downsampling} × {level.downsampling} pixels a token."
    )
    if tokenizer.halo is None:
        told += " Every token reaches every pixel, so each edit decodes the whole picture."
    return " ".join([told, *tokenizer.notes]), tokenizer.name

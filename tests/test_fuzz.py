"""Properties of everything that reads what people send: it answers, or says what is wrong, whatever comes."""

import io
import json
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from demo import models
from demo.canvas import page as canvas
from demo.canvas.work import tokenize
from demo.codebook import page as atlas
from demo.compare import page as comparison
from demo.lessons import page as lessons
from demo.sample import page as sample
from demo.sound import page as sound
from demo.text import page as prompting
from demo.train import page as training
from tests.fuzz import parsers
from tests.tiny import draw_picture

ANSWERED = [
    *canvas.SERVER_FUNCTIONS, *sample.SERVER_FUNCTIONS, *prompting.SERVER_FUNCTIONS, *atlas.SERVER_FUNCTIONS,
    *comparison.SERVER_FUNCTIONS, *sound.SERVER_FUNCTIONS, *lessons.SERVER_FUNCTIONS, *training.SERVER_FUNCTIONS,
]
KEYS = [
    "data", "name", "model", "grids", "region", "level", "code", "count", "first", "last", "steps", "prior", "settings", "tokens",
    "kept", "until", "text", "picture", "samples", "word", "seed", "temperature", "codes", "points", "plane", "rules", "z_e", "x",
    "h", "z", "kind", "condition", "numbers", "bits", "row", "column", "run", "set", "files", "minutes", "losses", "start", "stop",
]
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-2, 9), st.floats(), st.text(max_size=20), st.just(""), st.just("AAAA"),
    st.sampled_from(["../../etc/passwd", "<script>alert(1)</script>", "${alert(1)}", "{{this}}", "\u202egnp.exe", "chelsea"]),
)
names = st.sampled_from(KEYS) | st.text(max_size=5)
json_values = st.recursive(leaves, lambda each: st.lists(each, max_size=4) | st.dictionaries(names, each, max_size=5), max_leaves=12)
no_matter = [HealthCheck.too_slow, HealthCheck.data_too_large]
calm = partial(settings, deadline=None, derandomize=True, database=None, suppress_health_check=no_matter)


@pytest.fixture(scope="module", autouse=True)
def smallest():
    """The app's default model is the one that the corpus was written with."""
    patch = pytest.MonkeyPatch()
    patch.setattr(models, "DEFAULT", str(parsers.tokenizer_folder()))
    patch.setattr(models, "PRIORS", "")
    for cache in (models._load, models._priors):
        cache.cache_clear()
    yield
    patch.undo()
    for cache in (models._load, models._priors):
        cache.cache_clear()


@st.composite
def damaged(draw, wholes: list[bytes]) -> bytes:
    """Bytes that were whole once: some changed, cut out, doubled or put in."""
    data = bytearray(draw(st.sampled_from(wholes)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        stop = min(len(data), start + draw(st.integers(0, 12)))
        data[start:stop] = draw(st.binary(max_size=8) | st.just(bytes(data[start:stop]) * 2))
    return bytes(data)


def parsed(parser: str, data: bytes) -> bool:
    """Whether the parser takes it; a ValueError, in words, is the only other end."""
    try:
        parsers.PARSERS[parser](data)
    except ValueError as problem:
        assert str(problem)
        return False
    return True


@pytest.mark.parametrize("parser", parsers.PARSERS)
def test_what_is_whole_is_read_and_what_once_was_found_is_answered(parser):
    assert all(parsed(parser, seed) for seed in parsers.seeds()[parser])
    found = sorted((parsers.CORPUS / parser).iterdir())
    assert found
    for path in found:
        parsed(parser, path.read_bytes())


@pytest.mark.parametrize("parser", parsers.PARSERS)
def test_what_is_damaged_is_read_or_explained(parser):
    @calm(max_examples=150)
    @given(damaged(parsers.seeds()[parser]))
    def check(data):
        parsed(parser, data)

    check()


@calm(max_examples=200)
@given(st.data())
def test_a_document_with_anything_in_any_place_is_read_or_explained(data):
    document = json.loads(parsers.seeds()["document"][0])
    place, keys = document, list(document)
    while True:
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], (dict, list)) or data.draw(st.booleans()):
            break
        place = place[key]
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    place[key] = data.draw(json_values)
    parsed("document", json.dumps(document).encode())


@pytest.mark.parametrize("function", ANSWERED, ids=lambda function: function.__name__)
def test_any_question_gets_an_answer(function):
    @calm(max_examples=25)
    @given(json_values | st.dictionaries(st.sampled_from(KEYS), json_values, min_size=3))
    def check(question):
        answer = function(question)
        assert isinstance(answer, dict) and json.dumps(answer)
        assert "error" not in answer or "Traceback" not in answer["error"]

    check()


def as_file(kind: str, **settings) -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw_picture(1, 24, 16)).save(file, kind, **settings)
    return file.getvalue()


@calm(max_examples=300)
@given(damaged([*map(as_file, ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")), as_file("TIFF", compression="tiff_lzw")]))
def test_a_damaged_picture_is_opened_or_explained(data):
    try:
        found = tokenize(data, "picture", models.tokenizer())
    except ValueError as problem:
        assert str(problem)
    else:
        assert found.original.size and found.document.tokens

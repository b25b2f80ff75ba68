"""Free text as integers: nothing is unknown."""

import pytest

from vqcore.priors.sequence import Grid, Layout
from vqcore.priors.text import SPACE, Text

TEXT = Text.of(["blue heart noto", "keycap: #"], ["loving blue"] * 8 + ["rare"])


def test_words_of_names_and_frequent_words_are_tokens_of_their_own():
    assert TEXT.words == ("#", "blue", "heart", "keycap", "loving", "noto")
    assert TEXT.decode(TEXT.encode("BLUE, heart!  (loving) noto")) == ["blue", "heart", "loving", "noto"]


def test_unknown_words_are_spelled_in_bytes_and_kept_apart():
    spelled = TEXT.encode("blue rare ön")
    assert spelled[0] == TEXT.words.index("blue")
    assert bytes(token - len(TEXT.words) for token in spelled[1:]) == "rare ön".encode()
    assert TEXT.decode(TEXT.encode("ab cd")) == ["a", "b", "␣", "c", "d"]
    assert len(TEXT.words) + SPACE not in TEXT.encode("rare blue rare"), "known words part spelled ones already"


def test_words_with_a_hyphen_are_one_where_that_is_known():
    text = Text.of(["medium-dark heart", "medium blue"])
    for prompt in ("medium-dark", "medium dark", "Medium-Dark"):
        assert text.decode(text.encode(prompt)) == ["medium-dark"]
    assert text.decode(text.encode("medium medium dark blue-heart")) == ["medium", "medium-dark", "blue", "heart"]
    assert text.decode(text.encode("blue-medium")) == ["blue", "medium"]


def test_tokens_are_told_by_the_words_that_they_are_read_as():
    text = Text.of(["medium-dark heart"])
    words = [(word, text.decode(tokens)) for word, tokens in text.read("Medium dark ab-cd heart")]
    assert words == [("medium-dark", ["medium-dark"]), ("ab", ["a", "b"]), ("cd", ["␣", "c", "d"]), ("heart", ["heart"])]


@pytest.mark.parametrize("prompt", [
    "", "   ", "心 любовь ❤️", "🐱‍👤", "<script>alert(1)</script>", "${alert(1)}", "{{this}}",
    "\ud800", "\u202eabc", "a\0b",
])
def test_any_string_encodes(prompt):
    tokens = TEXT.encode(prompt)
    assert all(0 <= token < TEXT.size for token in tokens)
    assert (tokens == []) == (prompt.strip() in ("", "\ud800"))
    assert len(TEXT.decode(tokens)) == len(tokens)


def test_a_layout_keeps_its_text_and_shortens_by_whole_words():
    layout = Layout(TEXT, 4, (Grid(8, (2, 2)),))
    assert Layout.from_json(layout.to_json()) == layout
    assert layout.shortened("blue heart noto loving blue") == "blue heart noto loving"
    assert layout.shortened("blue unknown") == "blue"
    with pytest.raises(ValueError, match="7 tokens, and the model reads 4"):
        layout.prefix(["unknown"])

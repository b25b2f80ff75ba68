"""What messages repeat of what anyone sent."""

import pytest

from vqcore import files
from vqcore.files import leave_out, left_out, shown


@pytest.mark.parametrize("value, text", [
    ("a cat", "a cat"), ("", ""), ([1, "b"], "[1, 'b']"), (None, "None"), (2.5, "2.5"), ("naïve 猫 🐈", "naïve 猫 🐈"),
    ("a\nb\x00\x1b[31m", "a\\nb\\x00\\x1b[31m"), ("\ud800", "\\ud800"), (["\ud800"], "['\\ud800']"), ("\u202egnp", "\\u202egnp"),
    ("x" * 80, "x" * 80), ("x" * 81, "x" * 79 + "…"), ("\n" * 10**6, "\\n" * 39 + "\\" + "…"),
])
def test_what_a_message_repeats_is_short_and_prints(value, text):
    assert shown(value) == text


@pytest.mark.parametrize("value", [
    10**4000, [10**300] * 10**5, [[[[[[[[[]]]]]]]]] * 1000, {str(i): "v" * 999 for i in range(10**5)}, "猫" * 10**6,
])
def test_what_a_message_repeats_stays_short_whatever_it_is(value):
    assert 0 < len(shown(value)) <= 80


def test_what_is_left_out_is_told_of_up_to_a_number(monkeypatch):
    monkeypatch.setattr(files, "_left_out", {})
    for number in range(2 * files.MOST_LEFT_OUT):
        leave_out(f"a/{number}", ValueError("damaged"))
    leave_out("a/0", ValueError("again"))
    assert len(left_out()) == files.MOST_LEFT_OUT and left_out()["a/0"] == "again"

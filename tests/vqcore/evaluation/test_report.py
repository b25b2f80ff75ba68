"""Reports say what was measured."""

from pathlib import Path

import pytest

from vqcore.evaluation.report import named


@pytest.mark.parametrize("data, name", [
    ("/there/photos/val", "photos/val"), ("photos/val", "photos/val"), ("/photos", "photos"), ("scenes:300", "scenes:300"),
])
def test_pictures_are_called_by_the_end_of_their_path_and_sources_by_themselves(data, name):
    assert named(Path(data)) == name

"""Pictures that are decoded in a process of their own."""

import importlib
import io
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.kit import decoding
from demo.kit.decoding import open_picture
from tests.demo.asking import png
from tests.tiny import draw_picture
from vqcore.data import images, labelled


def test_it_is_what_the_library_gives():
    data = io.BytesIO()
    Image.fromarray(draw_picture(3, 90, 40)).save(data, "JPEG")
    here, there = images.open_picture(data.getvalue(), 50), open_picture(data.getvalue(), 50)
    assert (here.pixels == there.pixels).all() and (here.source_size, here.notes) == (there.source_size, there.notes)
    with pytest.raises(ValueError, match="not a picture"):
        open_picture(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n{} loop\n")


def test_one_that_takes_too_long_is_given_up_and_the_next_is_read(monkeypatch):
    data = png(np.zeros((6000, 6000, 3), np.uint8))
    monkeypatch.setattr(decoding, "SECONDS", 0.001)
    with pytest.raises(ValueError, match="takes longer than 0 seconds"):
        open_picture(data)
    monkeypatch.undo()
    assert open_picture(png(draw_picture(1, 20, 10))).pixels.shape == (10, 20, 3)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="The system doesn't tell a process's time.")
def test_a_picture_that_has_to_wait_for_the_processor_is_read(monkeypatch):
    hand = decoding.Hand()
    process = hand._ready()
    monkeypatch.setattr(decoding, "SECONDS", 0.5)
    process.send_signal(signal.SIGSTOP)
    threading.Timer(1.5, process.send_signal, [signal.SIGCONT]).start()
    assert hand.open(png(draw_picture(1, 20, 10))).pixels.shape == (10, 20, 3)
    hand.end()


def test_a_training_gives_up_a_picture_that_takes_too_long(monkeypatch, tmp_path):
    importlib.import_module("demo.train")
    (tmp_path / "a.png").write_bytes(png(np.zeros((6000, 6000, 3), np.uint8)))
    monkeypatch.setattr(decoding, "SECONDS", 0.001)
    with pytest.raises(ValueError, match="takes longer"):
        labelled.open_pixels(tmp_path / "a.png", 256)
    monkeypatch.undo()
    (tmp_path / "a.png").write_bytes(png(draw_picture(1, 20, 10)))
    assert labelled.open_pixels(tmp_path / "a.png", 10).shape == (5, 10, 3)


def test_where_a_decoder_breaks_down_the_next_picture_is_read():
    hand = decoding.Hand()
    hand._ready()
    killer = threading.Thread(target=hand._process.kill)
    killer.start()
    killer.join()
    hand._process.poll = lambda: None  # it dies in the middle
    with pytest.raises(ValueError, match="broke down"):
        hand.open(png(draw_picture(1, 20, 10)), None)
    assert hand.open(png(draw_picture(1, 20, 10)), None).pixels.shape == (10, 20, 3)
    hand.end()

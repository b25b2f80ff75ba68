"""The process in which pictures are decoded, as demo/kit/decoding.py starts it: files in, pixels out, until its input ends.

A question is a side and a number of pixels (0 for any), a length and the file; an answer a length, JSON, and the pixels where it
has a shape.
"""

import importlib
import json
import os
import struct
import sys
from pathlib import Path
from types import ModuleType

QUESTION, ANSWER = struct.Struct("<IIQ"), struct.Struct("<I")
MOST_MEMORY = 4 << 30
NICE = 10
READY = b"!"


def main() -> None:
    # Without vqcore/__init__.py, which imports torch: a process of 40 MB that is there at once instead of one of 250.
    package = ModuleType("vqcore")
    package.__path__ = [str(Path(__file__).parent.parent.parent / "vqcore")]
    sys.modules["vqcore"] = package
    images = importlib.import_module("vqcore.data.images")
    images.formats()
    if sys.platform == "linux":
        import resource

        os.nice(NICE)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever a decoder prints is no answer
    answers.write(READY)
    answers.flush()
    while head := questions.read(QUESTION.size):
        side, most, length = QUESTION.unpack(head)
        pixels = b""
        try:
            picture = images.open_picture(questions.read(length), side or None, most or None)
            told = {**vars(picture), "pixels": picture.pixels.shape}
            pixels = picture.pixels.tobytes()
        except ValueError as problem:
            told = {"error": str(problem)}
        answer = json.dumps(told).encode()
        answers.write(ANSWER.pack(len(answer)) + answer + pixels)
        answers.flush()


if __name__ == "__main__":
    main()

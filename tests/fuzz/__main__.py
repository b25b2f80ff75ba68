"""Look for inputs that a parser can't take, led by which code they reach:

pip install -r requirements.txt -r tests/fuzz/requirements.txt && python -m tests.fuzz document --seconds 600

It begins with the corpus in tests/fuzz/corpus, and what reaches something new is added there. A finding ends it, with the
input in a file; put that into the corpus once it is mended.
"""

import argparse
import contextlib
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["demo", "vqcore"]):
    from demo import models
    from tests.fuzz import mutators, parsers


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("parser", choices=list(parsers.PARSERS))
    parser.add_argument("--seconds", type=int, default=600)
    options = parser.parse_args()
    models.DEFAULT = str(parsers.tokenizer_folder())
    parse, corpus = parsers.PARSERS[options.parser], parsers.CORPUS / options.parser
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(parsers.seeds()[options.parser]):
        (corpus / f"seed-{number}").write_bytes(seed)

    def take(data: bytes) -> None:
        with contextlib.suppress(ValueError):
            parse(data)

    def change(data: bytes, most: int, seed: int) -> bytes:
        return mutators.MUTATORS.get(options.parser, lambda data, most, _: atheris.Mutate(data, most))(data, most, seed)[:most]

    words = Path(__file__).parent / "words.dict"
    limits = [f"-max_total_time={options.seconds}", "-max_len=8192", "-timeout=20", "-rss_limit_mb=2048"]
    atheris.Setup(["fuzz", *limits, f"-dict={words}", str(corpus)], take, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())

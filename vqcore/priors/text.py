"""Free text as integers: whole words where they are known, and the bytes of those that are not, so that nothing is unknown.

    "blue heart zzz"  →  [blue] [heart] [z] [z] [z]

Words with a hyphen are one where that is known, also if they are written apart, and else are their parts.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

BYTES = 256
SPACE = 0x20  # the byte that parts one spelled word from the next
IGNORED = set(":,.;!?'\"()[]-_/’‘“”–—…\u200d\ufe0f")  # marks that carry no meaning in a caption


@dataclass(frozen=True)
class Text:
    """Words, each one token, then the 256 bytes. Capitals and the usual punctuation don't count."""

    words: tuple[str, ...]
    numbers: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        object.__setattr__(self, "numbers", {word: number for number, word in enumerate(self.words)})

    @staticmethod
    def of(names: Iterable[str], others: Iterable[str] = (), least: int = 8) -> Text:
        """All words of the names, and those that occur in at least `least` of the other texts, in alphabetical order."""
        counts = Counter(word for text in others for word in set(split(text)))
        often = {word for word, count in counts.items() if count >= least}
        return Text(tuple(sorted({word for text in names for word in split(text)} | often)))

    @property
    def size(self) -> int:
        return len(self.words) + BYTES

    def encode(self, text: str) -> list[int]:
        """Integers 0 … size − 1; none for a text without a word."""
        return [token for _, tokens in self.read(text) for token in tokens]

    def read(self, text: str) -> list[tuple[str, list[int]]]:
        """The words of a text as they are read, and the tokens of each: the space before a spelled one is among its own."""
        words, spelled = [], False
        for word in self._joined(split(text)):
            if (number := self.numbers.get(word)) is not None:
                words.append((word, [number]))
            else:
                words.append((word, [len(self.words) + byte for byte in b" " * spelled + word.encode()]))
            spelled = number is None
        return words

    def _joined(self, words: Iterable[str]) -> Iterator[str]:
        """The words, any two that are known as one with a hyphen as that one."""
        before = None
        for word in itertools.chain(*([word] if word in self.numbers else word.split("-") for word in words)):
            if before is not None and f"{before}-{word}" in self.numbers:
                yield f"{before}-{word}"
                before = None
            else:
                if before is not None:
                    yield before
                before = word
        if before is not None:
            yield before

    def decode(self, tokens: Sequence[int]) -> list[str]:
        """What each token stands for, in letters; a byte that is no letter of its own as ‹e2›."""
        spell = lambda byte: chr(byte) if SPACE < byte < 0x7F else "␣" if byte == SPACE else f"‹{byte:02x}›"
        return [self.words[t] if t < len(self.words) else spell(t - len(self.words)) for t in tokens]


def said_after(text: str) -> str:
    """What stands after the first colon or comma, "" where there is none."""
    return "".join(re.split("[:,]", text, maxsplit=1)[1:]).strip()


def split(text: str) -> list[str]:
    """The words of a text, and each mark that may mean something, in lower case."""
    normal = unicodedata.normalize("NFKC", text).casefold()
    # What no byte sequence of UTF-8 stands for, such as half of a surrogate pair, is left out.
    normal = normal.encode("utf-8", "ignore").decode()
    return [part for part in re.findall(r"[^\W_]+(?:-[^\W_]+)*|[^\w\s]", normal) if part not in IGNORED]

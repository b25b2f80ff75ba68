"""Answers that are worth keeping, without keeping the tokenizer that they are about."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any
from weakref import ref

from vqcore.tokenizers.base import Tokenizer


def remembered(most: int) -> Callable[[Callable], Callable]:
    """As functools.lru_cache(most), for functions of a tokenizer and more: one that nobody else holds any more is let go."""

    def decorate(function: Callable) -> Callable:
        @lru_cache(most)
        def answer(held: "ref[Tokenizer]", *rest: Any) -> Any:
            return function(held(), *rest)

        @wraps(function)
        def remember(tokenizer: Tokenizer, *rest: Any) -> Any:
            return answer(ref(tokenizer), *rest)

        return remember

    return decorate

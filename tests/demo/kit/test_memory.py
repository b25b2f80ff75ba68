import gc
from weakref import ref

from demo.kit.memory import remembered


class Thing:
    """What can be held weakly, as a tokenizer can."""


def test_an_answer_is_kept_and_the_tokenizer_is_not():
    asked = []

    @remembered(2)
    def answer(thing, more):
        asked.append(more)
        return [more]

    thing = Thing()
    held = ref(thing)
    assert answer(thing, 1) is answer(thing, 1) and asked == [1]
    assert answer(Thing(), 1) is not answer(thing, 1)
    del thing
    gc.collect()
    assert held() is None

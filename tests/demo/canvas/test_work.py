"""Pictures into tokens and back, and the codes beside a code, with typed values."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from demo import models
from demo.canvas import work
from tests.demo.asking import png
from tests.tiny import draw_picture
from vqcore.data.images import open_picture
from vqcore.tokenizers.pixels import to_pixels, to_tensor
from vqcore.tokenizers.second_decoder import second_decoder


@pytest.fixture
def tokenized(tiny_default):
    return work.tokenize(png(draw_picture(3, 61, 43)), "a", tiny_default)


def test_a_picture_is_tokenized_by_the_tokenizer_that_is_given(tokenized, tiny_default):
    document = tokenized.document
    expected = tiny_default.encode(to_tensor(draw_picture(3, 61, 43)))[0][0]
    assert document.tokenizer is tiny_default and (document.grids[0] == expected.numpy()).all()
    assert (tokenized.original == draw_picture(3, 61, 43)).all() and tokenized.note is None
    assert (work.decode(document) == to_pixels(tiny_default.decode(document.tensors))[0][:43, :61]).all()


def test_a_person_is_told_what_was_done_to_their_picture(tiny_default):
    dark = np.arange(64 * 64).reshape(64, 64).astype(np.uint16)  # 12 bits in a file of 16
    (stretched,) = open_picture(png(dark)).notes
    assert work.tokenize(png(dark), "a", tiny_default).note == stretched
    note = work.tokenize(png(np.tile(dark, (1, 1024))), "a", tiny_default).note
    assert note == f"“a” was 65536×64; it is scaled to 8192×8 pixels here. {stretched}"


def test_a_panorama_keeps_its_height_where_its_pixels_are_few(tiny_default):
    document = work.tokenize(png(np.zeros((300, 6000), np.uint8)), "wide", tiny_default).document
    assert (document.width, document.height) == (4579, 228) and document.width * document.height <= models.MAX_PIXELS


def test_a_window_is_a_part_of_the_whole(tokenized, tiny_default):
    whole = to_pixels(tiny_default.decode(tokenized.document.tensors))[0]
    part = work.decode_window(tiny_default, tokenized.document.tensors, (slice(1, 3), slice(2, 6)))
    assert (part == whole[8:24, 16:48]).all()
    with pytest.raises(ValueError, match="inside its window"):
        work.decode_window(tiny_default, tokenized.document.tensors, (slice(1, 7), slice(0, 1)))


def test_the_codes_nearest_to_one_come_with_their_distances(tiny_default):
    level = tiny_default.levels[0]
    codes, distances = work.nearest_codes(level, 5, 9)
    expected = (level.codebook - level.codebook[5]).norm(dim=1)
    assert codes[0] == 5 and distances[0] == 0 and np.allclose(distances, expected.sort().values[:9])
    assert torch.allclose(expected[codes], torch.tensor(distances))
    assert len(work.nearest_codes(level, 5, 999)[0]) == 64


def test_a_token_file_is_opened_by_the_tokenizer_that_wrote_it(tokenized, tiny_default):
    back = work.from_token_file(work.to_token_file(tokenized.document), "back")
    assert back.tokenizer is tiny_default and (back.grids[0] == tokenized.document.grids[0]).all() and back.name == "back"


def test_a_search_is_for_the_original_alone(tokenized):
    with pytest.raises(ValueError, match="another size"):
        work.refined(tokenized.document, png(draw_picture(3, 60, 43)), 0)
    with pytest.raises(ValueError, match="rounds"):
        work.refined(tokenized.document, png(draw_picture(3, 61, 43)), work.ROUNDS)


def test_better_tokens_for_a_second_decoder_are_those_for_its_tokenizer(tokenized, tiny_default):
    black, original = second_decoder(tiny_default, "black"), png(draw_picture(3, 61, 43))
    with torch.no_grad():
        black.decoder.write.weight.zero_()
    better = work.refined(tokenized.document, original, 0)
    found = work.refined(replace(tokenized.document, tokenizer=black), original, 0)
    assert (better.grids[0] != tokenized.document.grids[0]).any()
    assert (found.grids[0] == better.grids[0]).all() and found.tokenizer is black


def test_a_document_with_other_tokens_is_the_same_picture(tokenized):
    changed = tokenized.document.with_tokens([torch.zeros(1, 6, 8, dtype=torch.int64)])
    assert not changed.grids[0].any() and changed == replace(tokenized.document, grids=changed.grids)

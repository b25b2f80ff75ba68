import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from tests.tiny import draw_picture
from vqcore.data.folders import find_pictures
from vqcore.data.images import fitted, open_picture
from vqcore.tokenizers.pixels import to_pixels, to_tensor


def saved(image, kind="PNG", **settings):
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


PICTURE = Image.fromarray(draw_picture(3, 40, 24))


def test_a_plain_picture_comes_as_it_is():
    picture = open_picture(saved(PICTURE))
    assert (picture.pixels == np.asarray(PICTURE)).all() and picture.source_size == (40, 24) and not picture.scaled


@pytest.mark.parametrize("orientation, turn", [(3, 2), (6, 3), (8, 1)])
def test_exif_rotation_is_undone(orientation, turn):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = open_picture(saved(PICTURE, exif=exif))
    assert (picture.pixels == np.rot90(np.asarray(PICTURE), turn)).all()
    assert picture.source_size == picture.pixels.shape[1::-1] and not picture.scaled


def test_transparency_is_over_white():
    image = PICTURE.convert("RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    assert (open_picture(saved(image)).pixels == 255).all()
    image.putalpha(Image.new("L", image.size, 255))
    assert (open_picture(saved(image)).pixels == np.asarray(PICTURE)).all()
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 200, 10, 10])
    assert (open_picture(saved(palette, transparency=1)).pixels == 255).all()


@pytest.mark.parametrize("image, expected", [
    (Image.new("L", (9, 8), 77), 77), (Image.new("1", (9, 8), 1), 255), (Image.new("LA", (9, 8), (40, 255)), 40),
    (Image.fromarray(np.full((8, 9), 128 * 257, np.uint16)), 128),
])
def test_grey_and_16_bit_keep_their_brightness(image, expected):
    pixels = open_picture(saved(image)).pixels
    assert pixels.shape == (8, 9, 3) and (pixels == expected).all()


def test_cmyk_becomes_rgb():
    pixels = open_picture(saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)).pixels
    assert pixels[8, 8, 0] > 200 and pixels[8, 8, 1:].max() < 60


def test_a_colour_profile_is_followed_and_a_broken_one_is_not():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))
    swapped = swapped.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    red = Image.new("RGB", (8, 8), (200, 10, 20))
    assert (open_picture(saved(red, icc_profile=srgb)).pixels == (200, 10, 20)).all()
    assert np.abs(open_picture(saved(red, icc_profile=swapped)).pixels[0, 0].astype(int) - (10, 200, 20)).max() <= 6
    assert (open_picture(saved(red, icc_profile=b"no profile")).pixels == (200, 10, 20)).all()
    clear = red.convert("RGBA")
    clear.putalpha(0)
    assert (open_picture(saved(clear, icc_profile=swapped)).pixels == 255).all(), "transparency stays"


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    assert open_picture(saved(frames[0], "GIF", save_all=True, append_images=frames[1:])).pixels[0, 0].tolist() == [255, 0, 0]


def test_what_a_picture_carries_along_is_left_alone():
    exif = Image.Exif()
    exif[0x9286] = b"A" * 5_000_000  # the camera's comment
    assert (open_picture(saved(PICTURE, exif=exif)).pixels == np.asarray(PICTURE)).all()
    text = PngInfo()
    text.add_text("<script>", "x" * 500_000, zip=True)
    assert (open_picture(saved(PICTURE, pnginfo=text)).pixels == np.asarray(PICTURE)).all()
    text.add_text("bomb", "x" * 80_000_000, zip=True)
    with pytest.raises(ValueError):
        open_picture(saved(PICTURE, pnginfo=text))


@pytest.mark.parametrize("size, expected", [((3000, 1500), (512, 1024)), ((1500, 3000), (1024, 512)), ((5000, 1), (1, 1024))])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_large_picture_is_scaled_down(size, expected, kind):
    picture = open_picture(saved(Image.new("RGB", size), kind), max_side=1024)
    assert picture.pixels.shape[:2] == expected and picture.source_size == size and picture.scaled


@pytest.mark.parametrize("size, expected", [((6000, 300), (320, 16)), ((100, 50), (100, 50)), ((73, 73), (72, 71)), ((5000, 1), (400, 1))])
def test_a_size_is_fitted_to_an_area_and_a_side(size, expected):
    assert fitted(size, 400, 5120) == expected and expected[0] * expected[1] <= 5120


@pytest.mark.parametrize("data, words", [
    (b"", "empty"), (b"hello", "not a picture"), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
    (saved(PICTURE)[:120], "ends too early|damaged"), (saved(PICTURE, "JPEG")[:150], "can't be read|not a picture"),
    (saved(Image.new("1", (20_000, 20_000))), "million"), (saved(Image.new("1", (9_000, 9_000))), "million"),
])
def test_what_is_no_picture_is_explained(data, words):
    with pytest.raises(ValueError, match=words):
        open_picture(data, max_side=1024)


def test_pixels_survive_the_way_to_tensors_and_back():
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    tensor = to_tensor(pixels)
    assert tensor.shape == (1, 1, 16, 16) and tensor.min() == -1 and tensor.max() == 1
    assert (to_pixels(tensor) == pixels).all()
    assert to_pixels(torch.tensor([[[[-5.0, 5.0]]]])).flatten().tolist() == [0, 255]


def test_an_empty_folder_says_so(tmp_path):
    with pytest.raises(ValueError, match="no picture"):
        find_pictures(tmp_path)
    with pytest.raises(ValueError, match="not a folder"):
        find_pictures(tmp_path / "nowhere")

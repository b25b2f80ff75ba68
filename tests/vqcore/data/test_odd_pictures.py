"""Odd picture files: every mode, depth, orientation, profile, transparency and compression that Pillow writes comes out upright, in its
proportions, and as the same picture does as a plain PNG."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.tiny import draw_picture
from vqcore.data.colors import ON_DARK, STRETCHED
from vqcore.data.images import CUT_SHORT, formats, open_picture, suffixes

WIDTH, HEIGHT = 40, 24
PICTURE = Image.fromarray(draw_picture(5, WIDTH, HEIGHT))
CLOSE = 2  # levels
LOSSLESS = {
    "PNG": [{}], "GIF": [{}], "BMP": [{}], "PPM": [{}], "WEBP": [{"lossless": True, "exact": True}],
    "TIFF": [{"compression": c} for c in (None, "raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")],
}
MODES = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "F"),
    "GIF": ("L", "P"), "BMP": ("1", "L", "P", "RGB"), "PPM": ("1", "L", "RGB"), "WEBP": ("RGB", "RGBA"),
}


def saved(image, kind="PNG", **settings):
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def in_mode(mode):
    """The picture in a mode, and what it looks like as plain RGB."""
    if mode == "I;16":
        grey = np.asarray(PICTURE.convert("L"))
        return Image.fromarray(grey.astype(np.uint16) * 257), np.repeat(grey[..., None], 3, 2)
    if mode == "F":
        grey = np.asarray(PICTURE.convert("L"))
        return Image.fromarray(grey.astype(np.float32) / 255), np.repeat(grey[..., None], 3, 2)
    image = PICTURE.convert(mode)
    if mode in ("LA", "RGBA"):
        clear = Image.new("L", image.size, 255)
        clear.paste(0, (0, 0, 10, 10))
        image.putalpha(clear)
        plain = np.asarray(image.convert("RGBA").convert("RGB")).copy()
        plain[:10, :10] = 255
        return image, plain
    return image, np.asarray(image.convert("RGB"))


def turned(pixels, orientation):
    """What a file with these pixels and this EXIF orientation shows."""
    image = Image.fromarray(pixels)
    exif = image.getexif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image.save(file, "PNG", exif=exif)
    steps = {
        1: [], 2: [Image.Transpose.FLIP_LEFT_RIGHT], 3: [Image.Transpose.ROTATE_180], 4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE], 6: [Image.Transpose.ROTATE_270], 7: [Image.Transpose.TRANSVERSE], 8: [Image.Transpose.ROTATE_90],
    }
    for step in steps[orientation]:
        image = image.transpose(step)
    return np.asarray(image)


@pytest.mark.parametrize("kind", LOSSLESS)
def test_every_mode_and_turn_comes_out_as_a_plain_png_does(kind):
    for mode, settings, orientation in itertools.product(MODES[kind], LOSSLESS[kind], range(1, 9)):
        if mode in ("LA", "F", "CMYK", "I;16") and settings.get("compression") not in (None, "raw"):
            continue
        image, plain = in_mode(mode)
        exif = Image.Exif()
        exif[0x0112] = orientation
        carries = kind in ("PNG", "TIFF", "WEBP")
        if not carries and orientation > 1:
            continue
        data = saved(image, kind, **settings, **({"exif": exif} if carries else {}))
        wanted = turned(plain, orientation) if carries else plain
        what = (kind, mode, settings, orientation)
        picture = open_picture(data)
        assert picture.pixels.shape == wanted.shape, what
        assert np.abs(picture.pixels.astype(int) - wanted).max() <= CLOSE, what
        assert picture.source_size == wanted.shape[1::-1] and not picture.scaled, what
        small = open_picture(data, max_side=20)
        assert small.pixels.shape[:2] == ((12, 20) if wanted.shape[0] < wanted.shape[1] else (20, 12)), what


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_jpeg_that_is_scaled_down_keeps_its_proportions(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(PICTURE.resize((400, 240)), "JPEG", exif=exif, quality=95)
    wanted = turned(np.asarray(PICTURE.resize((400, 240))), orientation)
    for side in (400, 100, 40):
        picture = open_picture(data, max_side=side)
        expected = Image.fromarray(wanted).resize(picture.pixels.shape[1::-1], Image.Resampling.LANCZOS)
        assert max(picture.pixels.shape) == side and picture.source_size == wanted.shape[1::-1]
        assert np.abs(picture.pixels.astype(int) - np.asarray(expected)).mean() < 6


def profile_of(name="swap"):
    """A profile in which red and green have changed places."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    other = srgb.replace("sRGB".encode("utf-16-be"), name.encode("utf-16-be"))
    return other.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")


def test_a_profile_counts_whatever_the_colours_are_stored_as():
    colors = PICTURE.quantize(32).convert("RGB")
    wanted = open_picture(saved(colors, icc_profile=profile_of())).pixels
    assert np.abs(wanted.astype(int) - np.asarray(colors)).max() > 40
    palette = open_picture(saved(colors.quantize(32), icc_profile=profile_of())).pixels
    assert np.abs(palette.astype(int) - wanted).max() <= CLOSE
    clear = colors.convert("RGBA")
    clear.putalpha(255)
    assert np.abs(open_picture(saved(clear, icc_profile=profile_of())).pixels.astype(int) - wanted).max() <= CLOSE


def test_what_is_transparent_is_so_with_a_profile_too():
    key = Image.new("RGB", (8, 8), (40, 200, 60))
    for profile in ({}, {"icc_profile": profile_of()}):
        assert (open_picture(saved(key, transparency=(40, 200, 60), **profile)).pixels == 255).all()
        assert (open_picture(saved(Image.new("L", (8, 8), 9), transparency=9, **profile)).pixels == 255).all()
        palette = Image.new("P", (8, 8), 1)
        palette.putpalette([0, 0, 0, 200, 10, 10])
        assert (open_picture(saved(palette, transparency=1, **profile)).pixels == 255).all()


@pytest.mark.parametrize("light, shown", [((255, 255, 255), True), ((246, 247, 240), True), ((200, 220, 255), False), ((0, 0, 0), False)])
def test_a_light_drawing_on_nothing_is_shown_on_dark(light, shown):
    image = Image.new("RGBA", (32, 16), (*light, 0))
    image.paste((*light, 255), (8, 4, 24, 12))
    picture = open_picture(saved(image))
    assert (ON_DARK in picture.notes) == shown
    assert np.abs(picture.pixels[8, 16].astype(int) - picture.pixels[0, 0]).max() > 30
    assert (picture.pixels[8, 16] == light).all()


def ramp(top, low=0, kind=np.uint16):
    return np.linspace(low, top, 64 * 64).reshape(64, 64).astype(kind)


@pytest.mark.parametrize("values, kind", [
    (ramp(4095), "PNG"), (ramp(1023), "PNG"), (ramp(16_000), "TIFF"), (ramp(1000, -1000, np.int32), "TIFF"),
    (ramp(3e6, 0, np.int32), "TIFF"),
    (ramp(40.0, 0, np.float32), "TIFF"), (ramp(1.0, -1.0, np.float32), "TIFF"), (ramp(0.01, 0, np.float32), "TIFF"),
    (np.where(np.arange(4096).reshape(64, 64) == 9, np.inf, ramp(1.0, 0, np.float32)).astype(np.float32), "TIFF"),
    (np.where(np.arange(4096).reshape(64, 64) == 9, np.nan, ramp(900.0, 0, np.float32)).astype(np.float32), "TIFF"),
    (np.where(np.arange(4096).reshape(64, 64) == 9, 1e9, ramp(1.0, 0, np.float32)).astype(np.float32), "TIFF"),
])
def test_greys_of_any_depth_use_the_whole_range(values, kind):
    picture = open_picture(saved(Image.fromarray(values), kind))
    grey = picture.pixels[..., 0].astype(int).ravel()
    usual = np.arange(4096) != 9
    assert grey[usual].min() <= 3 and grey[usual].max() >= 252 and STRETCHED in picture.notes
    assert np.corrcoef(grey[usual], np.arange(4096)[usual])[0, 1] > 0.99


@pytest.mark.parametrize("values, expected", [
    (np.full((8, 8), 20 * 257, np.uint16), 20), (np.full((8, 8), 0.5, np.float32), 128), (np.full((8, 8), 7, np.uint16), 0),
    ((np.arange(64).reshape(8, 8) % 40 * 257).astype(np.uint16), None), (np.zeros((8, 8), np.float32), 0),
])
def test_a_dark_picture_of_eight_bits_in_a_deeper_file_stays_dark(values, expected):
    picture = open_picture(saved(Image.fromarray(values), "TIFF"))
    wanted = values // 257 if expected is None else np.full((8, 8), expected)
    assert (picture.pixels[..., 0] == wanted).all() and not picture.notes


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [2, 20, 300])
def test_a_jpeg_without_its_end_opens_with_a_note(missing, progressive):
    large = Image.fromarray(draw_picture(6, 160, 120))
    whole = saved(large, "JPEG", quality=90, progressive=progressive)
    picture = open_picture(whole[:-missing], max_side=80)
    assert picture.source_size == (160, 120) and picture.pixels.shape == (60, 80, 3)
    assert np.abs(picture.pixels[:30].astype(int) - open_picture(whole, max_side=80).pixels[:30]).mean() < 12
    assert picture.notes == (CUT_SHORT,) or missing == 2


def test_a_jpeg_too_large_to_decode_whole_is_decoded_smaller():
    data = saved(Image.new("L", (10_000, 6_000), 99), "JPEG")
    picture = open_picture(data, max_side=500)
    assert picture.pixels.shape == (300, 500, 3) and picture.source_size == (10_000, 6_000) and np.abs(picture.pixels - 99.0).max() <= 1
    with pytest.raises(ValueError, match="million"):
        open_picture(data)


@pytest.mark.parametrize("kind", ["EPS", "ICO", "ICNS", "PDF", "TGA", "PCX", "SGI", "IM"])
def test_what_isnt_on_the_list_is_never_decoded(kind):
    image = PICTURE.resize((64, 64))
    with pytest.raises(ValueError, match="not a picture that can be read"):
        open_picture(saved(image, kind))


def test_files_that_can_be_read_are_found_by_their_names():
    assert {".jpg", ".jpe", ".jfif", ".mpo", ".pgm", ".ppm", ".png", ".webp", ".tif"} <= suffixes()
    assert not {".eps", ".ico", ".pdf", ".svg", ".tga"} & suffixes()
    assert ("AVIF" in formats()) == (".avif" in suffixes())

"""What the page sends and gets, for tests of what it asks."""

import base64
import io
from types import SimpleNamespace

import numpy as np
from gradio.context import LocalContext
from PIL import Image

from demo.canvas import page
from demo.visitors import KEY


def png(pixels):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def pixels_of(url):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))))


def opened(data, name="a"):
    """What the canvas is told of a picture file."""
    return page.open_picture({"data": base64.b64encode(data).decode(), "name": name})


def pack(tokens):
    """Sequences of a prior with few codes, as the page packs them."""
    return base64.b64encode(np.asarray(tokens).astype("<u2").tobytes()).decode()


def unpack(data, kind="<u2"):
    return np.frombuffer(base64.b64decode(data), kind)


def asked_by(visitor, work, *args):
    """What `work` comes to for a visitor, who asks by HTTP."""
    held = LocalContext.request.set(SimpleNamespace(scope={KEY: visitor}))
    try:
        return work(*args)
    finally:
        LocalContext.request.reset(held)

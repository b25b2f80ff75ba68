"""What the page's HTML begins with, and that it changes nothing else that is served."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

from demo.canvas import first

PAGE = b"<!doctype html><html><head><title>Page</title></head></html>"


async def served(path, method="GET", parts=(PAGE[:20], PAGE[20:])):
    """What FirstPaint makes of an app that answers every request with PAGE, in parts: (headers, body)."""
    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(PAGE)), (b"x", b"y")]})
        for i, part in enumerate(parts):
            await send({"type": "http.response.body", "body": part, "more_body": i + 1 < len(parts)})

    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "root_path": "/space"}
    await first.FirstPaint(app, "<script>first</script>")(scope, None, send)
    return dict(sent[0]["headers"]), b"".join(message["body"] for message in sent[1:])


def asked(*question):
    """The answer, from a thread of its own: in this one the browser's tests may have a loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, served(*question)).result()


def test_the_page_begins_with_the_first_screen_and_tells_its_length():
    for path in ("/", "/space/", "/space"):
        headers, body = asked(path)
        assert body == PAGE.replace(b"<head>", b"<head><script>first</script>")
        assert headers == {b"content-length": b"%d" % len(body), b"x": b"y"}


def test_nothing_else_is_touched():
    for path, method in (("/config", "GET"), ("/space/gradio_api/info", "GET"), ("/", "HEAD"), ("/", "POST")):
        assert asked(path, method) == ({b"content-length": b"%d" % len(PAGE), b"x": b"y"}, PAGE)


def test_the_first_screen_is_one_script_that_no_word_of_it_ends():
    head = first.head()
    assert head.count("<script>") == head.count("</script>") == 1 and head.endswith("</script>")
    assert len(re.findall(r"data:image/webp;base64,", head)) == 2 and len(head) < 300_000

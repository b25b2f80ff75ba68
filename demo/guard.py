"""What stands between the network and Gradio: how much of a question is read, who asks it and whether they still wait, and what they
are told where Gradio has no words.
"""

import asyncio
import contextlib
import json
import logging
import re
import sys
from types import SimpleNamespace
from typing import Any

import gradio.queueing
import gradio.routes
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo import connections, sessions, uploads
from demo.kit.bytes import MAX_FILE_BYTES
from demo.kit.files import BUSY
from demo.visitors import KEY, Visitor, address_of
from demo.workers import MISUNDERSTOOD, Busy, Shares, in_a_line

MOST_BYTES = MAX_FILE_BYTES * 4 // 3 + (1 << 20)
"""Of a question: a file as base64, and what is about it."""
MOST_PARTS = 300_000
"""Of a question: each costs a hundred bytes and more, and the server does nothing else while it is read."""
MOST_UPLOADED = (1 << 30) + (1 << 20)
"""Of an upload: a model and what lies beside it."""
MOST_AT_ONCE = 512 << 20
"""Bytes of the questions that are being answered."""
MOST_OPEN = 2000
"""Requests that are being answered, the streams of pages among them."""
READ_SECONDS, DRAIN_SECONDS = 60, 10
UNUSED = re.compile(
    r"(/[\w.-]+)*?/(proxy=|file=https?:|deep_link|process_recording|vibe-|undo-vibe-|monitoring|stream/|dev/|run-history|runs(/|$))"
)
"""Of what Gradio answers, what no page here asks: it fetches from elsewhere, writes to the disk, or tells of the server."""
QUEUED = re.compile(r"/(queue/join|call/[^/]+|call/v2/[^/]+)/?$")
"""Of the questions that go by Gradio's queue."""
THREADS = 256
"""They wait for the crews; there are more than all seats of all crews, so that none keeps another's questions out."""

TOO_MUCH = f"This is more than the {MOST_BYTES >> 20} MB that are read at a time. Send less, or a smaller file."
TOO_MANY = f"This has more than {MOST_PARTS:,} values. Send less at a time."
TOO_LARGE = f"An upload has at most {MOST_UPLOADED >> 30} GB. Send a smaller file, or fewer."
UNKNOWN = "There is no such page."
TOO_SLOW = "This took too long to arrive. Try again."
FULL = "There is no room for more uploads now. Try again in a quarter of an hour, or send less."

log = logging.getLogger(__name__)


class Refused(Exception):
    """With an HTTP status and words for the person."""


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp):
        self.app, self._bodies, self._uploads = app, Shares(MOST_AT_ONCE), 0
        self._open = Shares(MOST_OPEN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        answer, receive = _Answer(send), _Receiver(receive)
        visitor = scope[KEY] = Visitor(address_of(scope))
        try:
            if UNUSED.match(scope["path"]):
                raise Refused(404, UNKNOWN)
            with self._open.taken(visitor):
                if scope["method"] not in ("POST", "PUT", "PATCH"):
                    await self.app(scope, receive, answer.send)
                elif scope["path"].rstrip("/").endswith("/upload"):
                    await self._upload(scope, receive, answer.send, visitor)
                else:
                    await self._ask(scope, receive, answer.send, visitor)
        except Refused as refusal:
            await receive.drain()
            await answer.refuse(*refusal.args)
        except Busy:
            await answer.refuse(503, BUSY)
        except ClientDisconnect:
            pass
        except Exception as problem:
            log.warning("%s could not be answered: %s", scope["path"][:80], in_a_line(problem))
            await answer.refuse(400, MISUNDERSTOOD)

    async def _ask(self, scope: Scope, receive: Receive, send: Send, visitor: Visitor) -> None:
        length = _length(scope)
        if length > MOST_BYTES:
            raise Refused(413, TOO_MUCH)
        with self._bodies.taken(visitor, length or MOST_BYTES):
            try:
                body = await asyncio.wait_for(_body(receive), READ_SECONDS)
            except TimeoutError:
                raise Refused(408, TOO_SLOW) from None
            if sum(body.count(mark) for mark in (b",", b"[", b"{")) > MOST_PARTS:
                raise Refused(413, TOO_MANY)
            if QUEUED.search(scope["path"]):
                sessions.admit(scope, visitor, len(body))
            page = re.search(rb'"session_hash": ?"(\w{1,64})"', body[-200:])
            scope[KEY] = visitor = Visitor(visitor.address, page[1].decode() if page else "", visitor.gone)
            gone, messages = asyncio.Event(), [{"type": "http.request", "body": body, "more_body": False}]

            async def watch() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                visitor.gone.set()
                gone.set()

            async def replay() -> Message:
                if messages:
                    return messages.pop()
                await gone.wait()
                return {"type": "http.disconnect"}

            watching = asyncio.create_task(watch())
            try:
                await self.app(scope, replay, send)
            finally:
                watching.cancel()

    async def _upload(self, scope: Scope, receive: Receive, send: Send, visitor: Visitor) -> None:
        length, left = _length(scope), MOST_UPLOADED
        if length > left:
            raise Refused(413, TOO_LARGE)
        try:
            await asyncio.to_thread(uploads.admit, visitor, length or MOST_UPLOADED)
        except Busy:
            raise Refused(507, FULL) from None

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise Refused(413, TOO_LARGE)
            return message

        self._uploads += 1
        try:
            await asyncio.wait_for(self.app(scope, counted, send), uploads.KEPT_SECONDS)
        except TimeoutError:
            raise Refused(408, TOO_SLOW) from None
        finally:
            self._uploads -= 1
            await asyncio.to_thread(uploads.sweep_unfinished, self._uploads > 0)


class _Receiver:
    """What comes in."""

    def __init__(self, receive: Receive):
        self._receive, self._more = receive, True

    async def __call__(self) -> Message:
        message = await self._receive()
        self._more = self._more and message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Read on for a while, and keep nothing: most clients look for an answer only when they have sent everything."""
        async def read() -> None:
            while self._more:
                await self()

        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(read(), DRAIN_SECONDS)


class _Answer:
    """What goes out. Where Gradio says only that something went wrong, it is said that the question wasn't understood."""

    def __init__(self, send: Send):
        self._send, self._started, self._failed, self._events = send, False, None, False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._events = any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in message["headers"])
            if message["status"] == 500:
                self._failed = b""
                return
            self._started = True
        elif self._failed is not None:
            self._failed += message.get("body", b"")
            if not message.get("more_body"):
                words, self._failed = _words(self._failed), None
                await self.refuse(400, words)
            return
        elif self._events:
            message = {**message, "body": _worded(message.get("body", b""))}
        await self._send(message)

    async def refuse(self, status: int, words: str) -> None:
        """Tell what is wrong, where nothing was told yet."""
        if self._started:
            return
        self._started = True
        body = json.dumps({"error": words, "detail": words}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _length(scope: Scope) -> int:
    told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(told) if told.isdigit() else 0


async def _body(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            raise Refused(413, TOO_MUCH)
        if not message.get("more_body"):
            return b"".join(parts)


def _words(body: bytes) -> str:
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return MISUNDERSTOOD
    return error if isinstance(error, str) and error else MISUNDERSTOOD


def _worded(event: bytes) -> bytes:
    """A message of a stream of events, with words where Gradio has none."""
    words = json.dumps(MISUNDERSTOOD).encode()
    for without in (b'event: error\ndata: {"error": null', b'"output":{"error":null'):
        event = event.replace(without, without[:-4] + words)
    return event.replace(b"event: error\ndata: null", b"event: error\ndata: " + words)


def _log_in_a_line() -> None:
    """In the place of traceback.print_exc, which Gradio calls for whatever a caller has sent it."""
    problem = sys.exc_info()[1]
    log.warning("A question could not be answered: %s", in_a_line(problem) if problem else "")


gradio.routes.traceback = gradio.queueing.traceback = SimpleNamespace(print_exc=_log_in_a_line)  # pyright: ignore[reportAttributeAccessIssue]


def served(*inner: Middleware) -> dict[str, Any]:
    """How the page is launched, for Blocks.launch, with what else stands between the guard and Gradio."""
    connections.limit()
    sessions.keep_none()
    return {"app_kwargs": {"middleware": [Middleware(Guard), *inner]}, "max_file_size": MOST_UPLOADED, "max_threads": THREADS}

"""Who asks: a visitor is an address, and within it an open page. Work is shared out among them, and ends when they leave."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any

from gradio.context import LocalContext

KEY = "visitor"
"""Of an ASGI scope: whose request it is."""


class Left(Exception):
    """Nobody waits for this answer any more."""


@dataclass(frozen=True)
class Visitor:
    """address: of the machine, or of the network where it has many;  session: of the open page, "" where unknown;  gone: set once the
    connection is closed before it was answered;  event: of Gradio's queue, by which the question came."""

    address: str = ""
    session: str = ""
    gone: Event = field(default_factory=Event, compare=False)
    event: Any = field(default=None, compare=False)

    @property
    def has_left(self) -> bool:
        return self.gone.is_set() or not getattr(self.event, "alive", True)


NOBODY = Visitor()


def asking() -> Visitor:
    """Whose question this thread answers; NOBODY where it is the program's own."""
    request = LocalContext.request.get(None)
    scope = getattr(getattr(request, "request", request), "scope", None) or {}  # Gradio's request has the server's within
    visitor = scope.get(KEY, NOBODY)
    blocks, event = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    return replace(visitor, event=blocks._queue.event_ids_to_events.get(event)) if blocks and event else visitor


def address_of(scope: Mapping[str, Any]) -> str:
    """Where a request comes from. Behind a proxy, that is the last public address of X-Forwarded-For: what stands before it, anyone can
    have written."""
    peer = _parsed((scope.get("client") or ("",))[0])
    if peer is None or peer.is_private:
        header = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        told = [_parsed(part) for part in header.decode("latin-1").split(",")]
        peer = next((address for address in reversed(told) if address and not address.is_private), peer)
    if isinstance(peer, ipaddress.IPv6Address):  # whoever has one has 2⁶⁴ of them
        return str(ipaddress.ip_network((peer, 64), strict=False))
    return str(peer or "")


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip())
    except ValueError:
        return None

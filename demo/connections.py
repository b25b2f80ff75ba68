"""How connections are kept: long enough for whoever asks, and no longer for whoever only holds them open.

uvicorn waits for ever for the head of a request, and each connection that waits takes a file handle, of which there are few.
"""

import asyncio
import ipaddress
from collections import Counter

import uvicorn.config
from uvicorn.protocols.http.h11_impl import H11Protocol

try:
    import resource
except ImportError:  # there are no such limits on Windows
    resource = None

HEAD_SECONDS = 20.0
"""Within which the head of a request has come, from its first byte or from the beginning of the connection."""
MOST_OF_ONE = 500
"""Connections of one public address. A private one is a proxy's, and is all visitors."""
MOST_HANDLES = 1 << 16

_open = Counter[str]()


class Impatient(H11Protocol):
    """uvicorn's protocol, with these limits."""

    _late: asyncio.TimerHandle | None = None
    _address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(transport)
        peer = self.client[0] if self.client else ""
        if peer and not ipaddress.ip_address(peer.partition("%")[0]).is_private:
            self._address = peer
            _open[peer] += 1
            if _open[peer] > MOST_OF_ONE:
                return transport.abort()
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait_no_more()
        elif self._late is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        if self._address:
            _open[self._address] -= 1
            if not _open[self._address]:
                del _open[self._address]
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._late = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _wait_no_more(self) -> None:
        if self._late:
            self._late.cancel()
            self._late = None


def limit() -> None:
    """From the next launch on; and as many handles as the system gives."""
    uvicorn.config.HTTP_PROTOCOLS["auto"] = f"{__name__}:{Impatient.__name__}"
    if resource:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MOST_HANDLES if hard == resource.RLIM_INFINITY else min(hard, MOST_HANDLES)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

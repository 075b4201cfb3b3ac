"""A connection that asks for nothing, or takes nothing, is closed, so that nobody keeps all of them by being silent.

uvicorn waits without end for a request to become complete, and counts whoever it waits for as busy. Here a look every
few seconds asks whether a request has come since the one before. Somebody who opens connections faster than they are
closed still keeps others out, as long as they go on.

Whoever goes away without a word (a phone that leaves the network, a laptop that is shut) is given up by the kernel, and
not after the quarter of an hour that it would take, or, where a browser is there and reads no more, never.
"""

from __future__ import annotations

import asyncio
import socket

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

LOOK_S = 5.0
"""Between two looks: what asks for nothing from one to the next has had time enough, also over a bad network."""

TAKEN_S = 20.0
"""In which something of what was sent must arrive: a browser that lost its network for less never notices."""


class Impatient(H11Protocol):
    """On the server's event loop."""

    _seen: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        ours = transport.get_extra_info("socket")
        ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(1000 * TAKEN_S))  # tcp(7)
        self.loop.call_later(LOOK_S, self._look)

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        answering = self.cycle is not None and not self.cycle.response_complete
        if not answering and self.cycle is self._seen:
            self.transport.abort()
            return
        self._seen = self.cycle
        self.loop.call_later(LOOK_S, self._look)

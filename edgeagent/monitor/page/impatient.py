"""A connection that asks for nothing is closed, so that nobody keeps all of them by being silent.

uvicorn waits without end for a request to become complete, and counts whoever it waits for as busy. Here a look every
few seconds asks whether a request has come since the one before. Somebody who opens connections faster than they are
closed still keeps others out, as long as they go on.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

LOOK_S = 5.0
"""Between two looks: what asks for nothing from one to the next has had time enough, also over a bad network."""


class Impatient(H11Protocol):
    """On the server's event loop."""

    _seen: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
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

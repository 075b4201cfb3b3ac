"""A recogniser of Wyoming's own classes that needs as long as the sound lasts, wherever that comes from.

It works in the order in which sound comes and never faster: what came in one piece, such as a pre-roll, puts all that
follows off. So the moment of its text shows when it was first asked.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

TEXT = "tell me something else"

READY_S = 10.0


class Slow:
    """A context: a server on loopback. uri: where."""

    def __init__(self, factor: float = 1.0) -> None:
        """factor: seconds of work for a second of sound."""
        self.factor = factor
        self.uri = ""
        self._ready, self._over = Event(), Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), name="slow recogniser", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(READY_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(READY_S)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._listen, "127.0.0.1", 0)
        self.uri = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        while not self._over.is_set():
            await asyncio.sleep(0.01)
        server.close()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, EOFError):  # cut off in the middle of a piece
            await self._understand(reader, writer)
        writer.close()

    async def _understand(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from wyoming.asr import Transcript
        from wyoming.event import async_read_event, async_write_event

        clock = asyncio.get_running_loop().time
        busy_until = clock()
        event: Any
        while (event := await async_read_event(reader)) is not None:
            if event.type == "audio-chunk":
                seconds = len(event.payload or b"") / (2 * int(event.data["rate"]))
                busy_until = max(busy_until, clock()) + self.factor * seconds
            elif event.type == "audio-stop":
                await asyncio.sleep(max(0.0, busy_until - clock()))
                await async_write_event(Transcript(TEXT).event(), writer)
                return

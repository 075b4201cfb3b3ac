"""A wake word server on loopback, of the library's own classes: it hears its word in whatever is loud."""

from __future__ import annotations

import warnings
from queue import Queue
from typing import Any

import numpy as np

from tests.services.wyoming_server import GARBAGE, AsyncEventHandler, Server, Told

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # the library needs audioop for converting, which is not done
    from wyoming.info import Attribution, Info, WakeModel, WakeProgram
    from wyoming.wake import Detect, Detection

LOUD = 300
"""Mean level of a piece from which on it is the word."""

BY = Attribution("us", "https://example.org")


class WakeServer(Server):
    """`detects` gets the names that were asked for, `pieces` each piece of sound with its time. dated: whether a
    detection says when."""

    def __init__(self, mode: str = "whole", *, dated: bool = True) -> None:
        super().__init__(mode)
        self.dated = dated
        self.detects: list[list[str] | None] = []
        self.pieces: Queue[tuple[int, bytes]] = Queue()
        self.stops = 0
        self.handlers: list[AsyncEventHandler] = []
        self._done = False

    async def handle(self, handler: AsyncEventHandler, event: Told) -> bool:
        self.told.append(event)
        if self.mode in GARBAGE:
            await self.spew(handler, *GARBAGE[self.mode])
        match event.type:
            case "describe":
                self.handlers.append(handler)
                if self.mode != "mute":
                    await handler.write_event(self.info().event())
            case "detect":
                self.detects.append(Detect.from_event(event).names)
                self._done = False
            case "audio-chunk":
                await self.listen(handler, event.data, event.payload or b"")
            case "audio-stop":
                self.stops += 1
        return True

    async def listen(self, handler: AsyncEventHandler, data: dict[str, Any], payload: bytes) -> None:
        self.pieces.put((data["timestamp"], payload))
        if np.abs(np.frombuffer(payload, np.int16)).mean() > LOUD and not self._done:
            self._done = True
            when = data["timestamp"] if self.dated else None
            await handler.write_event(Detection("hey_jarvis", when).event())
        if self.mode == "dies":
            await handler.stop()
            handler.writer.close()

    def info(self) -> Info:
        models = [WakeModel(name, BY, True, None, "1", ["en"], name) for name in ("hey_jarvis", "ok_nabu")]
        return Info(wake=[WakeProgram("wake", BY, True, None, "1", models)] if self.mode != "another" else [])

"""Home Assistant's part, played by the library's own client on a real socket, and told what to do by a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Event, Thread
from typing import Any

import numpy as np
import pytest

pytest.importorskip("wyoming", reason="needs the extra [wyoming]")

from wyoming.client import AsyncTcpClient
from wyoming.event import Event as Told

GIVE_UP_S = 10.0
VOICE_RATE = 22_050
FORM: dict[str, Any] = {"rate": VOICE_RATE, "width": 2, "channels": 1}
PIECE = 1024
PIECE_MS = 1000 * PIECE // VOICE_RATE


class HomeAssistant:
    """Answers pings, unless told otherwise, and nothing else by itself. All methods are for the test's thread."""

    def __init__(self, port: int) -> None:
        self.told: list[Told] = []
        self.gone = Event()
        self.pongs = True
        self.reads = Event()
        self.reads.set()
        self._came = Condition()
        self._loop = asyncio.new_event_loop()
        self._client = AsyncTcpClient("127.0.0.1", port)
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._do(self._client.connect())
        self._reading = asyncio.run_coroutine_threadsafe(self._read(), self._loop)

    def send(self, kind: str, payload: bytes | None = None, **data: object) -> None:
        self._do(self._client.write_event(Told(kind, dict(data), payload)))

    def send_raw(self, garbage: bytes) -> None:
        async def write() -> None:
            writer: Any = self._client._writer
            writer.write(garbage)
            await writer.drain()

        self._do(write())

    def voice(self, level: float, pieces: int = 10, *, start: bool = True, stop: bool = True, at: int = 0) -> None:
        """A reply's sound, all of one level."""
        if start:
            self.send("audio-start", **FORM, timestamp=0)
        for n in range(at, at + pieces):
            pcm = np.full(PIECE, round(level * 32768), np.int16).tobytes()
            self.send("audio-chunk", pcm, **FORM, timestamp=n * PIECE_MS)
        if stop:
            self.send("audio-stop", timestamp=(at + pieces) * PIECE_MS)

    def has_it(self) -> None:
        """Waits until the device has taken everything sent so far: it answers in order."""
        before = len(self.of("pong"))
        self.send("ping", text="have you got it?")
        self.awaits("pong", before + 1)

    def of(self, kind: str) -> list[Told]:
        return [event for event in list(self.told) if event.type == kind]

    def awaits(self, kind: str, count: int = 1) -> Told:
        """The `count`th event of a kind, as soon as it comes."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.of(kind)) >= count, GIVE_UP_S), f"no {kind} in {self.kinds}"
        return self.of(kind)[count - 1]

    @property
    def kinds(self) -> list[str]:
        return [event.type for event in list(self.told) if event.type not in ("audio-chunk", "ping", "pong")]

    @property
    def heard(self) -> bytes:
        """All sound since the last `run-pipeline`."""
        begun = max((n for n, event in enumerate(self.told) if event.type == "run-pipeline"), default=0)
        return b"".join(event.payload or b"" for event in self.told[begun:] if event.type == "audio-chunk")

    def serve(self) -> HomeAssistant:
        """As Home Assistant begins."""
        self.send("run-satellite")
        self.send("describe")
        self.awaits("info")
        return self

    def answers(self, number: int, text: str, reply: str, level: float = 0.1, pieces: int = 10) -> None:
        """A whole run, in Home Assistant's order, once the turn is over."""
        self.awaits("run-pipeline", number)
        self.send("transcribe", language="en")
        self.send("voice-started", timestamp=100)
        self.awaits("audio-stop", number)
        self.send("voice-stopped", timestamp=900)
        self.send("transcript", text=text)
        self.send("synthesize", text=reply, voice={"name": "amy"})
        self.voice(level, pieces)

    def leave(self) -> None:
        if not self._loop.is_running():
            return

        async def end() -> None:
            await self._client.disconnect()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self._do(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(GIVE_UP_S)
        self._loop.close()

    def _do(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(GIVE_UP_S)

    async def _read(self) -> None:
        try:
            while True:
                while not self.reads.is_set():
                    await asyncio.sleep(0.01)
                event = await self._client.read_event()
                if event is None:
                    break
                if event.type == "ping" and self.pongs:
                    await self._client.write_event(Told("pong", {"text": event.data.get("text")}))
                with self._came:
                    self.told.append(event)
                    self._came.notify_all()
        except OSError:
            pass
        finally:
            self.gone.set()


Connect = Callable[[], HomeAssistant]


@contextmanager
def connecting(port: int) -> Iterator[Connect]:
    made: list[HomeAssistant] = []

    def connect() -> HomeAssistant:
        made.append(HomeAssistant(port))
        return made[-1]

    yield connect
    for one in made:
        one.leave()

"""Wyoming servers on loopback, made of the library's own classes, that do what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic
from typing import Any

import numpy as np
import pytest

pytest.importorskip("wyoming", reason="needs the extra [wyoming]")

from wyoming.asr import Transcript, TranscriptChunk
from wyoming.error import Error
from wyoming.event import Event as Told
from wyoming.handle import Handled, HandledChunk, HandledStart, HandledStop, NotHandled
from wyoming.server import AsyncEventHandler, AsyncTcpServer

__all__ = ["GARBAGE", "VOICE_RATE", "AsyncEventHandler", "Server", "Told", "serving"]

VOICE_RATE = 22_050

GARBAGE = {
    "line": (b"", b"x" * 65_536),
    "huge": (b'{"type": "audio-chunk", "payload_length": 4000000000}\n', bytes(65_536)),
    "wordy": (b'{"type": "info", "data_length": 4000000000}\n', b" " * 65_536),
    "noise": (b"", np.random.default_rng(5).bytes(65_536)),
    "half": (b'{"type": "transcript", "data_length": 90}\n{"text": "so', b""),
    "babble": (b"", b'{"type": "pong"}\n' * 4096),
}
"""What a server sends that answers no question: first, and then over and over."""

MOST_GARBAGE = 64 << 20
"""Bytes of it, but for what is made of messages: a reader without a bound shall fail its test, not the machine."""


class Server:
    """`say` answers `synthesize`; `text` is every transcript; `left` is when a client was seen to have gone."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.heard: list[bytes] = []
        self.told: list[Told] = []
        self.asked, self.gone = Event(), Event()
        self.left: float | None = None
        self.uri = ""
        self.text = "hello there"
        self.written: list[list[Told]] = []

    async def handle(self, handler: AsyncEventHandler, event: Told) -> bool:
        self.told.append(event)
        if self.mode in GARBAGE:
            await self.spew(handler, *GARBAGE[self.mode])
        if self.mode == "silent":
            self.asked.set()
            await asyncio.sleep(3600)
        match event.type:
            case "synthesize":
                self.asked.set()
                await self.speak(handler)
            case "audio-start":
                self.heard.append(b"")
                self.asked.set()
            case "audio-chunk":
                self.heard[-1] += event.payload or b""
                if self.mode == "writes without end":
                    await handler.write_event(TranscriptChunk("word " * 5000).event())
                if self.mode == "writes" and self.written:
                    for chunk in self.written.pop(0):
                        await handler.write_event(chunk)
                if self.mode == "writes and goes":
                    await handler.write_event(Transcript(self.text).event())
                    return False
            case "audio-stop":
                await self.answer(handler)
            case "transcript":
                self.asked.set()
                await self.reply(handler)
        return True

    async def spew(self, handler: AsyncEventHandler, first: bytes, then: bytes) -> None:
        """Until the client leaves."""
        self.asked.set()
        handler.writer.write(first)
        left = MOST_GARBAGE
        while then and left > 0:
            handler.writer.write(then)
            await handler.writer.drain()
            await asyncio.sleep(0)  # `drain` need not, and somebody must see that the client has left
            left -= len(then) if self.mode != "babble" else 0
        await handler.writer.drain()
        await asyncio.sleep(3600)

    async def speak(self, handler: AsyncEventHandler) -> None:
        form: dict[str, Any] = {"rate": VOICE_RATE, "width": 2, "channels": 1}
        if self.mode == "refuses":
            await handler.write_event(Error("no such\nvoice" + "!" * 9999).event())
            return
        if self.mode == "stereo":
            form["channels"] = 2
        if self.mode == "wide":
            form["width"] = 4
        if self.mode == "odd":
            form["rate"] = 191_999
        await handler.write_event(Told("audio-start", data=form))
        piece = np.full(1024 * form["channels"], 3277, np.int16)
        if self.mode == "stereo":
            piece[1::2] = 0
        if self.mode == "at once":
            piece = np.tile(piece, 1000)
        count = 64 if self.mode == "at once" else 0
        while count < 65 or self.mode == "flowing":
            await handler.write_event(Told("audio-chunk", data=form, payload=piece.tobytes()))
            count += 1
            if self.mode == "stalled" and count == 3:
                await asyncio.sleep(3600)
            if self.mode == "dies" and count == 3:
                await handler.stop()
                return
        await handler.write_event(Told("audio-stop"))

    async def reply(self, handler: AsyncEventHandler) -> None:
        """As a server of the kind `handle`: whole, piece by piece, or not."""
        match self.mode:
            case "refuses":
                await handler.write_event(Error("no\nhome").event())
            case "dies":
                await handler.stop()
            case "not":
                await handler.write_event(NotHandled(self.text or None).event())
            case "garbage":
                await handler.write_event(Told("pong"))
                await handler.stop()
            case "echoes":
                await handler.write_event(Handled(self.text, Transcript.from_event(self.told[-1]).context).event())
            case "whole":
                await handler.write_event(Handled(self.text, {"topic": len(self.told)}).event())
            case _:
                await handler.write_event(HandledStart().event())
                words = self.text.split()
                while words:
                    await handler.write_event(HandledChunk(words.pop(0) + " ").event())
                    if self.mode == "breaks":
                        await handler.stop()
                        return
                    if self.mode == "stalled":
                        await asyncio.sleep(3600)
                    if self.mode == "flowing":
                        words.append("word")
                await handler.write_event(HandledStop().event())

    async def answer(self, handler: AsyncEventHandler) -> None:
        if self.mode == "stalled":
            await asyncio.sleep(3600)
        elif self.mode == "dies":
            await handler.stop()
        elif self.mode == "refuses":
            await handler.write_event(Error("no model").event())
        else:
            await handler.write_event(Transcript(self.text).event())


@contextmanager
def serving(mode: str = "whole", given: Server | None = None, port: int = 0) -> Iterator[Server]:
    server = given or Server(mode)
    ready, over = Event(), Event()
    loop = asyncio.new_event_loop()

    class Handler(AsyncEventHandler):
        async def handle_event(self, event: Told) -> bool:
            return await server.handle(self, event)

        async def run(self) -> None:
            watching = asyncio.ensure_future(self.watch())
            try:
                await super().run()
            except (ConnectionError, EOFError, asyncio.CancelledError):
                pass
            finally:
                watching.cancel()
                self.leave()

        async def watch(self) -> None:
            """When the client has left, though we are busy, and have not read all that it sent."""
            reader: Any = self.reader
            while not (reader._eof or reader.exception() or self.writer.transport.is_closing()):
                await asyncio.sleep(0.001)
            self.leave()

        def leave(self) -> None:
            server.left = server.left or monotonic()
            server.gone.set()

    async def main() -> None:
        tcp = AsyncTcpServer("127.0.0.1", port)
        await tcp.start(Handler)
        listening: Any = tcp._server
        sockets = listening.sockets
        server.uri = f"tcp://127.0.0.1:{sockets[0].getsockname()[1]}"
        ready.set()
        while not over.is_set():
            await asyncio.sleep(0.005)
        listening.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # A task that was cancelled before its first step closed nothing, and a writer with unread bytes waits for them.
        its: Any = loop
        for transport in list(its._transports.values()):
            transport.abort()
        await asyncio.sleep(0)  # this is when they are closed

    thread = Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        over.set()
        thread.join(10)
        loop.close()


Serving = Callable[[str], Server]

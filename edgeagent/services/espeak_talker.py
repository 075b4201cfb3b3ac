"""The built-in voice: espeak-ng in a child process, with word times.

The child is started early and reused; when it dies it is replaced. All of its pipes are moved by the thread that
iterates a `Talk`, so there is no thread here, and `cancel` only sets a flag and wakes that thread: a stalled child
cannot hold it up. The thread then tells the child, throws away what still comes of the old request, and replaces a
child that does not answer. The pipe is one page, so a cancelled sentence leaves no second of stale sound behind.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from time import monotonic

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.ports import Sound
from edgeagent.services import espeak_child as wire
from edgeagent.services.child import Child, pump
from edgeagent.services.voice_rate import VoiceRate
from edgeagent.services.wake import Wake
from edgeagent.services.word_times import WordTimes
from edgeagent.turn.events import Word

PAGE = 4096
"""Bytes of the pipe (the smallest there is): 93 ms of the voice. With the default 64 KiB, 1.5 s of stale sound follow
a cancel."""

ANSWER = 0.2
"""Seconds a cancelled child has to say DONE: a thousand times what it needs; then it is replaced."""

Frame = tuple[bytes, int, bytes]


def library() -> tuple[str, str]:
    """Library and data folder: those of the wheel, otherwise the system's (its data folder is built in)."""
    spec = find_spec("espeakng_loader")  # found, not imported: importing is the child's affair
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent
        if (folder / "libespeak-ng.so").exists():
            return str(folder / "libespeak-ng.so"), str(folder / "espeak-ng-data")
    return "libespeak-ng.so.1", ""


def failure(payload: bytes) -> ServiceError:
    """What a FAILED frame says: the problem and, in a second line, the remedy."""
    return ServiceError(*payload.decode(errors="replace").split("\n", 1))


class EspeakTalker:
    """Text to sound by espeak-ng, one utterance at a time: a second one waits until the first has been iterated to its
    end, cancelled and then iterated once more, or its iterator closed."""

    def __init__(self, talker: settings.Talker) -> None:
        """Starts the child and lets it load the voice, waiting for neither; `check` waits."""
        self._settings = talker
        self._wake = Wake()
        self._speaking = Lock()
        self._closed = False
        self._request = 0
        self._rate = 1.0
        self._child = self._start()

    def check(self) -> None:
        """Waits until the voice is loaded. Raises ServiceError with the remedy when there is no library or no voice."""
        for _ in self.say(""):
            pass

    def pace(self, rate: float) -> None:
        """From the next sentence on speak so much faster than is configured. Any thread."""
        self._rate = rate

    def say(self, text: str) -> EspeakTalk:
        """Nothing happens until the talk is iterated."""
        return EspeakTalk(self, text, self._wake)

    def close(self) -> None:
        """Ends the child, in bounded time. A talk still iterated ends with ServiceError."""
        self._closed = True
        self._child.kill()
        self._wake.set()
        if self._speaking.acquire(timeout=ANSWER):  # otherwise somebody holds a talk and does not iterate it: leave it
            self._child.close()
            self._wake.close()
            self._speaking.release()

    def frames(self, talk: EspeakTalk) -> Generator[tuple[bytes, bytes]]:
        """(kind, payload) of the child's answer to `talk`, while it is not cancelled. Raises ServiceError."""
        while not self._speaking.acquire(timeout=ANSWER / 10):
            if talk.cancelled:
                return
        try:
            if self._child.ended or self._child.status() is not None:
                self._restart()
            request = self._ask(self._child, talk.text)
            kind = b""
            try:
                while kind not in wire.LAST and not talk.cancelled:
                    kind, payload = self._answer(request, talk)
                    yield kind, payload
            finally:
                if kind not in wire.LAST:
                    self._settle(request)
        finally:
            self._speaking.release()

    def _start(self) -> Child:
        if self._closed:
            raise ServiceError("the voice is closed")
        child = Child([sys.executable, "-I", "-S", wire.__file__, *library()], pipe_bytes=PAGE)
        self._ask(child, "")  # loads the voice's dictionary before the first sentence needs it
        return child

    def _restart(self) -> None:
        self._child.close()
        self._child = self._start()

    def _ask(self, child: Child, text: str) -> int:
        self._request += 1
        spoken = text.replace("\0", " ").encode(errors="replace")
        speed = wire.REQUEST.pack(round(self._rate * self._settings.words_per_minute))
        payload = speed + self._settings.voice.encode() + b"\0" + spoken
        child.send(wire.HEADER.pack(wire.SAY, self._request, len(payload)) + payload)
        return self._request

    def _answer(self, request: int, talk: EspeakTalk) -> tuple[bytes, bytes]:
        """The next frame of `request`, past what is left of older ones; kind b"" when `talk` was cancelled."""
        deadline = monotonic() + self._settings.stall_ms / 1000
        while not talk.cancelled:
            frame = self._take()
            if frame is None:
                if self._child.ended:
                    raise ServiceError("the espeak-ng child died", self._child.complaint())
                if monotonic() >= deadline:
                    raise ServiceError(f"espeak-ng gave no sound for {self._settings.stall_ms} ms")
                pump([self._child], self._wake, deadline - monotonic())
                continue
            kind, answered, payload = frame
            if kind == wire.FAILED and answered == wire.NOBODY:
                raise failure(payload)  # that child is of no use to anybody; `_settle` replaces it
            if answered == request:
                return kind, payload
        return b"", b""

    def _settle(self, request: int) -> None:
        """Cuts `request` in the child, and waits until nothing of it can come any more; replaces a child that does not
        answer, so that the next sentence finds a live one."""
        self._child.send(wire.HEADER.pack(wire.CANCEL, request, 0))
        deadline = monotonic() + ANSWER
        while not self._child.ended and monotonic() < deadline:
            frame = self._take()
            if frame is None:
                pump([self._child], self._wake, deadline - monotonic())
            elif frame[0] in wire.LAST and frame[1] == request:
                return
        self._restart()

    def _take(self) -> Frame | None:
        received = self._child.received
        if len(received) < wire.HEADER.size:
            return None
        kind, request, length = wire.HEADER.unpack_from(received)
        end = wire.HEADER.size + length
        if len(received) < end:
            return None
        payload = bytes(received[wire.HEADER.size : end])
        del received[:end]
        return kind, request, payload


class EspeakTalk:
    """One utterance of espeak-ng; see `ports.Talk`. Iterated once, by one thread; `cancel` from any."""

    def __init__(self, talker: EspeakTalker, text: str, wake: Wake) -> None:
        self.text = text
        self.words: tuple[Word, ...] = ()
        self.cancelled = False
        self._talker = talker
        self._wake = wake

    def __iter__(self) -> Iterator[Sound]:
        times = WordTimes(self.text)
        rate: VoiceRate
        with closing(self._talker.frames(self)) as frames:
            for kind, payload in frames:
                if kind == wire.RATE:
                    rate = VoiceRate(*struct.unpack("<I", payload))
                elif kind == wire.MARK:
                    sample, character = wire.PLACE.unpack(payload)
                    times.mark(rate.position(sample), character)
                elif kind == wire.FAILED:
                    raise failure(payload)
                elif kind in (wire.SOUND, wire.DONE):
                    sound = rate.push(payload) if kind == wire.SOUND else rate.finish()
                    times.sound(sound)
                    if kind == wire.DONE:
                        times.finish()
                    self.words = times.words
                    if len(sound):
                        yield sound

    def cancel(self) -> None:
        self.cancelled = True
        self._wake.set()

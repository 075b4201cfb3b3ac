"""A Wyoming server that listens for wake words, such as wyoming-openwakeword, over one lasting connection.

What the device hears while it sleeps goes there in pieces that carry their time, so a detection is dated by the sound
and not by the network. When the server goes away that is told, and it is tried again after 1 s, 2 s, ... 30 s. The
engine's thread only leaves sound in a queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Event, Thread

from edgeagent.errors import ServiceError
from edgeagent.ports import Sound
from edgeagent.services.wyoming_link import WyomingLink
from edgeagent.services.wyoming_wire import Message
from edgeagent.settings import Activation
from edgeagent.signal.convert import to_int16
from edgeagent.units import RATE, milliseconds, samples

WAITING = 200
"""Pieces of sound that may wait for a server; then the new ones are lost: 20 s at the usual 100 ms."""

LOOK_S = 0.1
"""How often the server is looked at where there is no sound for it."""

STALL_S = 5.0
"""After which a server that takes nothing, or does not say what it is, has failed."""

FIRST_S, MOST_S = 1.0, 30.0
"""Between two attempts: at first, and at most."""

CLOSING_S = 2.0

FORM = {"rate": RATE, "width": 2, "channels": 1}


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told, on our own thread. word: the word's name and the microphone sample up to which it was said. there:
    whether anybody listens for it. trouble: a line about what is wrong."""

    word: Callable[[str, int], None]
    there: Callable[[bool], None]
    trouble: Callable[[str], None]


class WyomingWake:
    """`feed`, `rest` and `close` are for the engine thread; all but `close` return at once."""

    def __init__(self, activation: Activation, told: Told, first_s: float = FIRST_S) -> None:
        """Raises ServiceError when the library is missing."""
        self._link = WyomingLink(activation.uri, STALL_S)
        self._activation = activation
        self._told = told
        self._first_s = first_s
        self._queue: Queue[tuple[int, Sound] | None] = Queue(WAITING)
        self._closing = Event()
        self._thread = Thread(target=self._work, name="wake word", daemon=True)
        self._thread.start()

    def feed(self, start: int, sound: Sound) -> None:
        """(n,) float32, its first sample being microphone sample `start`. What a slow server leaves no room for is
        lost."""
        self._leave((start, sound))

    def rest(self) -> None:
        """No more for now: the device is awake."""
        self._leave(None)

    def close(self) -> None:
        """Ends it, in bounded time. Idempotent."""
        self._closing.set()
        self._link.cut()
        self._thread.join(CLOSING_S)

    def _leave(self, piece: tuple[int, Sound] | None) -> None:
        try:
            self._queue.put_nowait(piece)
        except Full:
            return

    # Our own thread ---------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        wait_s, there = self._first_s, True
        while not self._closing.is_set():
            try:
                self._link.connect()
                introduce(self._link, self._activation)
                self._told.there(True)
                wait_s, there = self._first_s, True
                Listening(self._link, self._activation, self._told).until(self._closing, self._queue)
            except ServiceError as error:
                why = str(error)
            except Exception as error:
                why = f"{type(error).__name__}: {error}"
            finally:
                self._link.close()
            if self._closing.is_set():
                return
            if there:
                there = False
                self._told.there(False)
                self._told.trouble(f"no wake word: {why}; the button wakes the device until the server is back")
            self._closing.wait(wait_s)
            wait_s = min(MOST_S, 2 * wait_s)
            self._link = WyomingLink(self._activation.uri, STALL_S)
            self._drain()

    def _drain(self) -> None:
        """What was heard meanwhile is of no use to a server that comes back."""
        while True:
            try:
                self._queue.get_nowait()
            except Empty:
                return


class Listening:
    """One connection. One thread."""

    def __init__(self, link: WyomingLink, activation: Activation, told: Told) -> None:
        self._link = link
        self._names = list(activation.words)
        self._told = told
        self._zero = -1
        """The microphone sample with which the stream began; -1 where there is none."""
        self._end = 0

    def until(self, closing: Event, queue: Queue[tuple[int, Sound] | None]) -> None:
        """Raises ServiceError once the server has gone."""
        while not closing.is_set():
            try:
                piece = queue.get(timeout=LOOK_S)
            except Empty:
                self._look()
                continue
            if piece is None:
                self._stop()
            else:
                self._send(*piece)
            self._look()
        self._stop()

    def _send(self, start: int, sound: Sound) -> None:
        if self._zero < 0 or start != self._end:  # what lies between was not for it
            self._stop()
            self._link.send("detect", {"names": self._names or None})
            self._link.send("audio-start", {**FORM, "timestamp": 0})
            self._zero = start
        self._end = start + sound.size
        at = {"timestamp": round(milliseconds(start - self._zero))}
        self._link.send("audio-chunk", {**FORM, **at}, to_int16(sound).tobytes())

    def _stop(self) -> None:
        if self._zero >= 0:
            self._link.send("audio-stop")
            self._zero = -1

    def _look(self) -> None:
        for event in self._link.waiting():
            if event.kind == "detection" and self._zero >= 0:
                self._detected(event)
        if self._link.ended:
            raise ServiceError(
                "the wake word server has closed the connection",
                "see what the server says: `journalctl -e` where it runs",
            )

    def _detected(self, event: Message) -> None:
        """The chunk that the server names is the one in which it was sure: the word was over before it."""
        when = event.number("timestamp")
        heard = milliseconds(self._end - self._zero)
        self._told.word(event.text("name"), self._zero + samples(heard if when is None else max(0, min(when, heard))))


def introduce(link: WyomingLink, activation: Activation) -> None:
    """Whether it is such a server, and knows the words. Raises ServiceError."""
    link.send("describe")
    for info in link.events("info"):
        known = set(_known(info))
        if not known:
            raise ServiceError(
                f"{activation.uri} knows no wake words",
                "set activation.uri to a wake word server's, such as tcp://127.0.0.1:10400",
            )
        if missing := sorted(set(activation.words) - known):
            raise ServiceError(
                f"{activation.uri} does not know {', '.join(missing)}",
                f"set activation.words: [{sorted(known)[0]}]; it knows {', '.join(sorted(known))}",
            )
        return
    raise ServiceError(
        f"{activation.uri} closed the connection", "see what the server says: `journalctl -e` where it runs"
    )


def _known(info: Message) -> Iterator[str]:
    """The names of its wake words."""
    for program in _objects(info.data.get("wake")):
        for model in _objects(program.get("models")):
            if isinstance(name := model.get("name"), str):
                yield name


def _objects(listed: object) -> Iterator[dict[str, object]]:
    """What of a list is objects: a server may send anything."""
    return (one for one in listed if isinstance(one, dict)) if isinstance(listed, list) else iter(())

"""A Wyoming server as the recogniser: each turn goes there while it is spoken, and its text comes back.

The connection of a turn is made when the turn opens, or is suspected (`recogniser.early`), so the server has the sound
from before the onset while the person is still speaking. What a turn's thread waits for is the server; the engine only
leaves sound in its queue.
"""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import NamedTuple

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.ports import Sound
from edgeagent.services.one_turn import OneTurn, Telling, Told
from edgeagent.services.wyoming_link import WyomingLink
from edgeagent.services.wyoming_wire import Message
from edgeagent.signal.convert import to_int16
from edgeagent.units import RATE

WAITING = 4096
"""Pieces of sound that may wait for a server: a minute. Then the rest is lost, and told."""

LONGEST = 65_536
"""Characters of a turn's text: more than anybody says."""

LOOK_S = 0.5
"""How often an empty queue is looked at, in case that the mark of the end found no room."""

CLOSING_S = 1.0
"""Seconds that `close` waits for a turn's thread."""


class Tells(NamedTuple):
    """Who is told: the text of a turn, what went wrong with it, and its text so far."""

    recognised: Told
    trouble: Told
    so_far: Told


class WyomingRecogniser(OneTurn["_Turn"]):
    """See `live.turns.Listener`. All methods return at once and are for one thread, the engine's."""

    def __init__(self, recogniser: settings.Recogniser, recognised: Told, trouble: Told) -> None:
        """recognised: called exactly once for each closed turn that is not dropped, with "" for no text. trouble: what
        went wrong with a turn. Both are called on the turn's thread, or where the turn is opened. Raises ServiceError
        when the library is missing."""
        super().__init__(recogniser.early)
        WyomingLink(recogniser.uri, 0.0)
        self._settings = recogniser
        self._tells = Tells(recognised, trouble, lambda _turn, _text: None)

    def tell_so_far(self, told: Told) -> None:
        """See `live.turns.Partly`: of servers that write while they listen (`transcript-chunk`)."""
        self._tells = self._tells._replace(so_far=told)

    def _begin(self, turn: int, *, sure: bool) -> _Turn:
        return _Turn(turn, self._settings, self._tells, Telling(turn, sure=sure))

    def close(self) -> None:
        """See `live.turns.Listener`."""
        working = {turn for turn in (self._turn, self._suspected) if turn is not None}
        self._cut()
        for turn in working:
            turn.thread.join(CLOSING_S)


class _Turn:
    """One turn on its way. The methods are for the engine's thread; `_work` is the turn's own."""

    def __init__(self, turn: int, recogniser: settings.Recogniser, tells: Tells, telling: Telling) -> None:
        self.turn = turn
        self.telling = telling
        self._settings = recogniser
        self._tells = tells
        self._partly = ""
        self._text: str | None = None
        self._link = WyomingLink(recogniser.uri, recogniser.patience_ms / 1000)
        self._sound: Queue[Sound | None] = Queue(WAITING)
        self._lost = 0
        self._finished = Event()
        self.thread = Thread(target=self._work, name="recogniser", daemon=True)
        self.thread.start()

    @property
    def over(self) -> bool:
        return not self.thread.is_alive()

    def hear(self, block: Sound) -> None:
        try:
            self._sound.put_nowait(block)
        except Full:
            self._lost += block.size

    def finish(self) -> None:
        self._finished.set()
        with suppress(Full):
            self._sound.put_nowait(None)

    def drop(self) -> None:
        self.telling.drop()
        self._link.cut()
        self.finish()

    def _work(self) -> None:
        try:
            self._understand()
        except ServiceError as error:
            self.telling.tell(self._tells.trouble, str(error))
        except Exception as error:
            self.telling.tell(self._tells.trouble, f"{type(error).__name__}: {error}")
        finally:
            self._link.close()
        if self._lost:
            self.telling.tell(
                self._tells.trouble, f"{self._lost / RATE:.1f} s of the turn were lost: the recogniser is too slow"
            )
        self._finished.wait()  # a server that fails early is told of once the turn is over
        self.telling.tell(self._tells.recognised, self._text or "")

    def _understand(self) -> None:
        self._link.connect()
        if self.telling.dropped:
            return
        try:
            self._hand_over()
        except ServiceError:
            with suppress(ServiceError):
                self._read()  # it may have told all before it left
            if self._text is None:
                raise
        if self.telling.dropped:
            return
        for event in self._link.events("transcript") if self._text is None else ():  # its patience is for this one
            self._take(event)
            break
        if self._text is None and not self.telling.dropped:
            raise ServiceError(f"{self._settings.uri} closed the connection without a text", "see what the server says")

    def _hand_over(self) -> None:
        form = {"rate": RATE, "width": 2, "channels": 1}
        self._link.send("transcribe", {"language": self._settings.language} if self._settings.language else {})
        self._link.send("audio-start", form)
        while not self.telling.dropped and (block := self._next()) is not None:
            self._link.send("audio-chunk", form, to_int16(block).tobytes())
            self._read()
        if not self.telling.dropped:
            self._link.send("audio-stop")

    def _read(self) -> None:
        """What the server has written already."""
        for event in self._link.waiting():
            before = self._partly
            self._take(event)
            if self._partly != before:
                self.telling.tell(self._tells.so_far, " ".join(self._partly.split()))

    def _take(self, event: Message) -> None:
        told = event.data.get("text")
        written = told if isinstance(told, str) else ""
        if len(self._partly) + len(written) > LONGEST:
            raise ServiceError(f"{self._settings.uri} writes without end", "see what the server says")
        match event.kind:
            case "transcript":  # some find the end by themselves, before we tell it
                self._text = " ".join(written.split())
            case "transcript-start":
                self._partly = ""
            case "transcript-chunk":
                self._partly += written

    def _next(self) -> Sound | None:
        """The next sound of the turn, None at its end."""
        while True:
            try:
                block = self._sound.get(timeout=LOOK_S)
            except Empty:  # the mark found no room
                block = None
            if block is not None or self._finished.is_set():
                return block

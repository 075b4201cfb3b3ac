"""One turn of the user on its way to Home Assistant, and the reply that comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Condition

import numpy as np

from edgeagent.errors import ServiceError
from edgeagent.ports import Sound, Voiced
from edgeagent.services.satellite_runs import Run
from edgeagent.services.satellite_talk import WIDTH
from edgeagent.services.wyoming_wire import Message
from edgeagent.signal.convert import to_int16
from edgeagent.units import RATE

CHUNK = 1024
"""Samples of a piece: 64 ms, what Home Assistant's own satellites send. The engine's are a quarter of that."""

LATE_S = 2.0
"""So much of a turn behind the end that Home Assistant has heard is no mere silence."""

FORM: dict[str, object] = {"rate": RATE, "width": WIDTH, "channels": 1}
"""Of the sound that we send."""


@dataclass(slots=True, eq=False)
class Turn:
    """One turn. run: None where there was nobody to run it."""

    turn: int
    run: Run | None = None
    closed_at: float | None = None
    told_at: float | None = None
    """When its text was told."""

    asked: bool = False
    """Whether its reply is wanted."""

    deaf_from: int = -1
    """Of its samples, from where on Home Assistant did not listen any more; -1 for nowhere."""

    sent: int = 0
    _rest: list[Sound] = field(default_factory=list)

    def chunks(self, sound: Sound, *, last: bool = False) -> list[Message]:
        """What may go now. last: nothing is kept back for a whole piece, and the end is sent."""
        self._rest.append(sound)
        if not last and sum(one.size for one in self._rest) < CHUNK:
            return []
        joined = np.concatenate(self._rest)
        whole = joined.size if last else joined.size // CHUNK * CHUNK
        self._rest = [joined[whole:]]
        found = []
        for start in range(0, whole, CHUNK):
            piece = joined[start : min(start + CHUNK, whole)]
            times = {"timestamp": 1000 * self.sent // RATE}
            found.append(Message("audio-chunk", {**FORM, **times}, to_int16(piece).tobytes()))
            self.sent += piece.size
        return [*found, Message("audio-stop")] if last else found

    def again(self, run: Run) -> None:
        """All of it, to a new run."""
        self.run, self.sent, self._rest, self.deaf_from = run, 0, [], -1

    def unheard_s(self) -> float:
        """How much of it Home Assistant did not hear, because it took the turn to be over; 0 for a mere silence."""
        late = (self.sent - self.deaf_from) / RATE if self.deaf_from >= 0 else 0.0
        return late if late > LATE_S else 0.0


class SatelliteReply:
    """See `ports.Reply`: one piece, which comes with its sound."""

    def __init__(self, run: Run | None, changed: Condition, patience_s: float, away: str) -> None:
        """run: None where there is nobody to answer, for the reason `away`. changed: of the run."""
        self._run = run
        self._changed = changed
        self._patience_s = patience_s
        self._away = away
        self._cancelled = False

    def __iter__(self) -> Iterator[str]:
        run = self._run
        if run is None:
            raise ServiceError(self._away, "see whether it runs, and reaches this device")
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or self._come(run), self._patience_s)
            if self._cancelled:
                return
            if run.failure and not run.voiced:
                raise ServiceError(run.failure)
            if not self._come(run):
                raise ServiceError("Home Assistant does not answer", "see what its assistant does")
            text, silent = run.says or "", not (run.voiced or run.says)
        if not silent:
            yield Voiced(text, run.talk)

    def cancel(self) -> None:
        """See `ports.Reply`."""
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()

    @staticmethod
    def _come(run: Run) -> bool:
        return run.voiced or run.over or run.says is not None

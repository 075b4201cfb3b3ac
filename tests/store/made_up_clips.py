"""Clips without a device: a flight recorder that is fed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edgeagent.ports import Sound
from edgeagent.settings import Flight as Kept
from edgeagent.settings import Settings
from edgeagent.store import flight as flights
from edgeagent.store.flight import Flight
from edgeagent.turn.policy import Percept
from edgeagent.units import HOP, RATE

BEFORE_S, AFTER_S = 2, 1


def settings(folder: Path, mb: int = 10, before_s: int = BEFORE_S, after_s: int = AFTER_S) -> Settings:
    return Settings(flight=Kept(str(folder), mb, before_s, after_s))


class Fed:
    """Seconds of sound go through the recorder hop by hop; sample i of the microphone is i % 30000, and the others are
    told from it. warned: what it had to say. microphone: what it hears instead, while the loudspeaker is silent; then
    the rings hold all of it and every clip may wait, for here sound comes faster than any disk is."""

    def __init__(self, made: Settings, microphone: Sound | None = None) -> None:
        self.warned: list[str] = []
        self.microphone = microphone
        with pytest.MonkeyPatch.context() as patch:
            if microphone is not None:
                patch.setattr(flights, "SLACK", microphone.size)
                patch.setattr(flights, "WAITING", microphone.size // RATE)
            self.flight = Flight(made, {"edgeagent": "1"}, self.warned.append)
        self.at = 0

    def live(self, until: int, entries: Sequence[dict[str, object]] = ()) -> None:
        """Up to that sample; each entry is written in the hop that ends at its own or right after it."""
        waiting = sorted(entries, key=lambda entry: int(str(entry["at"])))
        while self.at < until:
            end = self.at + HOP
            heard = self.heard(self.at, end)
            self.flight.reference(-heard if self.microphone is None else np.zeros(HOP, np.float32))
            self.flight.capture(heard)
            while waiting and int(str(waiting[0]["at"])) <= end:
                self.flight.write(waiting.pop(0))
            late = self.heard(self.at - HOP, self.at) if self.at else np.zeros(0, np.float32)
            self.flight.thought(Percept(end, 0.25, 0.5, 0.125), self.at / RATE, late)
            self.at = end

    def heard(self, start: int, stop: int) -> Sound:
        """At these samples."""
        if self.microphone is not None:
            return self.microphone[start:stop]
        return (np.arange(start, stop) % 30_000 / 32_768).astype(np.float32)

    def hold(self, onset: int, ms: int = 500) -> list[dict[str, object]]:
        """A doubt that was dismissed."""
        ducked, held = (onset // HOP + 3) * HOP, (onset // HOP + 3 + ms // 16) * HOP
        return [
            {"at": ducked, "event": "suspected", "onset": onset},
            {"at": ducked, "event": "state", "state": "doubting", "from": "speaking"},
            {"at": held, "event": "state", "state": "speaking", "from": "doubting"},
        ]

    def stop(self, onset: int, ms: int = 1500) -> list[dict[str, object]]:
        """An interruption whose turn lasts so long."""
        ducked = (onset // HOP + 3) * HOP
        stopped, over = ducked + 20 * HOP, ducked + 20 * HOP + ms // 16 * HOP
        return [
            {"at": ducked, "event": "suspected", "onset": onset},
            {"at": ducked, "event": "state", "state": "doubting", "from": "speaking"},
            {"at": stopped, "event": "state", "state": "yielding", "from": "doubting"},
            {"at": over, "event": "state", "state": "thinking", "from": "yielding"},
        ]

    def close(self) -> None:
        self.flight.close()

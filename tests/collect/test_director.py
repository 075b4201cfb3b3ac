"""Hop by hop, without a device: what the engine passes over belongs to no take."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.commands import _collect_director as director
from edgeagent.commands._collect_deck import Prompt
from edgeagent.commands._collect_director import Director
from edgeagent.signal.bypass import Bypass
from edgeagent.store.takes import Expected, Outcome, Take
from edgeagent.units import HOP, RATE

WAIT = Prompt(Expected.FLOOR, "interrupt me: wait", "wait")


class Microphone:
    """Hops of a faint noise, with a loud one where asked, into a director."""

    def __init__(self, to: Director) -> None:
        self.at = 0
        self._to = to
        self._dice = np.random.default_rng(1)
        self._canceller = Bypass()

    def hear(self, hops: int, loud: bool = False) -> None:
        for _ in range(hops):
            sound = self._dice.normal(0, 0.05 if loud else 1e-4, HOP).astype(np.float32)
            self.at += HOP
            self._to.hop(self._canceller.process(np.zeros(HOP, np.float32), sound), self.at)

    def lose(self, hops: int) -> None:
        """The engine passes over so many."""
        self.at += HOP * hops


@pytest.mark.parametrize("lost", [0, 50])
def test_a_take_in_which_sound_was_lost_is_asked_again(lost: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(director, "WARM_UP", 100)
    lines, takes = list[str](), list[Take]()
    asks = Director([WAIT], 1, lines.append, takes.append, lambda: None)
    asks.speaks(True)
    microphone = Microphone(asks)
    microphone.hear(200)
    assert len(lines) == 1
    microphone.hear(20, loud=True)
    microphone.lose(lost)
    if lost:
        microphone.hear(300)
        assert lines[1] == lines[0]
        assert not takes
    began = microphone.at
    microphone.hear(20, loud=True)
    microphone.hear(2 * RATE // HOP)
    (take,) = takes
    assert take.outcome is Outcome.GOOD
    assert take.attempt == 1
    start, stop = take.sounds[0][0], take.sounds[-1][1]
    assert abs(start - (began if lost else began - 20 * HOP)) <= 2 * HOP
    assert abs(stop - (began + 20 * HOP)) <= 2 * HOP

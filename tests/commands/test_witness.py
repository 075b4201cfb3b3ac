"""The watched engine remembers every number that the ear says, whatever numbers those are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgeagent import app
from edgeagent.app import hearing
from edgeagent.commands._witness import HEARD, Witness
from edgeagent.detect.ear import Ear
from edgeagent.settings import Settings
from edgeagent.signal.bypass import Bypass
from edgeagent.signal.canceller import Cancelled
from edgeagent.store.journal import MemoryJournal
from edgeagent.turn.policy import Percept
from edgeagent.units import HOP

SAYS: dict[str, Any] = {name: 0.1 + 0.02 * number for number, name in enumerate(HEARD)}
"""A number of its own for each field."""


class OfOneMind(Ear):
    """Says the same of every step."""

    def hear(self, cancelled: Cancelled, at: int) -> Percept:
        return replace(super().hear(cancelled, at), **SAYS)


def test_every_number_of_a_percept_is_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "Ear", OfOneMind)
    engine = Witness(Settings(), MemoryJournal(), Bypass(), app.parts(Settings())[1])
    silence = np.zeros(HOP, np.float32)
    for _ in range(20):
        engine.reference(silence)
        engine.capture(silence)
    *heard, evidence = engine.traces()
    assert {"near", "floor"} <= set(HEARD)
    assert [trace.name for trace in heard[:2]] == ["Somebody speaks", "Takes the floor"]
    assert [trace.values.tolist() for trace in heard] == [pytest.approx([value] * 20) for value in SAYS.values()]
    assert evidence.name == "Evidence"
    assert max(evidence.marks.values()) <= evidence.top

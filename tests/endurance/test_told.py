"""Slips of the sample index: found where frames were lost untold, and not where an outage was told."""

from __future__ import annotations

from edgeagent.units import RATE
from tools.simcard.run_figures import Sight, slips_of


def sights(*steps: tuple[int, int]) -> list[Sight]:
    """One a second for a minute. steps: from that second on the frame is so much further."""
    return [Sight(n * RATE, n * RATE + 500 + sum(by for second, by in steps if n >= second)) for n in range(60)]


def test_a_loss_that_nobody_told_is_a_slip_for_good() -> None:
    assert set(slips_of(sights())) == {0}
    assert slips_of(sights((30, 160)))[-1] == 160
    assert max(slips_of(sights((30, 160), (40, -160)))) == 160


def test_a_sight_alone_with_its_opinion_is_mistaken() -> None:
    assert set(slips_of(sights((30, 777), (31, -777)))) == {0}


def test_what_slips_in_an_outage_was_told_with_it() -> None:
    found = sights((20, -3200), (40, 160))
    assert slips_of(found, [20 * RATE])[-1] == 160
    assert set(slips_of(found, [20 * RATE, 40 * RATE - RATE // 2])) == {0}
    assert slips_of(found, [30 * RATE])[-1] == -3040

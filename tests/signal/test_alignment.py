"""Where the far end is read stays where there is a far end to be read."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.signal.alignment import Alignment, Move
from edgeagent.signal.delay import USABLE, DelayEstimator, Peak
from edgeagent.signal.drift import DriftEstimator, Line
from edgeagent.signal.history import LOOKAHEAD
from edgeagent.signal.spectra import SPAN
from edgeagent.units import HOP, RATE
from tests.signal.echo_world import echo_of, room, voice

SILENCE = np.zeros(HOP, np.float32)


def locked(delay: int, ppm: float) -> Alignment:
    """Follows an echo, `delay` samples late at first, of a loudspeaker whose clock is `ppm` fast."""
    far = voice(4.0, 3)
    microphone = echo_of(far, room(4), delay, ppm)
    alignment = Alignment(SPAN, drift=True)
    for at in range(0, len(far) - HOP + 1, HOP):
        alignment.push(far[at : at + HOP], microphone[at : at + HOP])
        move = alignment.look()
        if move is not None and move.sure:
            alignment.take(move)
    assert alignment.ppm == pytest.approx(ppm, abs=10)
    return alignment


@pytest.mark.parametrize(("ppm", "shift"), [(-200.0, 3000), (200.0, -2000)], ids=["slow", "fast"])
def test_a_clock_that_drifts_for_minutes_without_a_sound_stays_in_memory(ppm: float, shift: int) -> None:
    """Nothing corrects it while we are silent; six minutes at 200 ppm are 1150 samples."""
    alignment = locked(2000, ppm)
    alignment.told(shift)
    for _ in range(6 * 60 * RATE // HOP):
        assert alignment.push(SILENCE, SILENCE).shape == (HOP,)
    assert alignment.position == (USABLE if ppm < 0 else LOOKAHEAD)
    assert alignment.read(SPAN, alignment.position).shape == (SPAN,)


@pytest.mark.parametrize("shift", [10**6, -(10**6)])
def test_a_card_that_tells_nonsense_is_followed_as_far_as_the_memory_goes(shift: int) -> None:
    alignment = locked(2000, 200.0)
    move = alignment.told(shift)
    assert move.after == alignment.position == (USABLE if shift > 0 else LOOKAHEAD)
    assert alignment.push(SILENCE, SILENCE).shape == (HOP,)


@pytest.mark.parametrize("ppm", [-100.0, 100.0])
def test_where_a_near_loudspeaker_is_read_after_the_card_told_is_where_the_filter_was_told(ppm: float) -> None:
    """The filter has been moved for that place, and each sample beside it is echo left over."""
    alignment = locked(330, ppm)
    moved = alignment.told(-100)
    alignment.push(SILENCE, SILENCE)
    assert alignment.position == pytest.approx(moved.after, abs=0.1)


def test_a_place_between_samples_is_given_up_where_it_cannot_be_read() -> None:
    alignment = Alignment(SPAN, drift=True)
    alignment.take(Move(0.0, 20.5, 308.5, first=True, sure=True))
    for _ in range(3):
        alignment.push(np.arange(HOP, dtype=np.float32), SILENCE)
    after = alignment.told(-12).after
    assert abs(after - 8.5) <= 0.5
    np.testing.assert_array_equal(alignment.read(8, after), alignment.read(8, round(after)))
    assert after == round(after)


def test_where_there_is_no_drift_it_is_looked_for_less_often_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    fit = DriftEstimator.line

    def counted(estimator: DriftEstimator) -> Line | None:
        asked.append(hop)
        return fit(estimator)

    monkeypatch.setattr(DriftEstimator, "line", counted)
    alignment, dice = Alignment(4096, drift=True), np.random.default_rng(3)
    sound = dice.standard_normal(30 * RATE).astype(np.float32) * np.float32(0.1)
    echo = np.concatenate((np.zeros(900, np.float32), sound))
    for hop in range(sound.size // HOP):
        span = slice(hop * HOP, (hop + 1) * HOP)
        alignment.push(sound[span], echo[span])
        move = alignment.look()
        if move is not None:
            alignment.take(move)
    second = RATE / HOP
    early = sum(2 * second <= at < 8 * second for at in asked)
    late = sum(20 * second <= at < 26 * second for at in asked)
    assert 0 < late <= early / 3


def looks_of(ppm: float, explained: bool, monkeypatch: pytest.MonkeyPatch) -> tuple[list[int], Alignment]:
    """The hops of 24 s in which the correlation was looked at, and what is known by then of the delay."""
    looked: list[int] = []
    peak = DelayEstimator.peak

    def counted(estimator: DelayEstimator, incumbent: int = -1) -> Peak | None:
        looked.append(hop)
        return peak(estimator, incumbent)

    monkeypatch.setattr(DelayEstimator, "peak", counted)
    far = voice(24.0, 3)
    microphone = echo_of(far, room(4), 2000, ppm)
    alignment = Alignment(SPAN, drift=True)
    for hop in range(len(far) // HOP):
        alignment.push(far[hop * HOP : (hop + 1) * HOP], microphone[hop * HOP : (hop + 1) * HOP])
        move = alignment.look(explained)
        if move is not None and move.sure:
            alignment.take(move)
    return looked, alignment


@pytest.mark.parametrize("ppm", [0.0, 80.0])
def test_what_is_explained_is_looked_at_less_often_once_the_clocks_are_known(
    ppm: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, alignment = looks_of(ppm, True, monkeypatch)
    early, late = (sum(begin <= at * HOP / RATE < begin + 2 for at in looked) for begin in (0.5, 20))
    assert 0 < late <= early / 3
    assert alignment.ppm == pytest.approx(ppm, abs=0.5)


def test_what_is_not_explained_is_looked_at_as_often_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, _ = looks_of(80.0, False, monkeypatch)
    assert sum(at * HOP >= 20 * RATE for at in looked) == pytest.approx(4 * RATE / (4 * HOP), abs=2)

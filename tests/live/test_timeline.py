"""The reference lies at the microphone sample at which it sounds, whatever starts, stops, slips or drifts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.live.timeline import DRIFT, LEAD, ROOM, Timeline
from edgeagent.ports import Sound
from edgeagent.units import RATE

BLOCK = 160


def noise(count: int) -> Sound:
    return np.random.default_rng(1).uniform(0.1, 1, count).astype(np.float32)


def lined_up(timeline: Timeline, sound: Sound, start: float, period: float = 1 / RATE, blocks: int = 100) -> Sound:
    """The reference of `blocks` microphone blocks while `sound` plays from the moment `start` on, rendered 20 ms ahead;
    `period` is the loudspeaker's seconds per sample."""
    out, cursor = [], 0
    for block in range(blocks):
        now = (block + 1) * BLOCK / RATE
        while cursor < sound.size and start + cursor * period < now + 0.02:
            timeline.played(sound[cursor : cursor + BLOCK], start + cursor * period)
            cursor += BLOCK
        timeline.heard(BLOCK, block * BLOCK / RATE)
        out.append(timeline.reference(BLOCK))
    return np.concatenate(out)


@given(st.integers(LEAD, 5000), st.integers(0, 3000))
def test_a_sound_lies_where_it_sounds(start: int, length: int) -> None:
    sound = noise(length)
    reference = lined_up(Timeline(), sound, start / RATE)
    place = start - LEAD
    np.testing.assert_array_equal(reference[place : place + length], sound[: reference.size - place])
    assert not reference[:place].any()
    assert not reference[place + length :].any()


def test_what_played_before_anything_was_heard_is_kept() -> None:
    timeline = Timeline()
    sound = noise(BLOCK)
    timeline.played(sound, 0.0125)
    timeline.heard(2 * BLOCK, 0.0)
    reference = timeline.reference(2 * BLOCK)
    place = 200 - LEAD
    np.testing.assert_array_equal(reference[place:][:BLOCK], sound[: 2 * BLOCK - place])


@given(st.integers(0, 480))
def test_taken_back_samples_are_silence_and_the_next_run_finds_its_own_place(unheard: int) -> None:
    timeline = Timeline()
    timeline.heard(BLOCK, 0.0)
    sound = noise(480)
    timeline.played(sound, 0.02)
    timeline.take_back(unheard)
    timeline.played(sound, 0.08)
    timeline.heard(1839, 0.01)
    reference = timeline.reference(1999)
    kept = 480 - unheard
    np.testing.assert_array_equal(reference[320 - LEAD :][:kept], sound[:kept])
    assert not reference[320 - LEAD + kept : 1280 - LEAD].any()
    np.testing.assert_array_equal(reference[1280 - LEAD :][:480], sound)
    assert timeline.facts() == []


def test_jitter_of_the_stamps_does_not_tear_the_sound() -> None:
    timeline = Timeline()
    sound = noise(8000)
    jitter = np.random.default_rng(2).uniform(-0.001, 0.001, 200)
    out = []
    for block, (mine, theirs) in zip(range(90), pairwise(jitter), strict=False):
        if block < 50:
            timeline.played(sound[block * BLOCK :][:BLOCK], 0.02 + block * BLOCK / RATE + mine)
        timeline.heard(BLOCK, block * BLOCK / RATE + theirs)
        out.append(timeline.reference(BLOCK))
    reference = np.concatenate(out)
    first = int(np.flatnonzero(reference)[0])
    np.testing.assert_array_equal(reference[first : first + 8000], sound)
    assert abs(first - (320 - LEAD)) <= 32
    assert timeline.facts() == []


@pytest.mark.parametrize("ppm", [-150, 150])
def test_drift_is_corrected_in_steps_and_told(ppm: int) -> None:
    timeline = Timeline()
    period = (1 + ppm * 1e-6) / RATE
    sound = noise(RATE * 100)
    reference = lined_up(timeline, sound, 0.02, period, 9000)
    facts = timeline.facts()
    assert {fact.kind for fact in facts} == {"drift"}
    assert all(np.sign(fact.shift) == -np.sign(ppm) for fact in facts)  # a slow loudspeaker comes later and later
    misplaced = 90 * ppm * 1e-6 * RATE + sum(fact.shift for fact in facts)
    assert abs(misplaced) <= 2 * DRIFT
    tail = reference[-1000:]
    at = 90 * RATE - 1000
    played = round((at - 320 + LEAD) / (1 + ppm * 1e-6))
    errors = [np.abs(tail - sound[played + k :][:1000]).max() for k in range(-2 * DRIFT - 2, 2 * DRIFT + 3)]
    assert min(errors) == 0


@pytest.mark.parametrize("ppm", [-100, 100])
@pytest.mark.parametrize("ended", ["stopped", "ran out"])
def test_after_a_stop_the_drift_so_far_is_put_right_and_told(ppm: int, ended: str) -> None:
    """Or the echo would jump by up to 5 ms, and nobody would know why."""
    timeline = Timeline()
    period = (1 + ppm * 1e-6) / RATE
    lined_up(timeline, noise(RATE * 40), 0.02, period, 3900)
    assert timeline.facts() == []
    off = timeline.astray
    assert abs(off) == pytest.approx(39 * 100e-6 * RATE, abs=4)
    if ended == "stopped":
        timeline.take_back(160)
    sound = noise(BLOCK)
    timeline.played(sound, 39.0 + 0.25)
    (fact,) = timeline.facts()
    assert (fact.kind, fact.shift) == ("drift" if ended == "stopped" else "underflow", -round(off))
    assert timeline.astray == 0
    timeline.heard(BLOCK * 100, timeline.at / RATE)
    reference = timeline.reference(BLOCK * 100)
    first = round(0.25 * RATE) - LEAD
    np.testing.assert_array_equal(reference[first:][:BLOCK], sound)


def test_an_underrun_moves_the_rest_to_its_place_and_is_told() -> None:
    timeline = Timeline()
    sound = noise(1600)
    timeline.heard(BLOCK, 0.0)
    timeline.played(sound[:800], 0.02)
    timeline.played(sound[800:], 0.02 + 0.05 + 0.03)
    timeline.heard(3040, 0.01)
    reference = timeline.reference(3200)
    np.testing.assert_array_equal(reference[320 - LEAD :][:800], sound[:800])
    assert not reference[1120 - LEAD :][:480].any()
    np.testing.assert_array_equal(reference[1600 - LEAD :][:800], sound[800:])
    assert [(fact.kind, fact.shift) for fact in timeline.facts()] == [("underflow", 0)]


def test_sound_that_comes_too_late_is_counted_and_disturbs_nothing() -> None:
    timeline = Timeline()
    timeline.heard(1600, 0.0)
    timeline.reference(1600)
    timeline.played(noise(BLOCK), 0.05)
    timeline.heard(BLOCK, 0.1)
    assert not timeline.reference(BLOCK).any()
    assert timeline.holes == BLOCK


def test_a_long_loss_takes_the_reference_through() -> None:
    timeline = Timeline()
    timeline.heard(3 * ROOM, 0.0)
    assert timeline.reference(3 * ROOM).size == 3 * ROOM
    with pytest.raises(ValueError, match="were heard"):
        timeline.reference(1)

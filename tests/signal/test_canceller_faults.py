"""The canceller handed rubbish: nothing that is no number ever comes out, and it recovers by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeagent.signal.canceller import Cancelled, Canceller, Trust
from edgeagent.units import HOP, RATE
from tests.signal.echo_world import Run, Sound, echo_of, level, room, voice

FAR = voice(12.0, 1)
HEARD = echo_of(FAR, room(2), 1000)
START, END = 4 * RATE, 6 * RATE
"""When the fault lasts, where it does not last for ever. Multiples of HOP, so whole hops are spoilt."""

LOUDEST = 8.0
"""Nothing that comes out exceeds full scale by more than a filter that has gone astray for a hop might."""

Fault = Callable[[Sound, np.random.Generator], Sound]


def constant(value: float) -> Fault:
    return lambda sound, _: np.full_like(sound, value)


def noise(peak: float) -> Fault:
    return lambda sound, dice: dice.uniform(-peak, peak, len(sound)).astype(np.float32)


def holes(sound: Sound, dice: np.random.Generator) -> Sound:
    return np.where(dice.random(len(sound)) < 0.02, np.float32(np.nan), sound)


def well(sound: Sound, _: np.random.Generator) -> Sound:
    return sound


FAULTS: dict[str, Fault] = {
    "well": well,
    "nothing": constant(0.0),
    "not a number": constant(np.nan),
    "infinite": constant(np.inf),
    "minus infinite": constant(-np.inf),
    "huge": constant(1e30),
    "the largest": constant(float(np.finfo(np.float32).max)),
    "denormal": constant(1e-42),
    "stuck in the middle": constant(0.5),
    "stuck at the end": constant(-1.0),
    "full-scale noise": noise(1.0),
    "beyond full scale": noise(3.9),
    "the last bit": noise(1 / 32768),
    "holes": holes,
    "offset": lambda sound, _: sound + np.float32(0.2),
    "clipped": lambda sound, _: np.clip(sound * np.float32(50), -1, 1),
}


def run_with(reference: Fault, microphone: Fault) -> Run:
    """FAR and its echo, spoilt between START and END; `erle` judges by the microphone as it should have been."""
    dice = np.random.default_rng(3)
    far, heard = FAR.copy(), HEARD.copy()
    far[START:END] = reference(FAR[START:END], dice)
    heard[START:END] = microphone(HEARD[START:END], dice)
    run = Run(far, heard)
    run.microphone = HEARD
    return run


def assert_sound(hop: Cancelled) -> None:
    """Every number of one hop is one, and of a size that makes sense."""
    for field in fields(hop):
        value = getattr(hop, field.name)
        if isinstance(value, np.ndarray):
            assert np.isfinite(value).all(), field.name
            assert value.dtype == np.float32
    assert all(np.isfinite(value) for value in astuple(hop.confidence) if isinstance(value, float))
    assert max(float(np.abs(sound).max()) for sound in (hop.clean, hop.linear)) < LOUDEST


names = st.sampled_from(sorted(FAULTS))


@settings(max_examples=40)
@given(
    spoilt=st.lists(st.tuples(names, names, st.integers(1, 40)), min_size=1, max_size=8),
    seed=st.integers(0, 2**32 - 1),
)
def test_whatever_goes_in_numbers_come_out(spoilt: list[tuple[str, str, int]], seed: int) -> None:
    dice, canceller, at = np.random.default_rng(seed), Canceller(), 0
    for reference, microphone, hops in spoilt:
        for _ in range(hops):
            far = FAULTS[reference](FAR[at : at + HOP], dice)
            assert_sound(canceller.process(far, FAULTS[microphone](HEARD[at : at + HOP], dice)))
            at += HOP


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"well"}))
@pytest.mark.parametrize("where", ["reference", "microphone", "both"])
def test_recovers_by_itself(fault: str, where: str) -> None:
    spoil = FAULTS[fault]
    run = run_with(well if where == "microphone" else spoil, well if where == "reference" else spoil)
    assert run.erle(run.clean, 8, 9) > 22
    assert run.erle(run.linear, 8, 9) > 14
    assert run.erle(run.clean, 9, 11.9) > 25
    assert run.confidence.trust is Trust.TRUSTED
    assert run.confidence.delay == pytest.approx(1016, abs=3)


def test_recovers_when_the_cables_were_swapped() -> None:
    far, heard = FAR.copy(), HEARD.copy()
    far[START:END], heard[START:END] = HEARD[START:END], FAR[START:END]
    run = Run(far, heard)
    assert run.erle(run.clean, 8, 11.9) > 25
    assert run.confidence.trust is Trust.TRUSTED


def test_swapped_for_good_is_never_trusted() -> None:
    assert Trust.TRUSTED not in {hop.confidence.trust for hop in Run(HEARD, FAR).hops}


def test_recovers_from_a_card_that_told_nonsense() -> None:
    start = Run(FAR[:START], HEARD[:START])
    start.canceller.realign(3000)
    run = Run(FAR[START:], HEARD[START:], start.canceller)
    assert run.erle(run.clean, 2, 3) > 25
    assert run.confidence.delay == pytest.approx(1016, abs=3)


def test_a_microphone_muted_for_good_is_silence() -> None:
    run = run_with(well, FAULTS["nothing"])
    part = slice(START + RATE // 2, END - HOP)
    assert level(run.clean[part]) < -60
    assert level(run.linear[part]) < -60


def test_an_amplifier_that_is_off_costs_a_person_nothing() -> None:
    """We play and nothing reaches the room: what the microphone hears is the person alone."""
    person = voice(8.0, 5)
    run = Run(FAR[: 8 * RATE], person)
    kept = float(run.linear[RATE:] @ person[RATE : len(run.linear)]) / float(person[RATE:] @ person[RATE:])
    assert 20 * np.log10(kept) > -1


@settings(max_examples=15)
@given(told=st.lists(st.tuples(st.integers(0, 90), st.integers(-(2**31), 2**31), st.integers(0, 5 * RATE)), max_size=5))
def test_whatever_the_card_tells_numbers_come_out(told: list[tuple[int, int, int]]) -> None:
    canceller = Canceller()
    for at in range(100):
        for when, shift, lost in told:
            if when == at:
                canceller.realign(shift, lost)
        assert_sound(canceller.process(FAR[at * HOP :][:HOP], HEARD[at * HOP :][:HOP]))


@pytest.mark.parametrize("shift", [5000, 8000, 100_000, -100_000])
def test_a_shift_beyond_the_range_is_searched_anew(shift: int) -> None:
    start = Run(FAR[:START], HEARD[:START])
    start.canceller.realign(shift)
    run = Run(FAR[START:], HEARD[START:], start.canceller)
    assert run.erle(run.clean, 2, 3) > 25
    assert run.confidence.delay == pytest.approx(1016, abs=3)


@pytest.mark.parametrize(
    "fault", ["nothing", "not a number", "huge", "denormal", "stuck in the middle", "stuck at the end", "the last bit"]
)
def test_a_microphone_that_was_dead_forgets_nothing(fault: str) -> None:
    run = run_with(well, FAULTS[fault])
    assert run.erle(run.linear, 6.1, 7) > 20


@pytest.mark.parametrize("where", ["reference", "microphone", "both"])
def test_recovers_from_beyond_full_scale(where: str) -> None:
    spoil = FAULTS["beyond full scale"]
    run = run_with(well if where == "microphone" else spoil, well if where == "reference" else spoil)
    assert run.erle(run.clean, 8, 9) > 22
    assert run.erle(run.clean, 9, 11.9) > 25
    assert max(float(np.abs(sound).max()) for sound in (run.clean, run.linear)) < 2


def test_an_offset_for_good_is_as_good_as_none() -> None:
    for offset in (0.01, 0.1):
        run = Run(FAR[:START], HEARD[:START] + np.float32(offset))
        assert run.confidence.trust is Trust.TRUSTED, offset
        assert (
            level(run.clean[3 * RATE : -2 * HOP] - np.mean(run.clean[3 * RATE : -2 * HOP]))
            < level(HEARD[3 * RATE : START]) - 25
        )


def test_what_was_thrown_away_is_counted() -> None:
    canceller = Canceller()
    far, heard = FAR[:HOP].copy(), HEARD[:HOP].copy()
    far[:3], heard[:4], heard[9] = np.nan, np.inf, 1e30
    canceller.process(far, heard)
    canceller.process(FAR[HOP : 2 * HOP], HEARD[HOP : 2 * HOP])
    assert canceller.take_discarded() == 8
    canceller.process(FAR[2 * HOP : 3 * HOP], HEARD[2 * HOP : 3 * HOP])
    assert canceller.take_discarded() == 0


@pytest.mark.parametrize(
    "wrong", [FAR[:0], FAR[:1], FAR[:100], FAR[: HOP + 1], FAR[: 2 * HOP].reshape(2, HOP), FAR[:HOP, None]]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_a_block_of_the_wrong_kind_is_refused_and_changes_nothing(wrong: Sound, dtype: type) -> None:
    refuses(wrong.astype(dtype))


@pytest.mark.parametrize("dtype", [np.float64, np.int16, np.complex64, np.bool_])
def test_a_block_of_the_wrong_dtype_too(dtype: type) -> None:
    refuses(FAR[:HOP].astype(dtype))


def refuses(wrong: object) -> None:
    canceller, other = Canceller(), Canceller()
    for at in range(0, 20 * HOP, HOP):
        canceller.process(FAR[at : at + HOP], HEARD[at : at + HOP])
        other.process(FAR[at : at + HOP], HEARD[at : at + HOP])
    for pair in ((wrong, HEARD[:HOP]), (FAR[:HOP], wrong)):
        with pytest.raises(ValueError, match="float32"):
            canceller.process(*pair)
    for at in range(20 * HOP, 60 * HOP, HOP):
        one, two = (c.process(FAR[at : at + HOP], HEARD[at : at + HOP]) for c in (canceller, other))
        assert one.clean.tobytes() == two.clean.tobytes()

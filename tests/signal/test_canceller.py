"""The whole canceller in small worlds: rooms, delays, clocks, double talk, jumps, faults, verdicts."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.signal.canceller import Canceller, Trust
from edgeagent.signal.spectra import FarSpectra
from edgeagent.units import HOP, RATE
from tests.signal.echo_world import Run, Sound, echo_of, level, room, voice

WORLDS = {
    "close, dry": (160, 0.0, 0.15),
    "close, two clocks": (160, -80.0, 0.3),
    "usual": (1000, 0.0, 0.3),
    "usb, two clocks": (1900, 120.0, 0.3),
    "other way round": (1900, -200.0, 0.3),
    "bluetooth": (4800, 40.0, 0.2),
    "hall": (600, 0.0, 0.6),
}


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_cancels_in_every_world(world: str) -> None:
    delay, ppm, rt60 = WORLDS[world]
    far = voice(6.0, 1)
    run = Run(far, echo_of(far, room(2, rt60), delay, ppm))
    assert run.erle(run.clean, 2, 4) > 25
    assert run.erle(run.linear, 5, 6) > 14
    assert run.confidence.trust is Trust.TRUSTED
    assert run.confidence.delay == pytest.approx(delay + 16 - ppm * 0.096, abs=5)
    assert run.confidence.drift_ppm == pytest.approx(ppm, abs=12)


def test_first_second_is_already_suppressed() -> None:
    far = voice(2.0, 3)
    run = Run(far, echo_of(far, room(4), 1000))
    assert run.erle(run.clean, 0.5, 1.0) > 15
    assert run.erle(run.linear, 1.0, 2.0) > 15


@pytest.fixture(scope="module")
def double_talk() -> tuple[Sound, Run]:
    """Echo alone for 4 s, a person 10 dB below it for 4 s, echo alone for 3 s."""
    far = voice(11.0, 5)
    echo = echo_of(far, room(6), 1000)
    near = voice(11.0, 7)
    near[: 4 * RATE] = 0
    near[8 * RATE :] = 0
    near *= np.float32(np.std(echo) / np.std(near[4 * RATE : 8 * RATE]) * 10 ** (-10 / 20))
    return near, Run(far, echo + near)


def test_near_end_keeps_its_energy(double_talk: tuple[Sound, Run]) -> None:
    near, run = double_talk
    part = slice(int(4.1 * RATE), int(7.9 * RATE))
    for sound, most in ((run.clean, 2.0), (run.linear, 0.5)):
        kept = float(sound[part] @ near[part]) / float(near[part] @ near[part])
        assert abs(20 * np.log10(kept)) < most
        assert level(sound[part] - near[part] * np.float32(kept)) < level(near[part]) - 5


def test_double_talk_costs_neither_the_filter_nor_the_trust(double_talk: tuple[Sound, Run]) -> None:
    _, run = double_talk
    assert run.erle(run.linear, 8.2, 9) > 15
    assert run.at(6).trust is run.at(8).trust is run.confidence.trust is Trust.TRUSTED
    assert run.erle(run.linear, 4.2, 8) < 12
    assert run.at(8).linear_erle_db > 15


@pytest.mark.parametrize("jump", [640, -640], ids=["later", "earlier"])
def test_locks_again_after_a_jump(jump: int) -> None:
    far = voice(9.0, 8)
    before, after = echo_of(far, room(9), 1500), echo_of(far, room(9), 1500 + jump)
    microphone = np.concatenate([before[: 6 * RATE], after[6 * RATE :]])
    run = Run(far, microphone)
    assert run.at(7.0).delay == pytest.approx(1516 + jump, abs=3)
    assert run.erle(run.clean, 6.6, 7.0) > 20
    assert run.erle(run.linear, 7.0, 8.0) > 15


@pytest.mark.parametrize("hum", [1.0, 2.0])
def test_locks_again_where_the_filter_explains_some_of_what_repeats_itself_from_a_place_of_no_echo(hum: float) -> None:
    """The echo now comes before where the far end is read, and a filter cannot look ahead, but for a buzz."""
    far = voice(9.0, 1)
    time, dice = np.arange(far.size) / RATE, np.random.default_rng(1)
    buzz = np.sum([np.cos(2 * np.pi * (100 * k * time + dice.uniform())) for k in range(1, 20)], axis=0)
    far += (hum * np.std(far) / np.std(buzz) * buzz).astype(np.float32)
    late, early = echo_of(far, room(2, 0.15), 1100), echo_of(far, room(3, 0.15), 120)
    run = Run(far, np.concatenate((late[: 4 * RATE], early[4 * RATE :])))
    assert run.erle(run.linear, 7, 9) > 12
    assert run.confidence.delay == pytest.approx(136, abs=5)


def test_small_jumps_are_left_to_the_filter() -> None:
    far = voice(8.0, 43)
    microphone = np.concatenate([echo_of(far, room(44), 700)[: 4 * RATE], echo_of(far, room(44), 700 + 9)[4 * RATE :]])
    run = Run(far, microphone)
    assert run.confidence.delay == pytest.approx(725, abs=3)
    assert run.erle(run.linear, 6, 8) > 15


def test_a_told_jump_costs_nothing() -> None:
    far = voice(8.0, 10)
    at = 5 * RATE // HOP * HOP
    microphone = np.concatenate([echo_of(far, room(11), 1500)[:at], echo_of(far, room(11), 1500 + 777)[at:]])
    start = Run(far[:at], microphone[:at])
    start.canceller.realign(777)
    run = Run(far[at:], microphone[at:], start.canceller)
    assert run.erle(run.linear, 0.1, 0.6) > start.erle(start.linear, 4, 5) - 8
    assert run.confidence.delay == pytest.approx(1516 + 777, abs=3)


def test_lost_frames_are_not_learnt_from() -> None:
    far = voice(8.0, 12)
    microphone = echo_of(far, room(13), 1000)
    at = 5 * RATE // HOP * HOP
    microphone[at : at + 1600] = 0
    start = Run(far[:at], microphone[:at])
    start.canceller.realign(0, frames_lost=1600)
    run = Run(far[at:], microphone[at:], start.canceller)
    assert run.erle(run.linear, 0.2, 1.0) > start.erle(start.linear, 4, 5) - 4


def test_a_moved_path_is_learnt_again() -> None:
    far = voice(10.0, 14)
    microphone = np.concatenate([echo_of(far, room(15), 1000)[: 5 * RATE], echo_of(far, room(16), 1000)[5 * RATE :]])
    run = Run(far, microphone)
    assert run.erle(run.clean, 6, 7) > 12
    assert run.erle(run.linear, 8, 10) > 18


def test_long_silence_changes_nothing() -> None:
    far = np.concatenate([voice(5.0, 17), np.zeros(20 * RATE, np.float32), voice(2.0, 18)])
    run = Run(far, echo_of(far, room(19), 1000))
    assert run.at(24.9).far_active is False
    assert run.at(24.9).delay == run.at(5.2).delay
    assert run.at(24.9).trust is Trust.TRUSTED
    assert run.erle(run.linear, 25.1, 25.6) > 15


def test_the_person_alone_comes_through_whole() -> None:
    near = voice(3.0, 20)
    run = Run(np.zeros_like(near), near)
    assert np.abs(run.clean - near[: len(run.clean)])[: -2 * HOP].max() < 1e-4
    assert run.confidence.trust is Trust.CONVERGING
    assert run.confidence.delay == -1


def test_clipping_microphone() -> None:
    far = voice(8.0, 21)
    echo = echo_of(far, room(22, gain=3.0), 1000)
    microphone = np.clip(echo * np.float32(1.4 / np.abs(echo).max()), -1, 1)
    run = Run(far, microphone)
    assert run.erle(run.clean, 3, 8) > 20


@pytest.mark.parametrize("rubbish", [np.nan, np.inf, -np.inf, 1e30])
def test_what_is_no_sound_is_forgotten(rubbish: float) -> None:
    far = voice(7.0, 23)
    microphone = echo_of(far, room(24), 1000)
    microphone[4 * RATE : 4 * RATE + 700] = rubbish
    broken = far.copy()
    broken[4 * RATE + 300 : 4 * RATE + 500] = rubbish
    run = Run(broken, microphone)
    assert np.isfinite(run.clean).all()
    assert np.isfinite(run.linear).all()
    assert run.erle(run.clean, 5.5, 7) > 20


def test_same_hops_same_bits() -> None:
    far = voice(3.0, 25)
    microphone = echo_of(far, room(26), 1000, 80.0)
    one, two = Run(far, microphone), Run(far.copy(), microphone.copy())
    assert one.clean.tobytes() == two.clean.tobytes()
    assert one.linear.tobytes() == two.linear.tobytes()
    assert [hop.confidence for hop in one.hops] == [hop.confidence for hop in two.hops]


def test_outputs_belong_to_the_caller() -> None:
    far = voice(1.0, 27)
    microphone = echo_of(far, room(28), 300)
    canceller = Canceller()
    kept = canceller.process(far[:HOP], microphone[:HOP])
    copies = [array.copy() for array in (kept.clean, kept.linear, kept.echo, kept.clean_power, kept.echo_power)]
    for i in range(HOP, 20 * HOP, HOP):
        canceller.process(far[i : i + HOP], microphone[i : i + HOP])
    now = (kept.clean, kept.linear, kept.echo, kept.clean_power, kept.echo_power)
    assert all(np.array_equal(a, b) for a, b in zip(copies, now, strict=True))
    assert {array.dtype for array in now} == {np.dtype(np.float32)}


def test_echo_and_linear_add_up_to_the_microphone() -> None:
    far = voice(4.0, 29)
    run = Run(far, echo_of(far, room(30), 500))
    part = slice(2 * RATE, -2 * HOP)
    assert np.abs(run.echo[part] + run.linear[part] - run.microphone[: len(run.echo)][part]).max() < 1e-5


def test_an_unrelated_echo_is_not_trusted() -> None:
    run = Run(voice(8.0, 31), voice(8.0, 32))
    assert Trust.TRUSTED not in {hop.confidence.trust for hop in run.hops}
    assert run.confidence.trust is Trust.UNTRUSTED


def test_an_echo_whose_delay_keeps_jumping_is_not_trusted() -> None:
    far = voice(10.0, 33)
    rng = np.random.default_rng(34)
    pieces = [echo_of(far, room(35), int(d)) for d in rng.integers(200, 4000, 8)]
    step = RATE // 8
    microphone = np.concatenate([pieces[rng.integers(8)][i : i + step] for i in range(0, len(far), step)])
    assert Run(far, microphone).confidence.trust is Trust.UNTRUSTED


def test_doubt_is_taken_back_when_the_echo_can_be_cancelled_again() -> None:
    far = voice(16.0, 36)
    microphone = np.concatenate([voice(8.0, 37), echo_of(far, room(38), 1000)[8 * RATE :]])
    run = Run(far, microphone)
    assert run.at(7.9).trust is Trust.UNTRUSTED
    assert run.confidence.trust is Trust.TRUSTED


def test_no_echo_at_all_needs_no_doubt() -> None:
    far = voice(8.0, 39)
    hiss = 1e-4 * np.random.default_rng(40).standard_normal(len(far)).astype(np.float32)
    assert Trust.UNTRUSTED not in {hop.confidence.trust for hop in Run(far, hiss).hops}


def test_drift_can_be_left_alone() -> None:
    far = voice(5.0, 41)
    run = Run(far, echo_of(far, room(42), 1000, 100.0), Canceller(drift=False))
    assert run.confidence.drift_ppm == 0
    assert run.erle(run.clean, 3, 5) > 20


def test_beeps_which_fit_themselves_after_every_period_move_nothing() -> None:
    t = np.arange(RATE // 5) / RATE
    tones = [np.sin(2 * np.pi * pitch * t) * np.minimum(1, np.minimum(t, t[::-1]) * 200) for pitch in (660, 880, 1320)]
    rest = np.zeros(RATE // 2)
    order = np.random.default_rng(43).integers(3, size=20)
    beeps = 0.2 * np.concatenate([part for i in order for part in (tones[i], rest)])
    far = np.concatenate([voice(3.0, 44), beeps.astype(np.float32)])
    run = Run(far, echo_of(far, room(45), 1000))
    assert {hop.confidence.delay for hop in run.hops[200:]} == {1016}
    assert run.erle(run.clean, 14, 16) > 25


def moved(far: Sound, seed: int, at: float) -> Sound:
    """The echo of `far` in a room that is another one from second `at` on."""
    cut = int(at * RATE)
    return np.concatenate([echo_of(far, room(seed), 1000)[:cut], echo_of(far, room(seed + 1), 1001)[cut:]])


@pytest.mark.parametrize("seed", [50, 60, 70, 80])
def test_next_to_nothing_of_a_moved_path_is_heard(seed: int) -> None:
    """Two hops may pass before it is noticed."""
    far = voice(8.0, seed)
    run = Run(far, moved(far, seed, 5.0))
    assert run.erle(run.clean, 5.06, 6.0) > 20
    assert run.erle(run.linear, 6.0, 7.0) > 15


@pytest.mark.parametrize("seed", [50, 60, 70, 80])
def test_a_moved_path_is_told_and_a_person_is_none(seed: int) -> None:
    far, near = voice(8.0, seed), voice(8.0, seed + 5)
    told = [hop.confidence.moved for hop in Run(far, moved(far, seed, 5.0)).hops]
    first = told.index(True, 4 * RATE // HOP) * HOP / RATE
    assert 4.99 < first < 5.2
    assert not any(told[3 * RATE // HOP : int(4.9 * RATE / HOP)])
    near[: 5 * RATE] = 0
    talked_over = [hop.confidence.moved for hop in Run(far, echo_of(far, room(seed), 1000) + near).hops]
    assert not any(talked_over[3 * RATE // HOP :])


push = FarSpectra.push


def thorough(spectra: FarSpectra, far: Sound) -> float:
    """`FarSpectra.push` that leaves nothing out where nothing is played."""
    still, spectra._still = spectra._still, 0
    loudness = push(spectra, far)
    if spectra._still:
        spectra._still += still
    assert not (spectra.silent and spectra.blocks.any())  # and so there is no echo estimate
    return loudness


@pytest.mark.parametrize("pause", [0.2, 0.28, 0.3, 1.0])
def test_a_long_silence_is_cheap_and_leaves_the_same_bits(pause: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its length against what the filter remembers, and whatever comes after it."""
    far = np.concatenate([voice(3.0, 90), np.zeros(int(pause * RATE), np.float32), voice(2.0, 91)])
    heard = echo_of(far, room(92), 1000) + 1e-4 * np.random.default_rng(93).standard_normal(len(far)).astype(np.float32)
    quick = Run(far, heard)
    monkeypatch.setattr(FarSpectra, "push", thorough)
    slow = Run(far, heard)
    np.testing.assert_array_equal(quick.linear, slow.linear)
    np.testing.assert_array_equal(quick.clean, slow.clean)
    assert [hop.confidence for hop in quick.hops] == [hop.confidence for hop in slow.hops]


@pytest.mark.parametrize("delay", [150, 300])
@pytest.mark.parametrize("ppm", [40.0, 80.0])
def test_a_near_loudspeaker_whose_clock_is_fast_is_followed(delay: int, ppm: float) -> None:
    """There was nothing to follow it by: we would have had to read what was not played yet."""
    far = voice(20, 1)
    run = Run(far, echo_of(far, room(3), delay, ppm))
    assert run.erle(run.linear, 8, 20) > 25

"""Scenes of the bench: each condition differs from the base in what it says, and in nothing else."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeagent.ports import Sound
from edgeagent.signal.resample import Resampler
from edgeagent.sim.acoustics import Model
from edgeagent.sim.echo_bench import device
from edgeagent.sim.echo_bench.conditions import CONDITIONS, Condition, Distortion, Event
from edgeagent.sim.echo_bench.scenes import BEFORE, FRAME, JUMP, EchoScene, render
from edgeagent.sim.mix import active_rms
from edgeagent.units import RATE, samples
from tests.sim.echo_made_up import BY_NAME, SECONDS, made_up_speech, scene

STEP = 1.01 / 32768
"""Of a 16-bit converter: rounding may fall either way."""

TOGETHER = {"later-told": 2, "earlier-told": 2, "babble": 2}
"""Conditions that need two fields for their one thing."""


@pytest.mark.parametrize("condition", CONDITIONS[1:-1], ids=lambda condition: condition.name)
def test_a_condition_is_the_base_but_for_one_thing(condition: Condition) -> None:
    told = [field.name for field in fields(Condition) if field.name not in ("name", "what")]
    changed = [name for name in told if getattr(condition, name) != getattr(BY_NAME["base"], name)]
    assert len(changed) == TOGETHER.get(condition.name, 1)


def test_the_same_seed_is_the_same_scene_and_another_is_another() -> None:
    first, again = scene("base"), render(BY_NAME["base"], 1, made_up_speech(), Model.DECAY, SECONDS * RATE)
    np.testing.assert_array_equal(first.microphone, again.microphone)
    assert not np.array_equal(first.near, scene("base", seed=2).near)


@pytest.mark.parametrize("name", ["hard", "echo+15", "drift-200", "later-found", "music"])
def test_what_a_condition_does_not_name_stays(name: str) -> None:
    base, other = scene("base"), scene(name)
    assert other.utterances == base.utterances
    gain = np.abs(other.near).max() / np.abs(base.near).max()  # a louder scene is turned down as a whole
    np.testing.assert_allclose(other.quiet, gain * base.quiet, atol=1e-6)


@pytest.mark.parametrize(("name", "decibels"), [("base", 10), ("echo+15", 15), ("echo+0", 0), ("hard", 10)])
def test_the_echo_is_as_loud_as_it_says(name: str, decibels: float) -> None:
    told = scene(name)
    assert 20 * np.log10(active_rms(echo(told)) / active_rms(exact(told.near))) == pytest.approx(decibels, abs=0.5)


def test_the_noise_is_as_loud_as_it_says() -> None:
    for name, below in (("base", 30), ("babble", 15)):
        noise = exact(scene(name).quiet) - exact(scene(name).near)
        assert 20 * np.log10(active_rms(exact(scene(name).near)) / rms(noise)) == pytest.approx(below, abs=0.5)


def test_the_person_is_silent_at_both_ends_and_around_the_event() -> None:
    told = scene("path-change")
    assert told.event is not None
    times = np.array(told.utterances) / told.near.size
    assert len(times) >= 2
    assert times.min() >= 3 / 16
    assert times.max() <= 13 / 16
    assert not any(start < told.event + RATE // 2 and told.event - RATE // 8 < stop for start, stop in told.utterances)


def test_the_echo_comes_when_it_says() -> None:
    for name, ms in (("base", 60), ("delay-10", 10), ("delay-280", 280)):
        assert lag(scene(name), RATE, 4 * RATE) == pytest.approx(samples(ms), abs=samples(2))


@pytest.mark.parametrize(("name", "shift"), [("later-found", JUMP), ("earlier-found", -JUMP)])
def test_a_jump_is_heard_at_its_event(name: str, shift: int) -> None:
    told = scene(name)
    assert told.event is not None
    assert told.tells == ()
    assert scene(name.replace("found", "told")).tells == ((told.event, shift),)
    after = told.event + samples(60)
    assert lag(told, after, after + 2 * RATE) - lag(told, RATE, told.event) == shift
    same = slice(0, told.event - 64)  # filters ring a little ahead
    np.testing.assert_allclose(told.microphone[same], scene("base").microphone[same], atol=STEP)


def test_the_loudspeaker_clock_is_off() -> None:
    told = scene("drift-200")
    early, late = (lag(told, start, start + 2 * RATE) for start in (0, 7 * RATE))
    assert late - early == pytest.approx(200e-6 * 7 * RATE, abs=4)


def test_a_path_change_changes_the_path_only() -> None:
    told, base = scene("path-change"), scene("base")
    assert told.event is not None
    np.testing.assert_allclose(told.microphone[: told.event - 64], base.microphone[: told.event - 64], atol=STEP)
    change = echo(told)[told.event + 400 :] - echo(base)[told.event + 400 :]
    assert 0.1 < rms(change) / rms(echo(base)) < 2.0


def test_the_card_delays_both_ways() -> None:
    for name, rate in (("card-48", 48_000), ("card-44.1", 44_100)):
        ways = samples(60) + Resampler(RATE, rate).delay * RATE / rate + Resampler(rate, RATE).delay
        assert lag(scene(name), RATE, 4 * RATE) == pytest.approx(ways, abs=samples(2))


def test_faults_of_the_microphone() -> None:
    clipped = np.mean(np.abs(scene("clipping").microphone) > 0.9999)
    assert 0.003 < clipped < 0.007
    assert np.abs(scene("echo+15").microphone).max() < 0.91
    gain = scene("agc").near[scene("base").near != 0] / scene("base").near[scene("base").near != 0]
    assert 3.0 < 20 * np.log10(np.quantile(gain, 0.99) / np.quantile(gain, 0.01)) < 18.5


def test_volumes() -> None:
    quiet, loud = scene("volume-1"), scene("volume-100")
    assert np.abs(quiet.reference).max() == pytest.approx(0.01, abs=1e-4)
    assert np.abs(loud.reference).max() == pytest.approx(1.0, abs=1e-4)
    assert not quiet.measurable
    assert loud.measurable


def test_a_scene_after_silence_is_the_base_after_it() -> None:
    told, base = scene("after-silence"), scene("base")
    assert told.begins == sum(BEFORE)
    assert not told.reference[BEFORE[0] : told.begins].any()
    np.testing.assert_array_equal(told.reference[told.begins :], base.reference)
    assert told.utterances == tuple((start + told.begins, stop + told.begins) for start, stop in base.utterances)
    assert told.condition.event is Event.RETURN


def test_recorded_responses_are_used() -> None:
    speech = made_up_speech()
    response = np.zeros(2000, np.float32)
    response[1600] = 1.0
    speech.loudspeakers, speech.rooms = [response.copy], [response.copy]
    told = render(BY_NAME["recorded"], 1, speech, Model.DECAY, SECONDS * RATE)
    assert lag(told, RATE, 4 * RATE) == samples(60) + 3200


def test_every_scene_is_whole_frames() -> None:
    assert render(BY_NAME["base"], 1, made_up_speech(), Model.DECAY, 7 * RATE + 100).near.size % FRAME == 0


def test_loudspeakers_distort_as_much_as_they_say() -> None:
    sound = np.random.default_rng(1).laplace(size=4 * RATE) * 0.05  # its amplitudes are distributed as in speech
    left = [distortion_db(sound, kind) for kind in (Distortion.NONE, Distortion.MILD, Distortion.HARD)]
    assert left[0] < -200
    assert -25 < left[1] < -15
    assert -13 < left[2] < -7
    assert -40 < distortion_db(sound, Distortion.MEMORY) < -10


def test_only_a_loudspeaker_with_memory_remembers() -> None:
    sound = np.random.default_rng(1).laplace(size=RATE) * 0.05
    order = np.argsort(device.loudspeaker(sound, Distortion.NONE, 0.07))
    for kind, remembers in ((Distortion.MILD, False), (Distortion.HARD, False), (Distortion.MEMORY, True)):
        falls = np.diff(device.loudspeaker(sound, kind, 0.07)[order]) < -1e-9
        assert bool(falls.any()) is remembers


def echo(told: EchoScene) -> NDArray[np.float64]:
    return exact(told.microphone) - exact(told.quiet)


def exact(sound: Sound) -> NDArray[np.float64]:
    return sound.astype(np.float64)


def distortion_db(sound: NDArray[np.float64], kind: Distortion) -> float:
    """What is not the sound times a gain, below what is."""
    clean = device.loudspeaker(sound, Distortion.NONE, 1.0)
    out = device.loudspeaker(sound, kind, active_rms(clean))
    explained = clean * (clean @ out) / (clean @ clean)
    return float(20 * np.log10(rms(out - explained) / rms(explained) + 1e-15))


def rms(sound: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(sound**2)))


def lag(told: EchoScene, start: int, stop: int) -> int:
    """Samples by which the echo is behind the reference there."""
    size = 1 << (stop - start + RATE).bit_length()
    far, heard = (np.fft.rfft(sound[start:stop], size) for sound in (exact(told.reference), echo(told)))
    cross = heard * far.conj()
    return int(np.argmax(np.fft.irfft(cross / (np.abs(cross) + 1e-9) ** 0.5, size)[:RATE]))

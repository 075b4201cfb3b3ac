"""In a quiet room nothing is computed; who begins to speak there, and what we say next, finds all as it would be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgeagent import app
from edgeagent.detect.beside import Beside
from edgeagent.detect.ear import Ear
from edgeagent.engine import Engine
from edgeagent.ports import Sound
from edgeagent.settings import Settings, Turns
from edgeagent.signal.bypass import Bypass
from edgeagent.signal.canceller import Canceller
from edgeagent.signal.lull import REHEARD, SILENT, STEADY, Lull
from edgeagent.sim.replay import replay
from edgeagent.sim.room import Echo
from edgeagent.sim.scene import EchoPath
from edgeagent.store.journal import MemoryJournal
from edgeagent.turn import events as e
from edgeagent.units import CARD_BLOCK, HOP, RATE, samples
from tests.detect.made_up import Counting
from tests.talking import voice
from tests.tallying import Tallying

QUIET_S = 20


def never_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on engines hear all the time."""
    monkeypatch.setattr(Lull, "covers", lambda _self, _reference, _microphone, _idle: False)


def room(seconds: float, level: float = 1e-3, seed: int = 1) -> Sound:
    """(n,) a steady noise of that root mean square."""
    return (level * np.random.default_rng(seed).normal(size=round(seconds * RATE))).astype(np.float32)


def heard(sound: Sound, engine: Engine, journal: MemoryJournal, chunk: int = 1536) -> list[dict[str, object]]:
    """The journal after the engine has heard `sound` in silence of ours."""
    replay(engine, np.zeros_like(sound), sound, [e.Ready(0)], chunk=chunk)
    return list(journal.entries)


def engine_with(canceller: Canceller | Bypass, ear: Ear | None = None) -> tuple[Engine, MemoryJournal]:
    journal = MemoryJournal()
    return Engine(Settings(), journal, canceller, ear or app.parts(Settings())[1]), journal


def test_a_quiet_room_is_passed_over_and_none_of_its_sound_is_lost() -> None:
    canceller, sound = Tallying(), room(QUIET_S)
    engine, journal = engine_with(canceller)
    heard(sound, engine, journal)
    assert canceller.hops <= SILENT + 2 + REHEARD
    assert engine.at == sound.size // HOP * HOP
    for ring in (engine.linear, engine.clean):
        kept = ring.read(6 * RATE, ring.end)
        np.testing.assert_array_equal(kept, sound[6 * RATE : 6 * RATE + kept.size])
    assert ring.end == engine.at - HOP


@pytest.mark.parametrize("level", [0.3, 1.0, 3.0])
def test_who_begins_to_speak_there_is_heard_as_soon_and_from_as_early(
    level: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = room(QUIET_S + 4)
    person = level * voice(np.random.default_rng(4), 2.0)
    sound[QUIET_S * RATE : QUIET_S * RATE + person.size] += person
    told = []
    for _ in range(2):
        engine, journal = engine_with(Tallying())
        entries = heard(sound, engine, journal)
        told.append([entry for entry in entries if entry["event"] in ("speech_started", "heard")])
        never_rest(monkeypatch)
    resting, waking = told
    assert [entry["event"] for entry in resting] == [entry["event"] for entry in waking] != []
    for mine, its in zip(resting, waking, strict=True):
        assert abs(int(str(mine["at"])) - int(str(its["at"]))) <= HOP
        for moment in ("onset", "start", "end"):
            assert abs(int(str(mine.get(moment, 0))) - int(str(its.get(moment, 0)))) <= HOP


@pytest.mark.parametrize("chunk", [1, 160, 4096])
def test_it_rests_at_the_same_samples_however_the_sound_is_cut(chunk: int) -> None:
    sound = room(12)
    sound[9 * RATE : 10 * RATE] += voice(np.random.default_rng(4), 1.0)
    outcomes = []
    for size in (1536, chunk):
        canceller = Tallying()
        engine, journal = engine_with(canceller)
        heard(sound, engine, journal, size)
        outcomes.append((canceller.hops, journal.lines(), engine.clean.read(0, engine.clean.end).tobytes()))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0] < sound.size // HOP - 60


def test_what_we_say_after_a_rest_is_cancelled_as_if_there_had_been_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loudspeaker's clock drifts on meanwhile: by 46 samples in this rest."""
    far = voice(np.random.default_rng(6), 12.0)
    reference = np.concatenate((far, np.zeros(24 * RATE, np.float32), far[: 3 * RATE]))
    response = (np.random.default_rng(7).normal(size=1200) * np.exp(-np.arange(1200) / 200) * 0.1).astype(np.float32)
    echo = Echo(EchoPath(response, 700.0, drift_ppm=120.0), reference.size)
    sound = [echo.block(reference[at : at + CARD_BLOCK]) for at in range(0, reference.size, CARD_BLOCK)]
    microphone = (np.concatenate(sound) + room(reference.size / RATE, 2e-4)).astype(np.float32)
    left, hops = [], []
    for _ in range(2):
        canceller = Tallying()
        engine, _journal = engine_with(canceller)
        replay(engine, reference, microphone, [e.Ready(0)])
        assert engine.drift_ppm == pytest.approx(120, abs=15)
        last = engine.linear.read(36 * RATE, 37 * RATE + 1500)
        left.append(float(last @ last))
        hops.append(canceller.hops)
        never_rest(monkeypatch)
    assert hops[0] < hops[1] - 16 * RATE // HOP
    assert left[0] == pytest.approx(left[1], rel=0.1)


def test_a_loss_in_a_quiet_room_leaves_every_sample_in_its_place() -> None:
    sound, begin, end = room(QUIET_S), 10 * RATE + 100, 12 * RATE
    sound[begin:end] = 0
    engine, _ = engine_with(canceller := Tallying())
    replay(engine, np.zeros_like(sound), sound, [e.Ready(0), e.Lost(begin, "overflow", end - begin)])
    assert canceller.hops < SILENT + 5 * REHEARD
    linear = engine.linear.read(0, engine.linear.end)
    np.testing.assert_array_equal(linear[6 * RATE :], sound[6 * RATE : linear.size])


def uneven(sound: Sound) -> Sound:
    """It comes and goes, as a television does."""
    swell = 1 + 0.9 * np.sin(2 * np.pi * np.arange(sound.size) / RATE)
    return (sound * swell).astype(np.float32)


def offset(sound: Sound) -> Sound:
    """With a constant that the canceller takes off."""
    return sound + np.float32(0.02)


@pytest.mark.parametrize("spoil", [uneven, offset])
def test_a_room_that_is_not_quiet_is_heard_all_the_time(spoil: Callable[[Sound], Sound]) -> None:
    canceller, sound = Tallying(), spoil(room(QUIET_S))
    engine, journal = engine_with(canceller)
    heard(sound, engine, journal)
    assert canceller.hops == sound.size // HOP


@pytest.mark.parametrize(
    ("told", "shadow", "playing"),
    [([], None, 0.0), ([e.Ready(0)], Beside(Turns(), None), 0.0), ([e.Ready(0)], None, 3e-5)],
    ids=["not ready", "beside a shadow", "while something is played"],
)
def test_it_hears_all_the_time(told: list[e.Event], shadow: Beside | None, playing: float) -> None:
    canceller, sound = Tallying(), room(QUIET_S)
    engine = Engine(Settings(), MemoryJournal(), canceller, app.parts(Settings())[1], shadow)
    replay(engine, room(QUIET_S, playing, seed=2), sound, told)
    assert canceller.hops == sound.size // HOP


def test_it_hears_all_the_time_while_somebody_waits_for_an_answer() -> None:
    canceller, sound = Tallying(), room(13)
    sound[3 * RATE : 5 * RATE] += voice(np.random.default_rng(4), 2.0)
    engine, journal = engine_with(canceller)
    assert any(entry["event"] == "heard" for entry in heard(sound, engine, journal))
    assert canceller.hops == sound.size // HOP


def test_a_model_that_hears_somebody_in_the_noise_is_asked_all_the_time() -> None:
    doubtful = Ear(Counting([0.0, 1.0, 0.0, 0.0]), Counting([0.0, 0.0, 0.0]))
    canceller, sound = Tallying(), room(QUIET_S)
    engine, journal = engine_with(canceller, doubtful)
    heard(sound, engine, journal)
    assert canceller.hops == sound.size // HOP


def test_a_lull_gives_back_the_last_of_what_it_passed_over() -> None:
    lull, quiet = Lull(), np.zeros(HOP, np.float32)
    hops = list(room(16.0).reshape(-1, HOP))
    passed = []
    for number, hop in enumerate(hops):
        if lull.covers(quiet, hop, True):
            passed.append(number)
            np.testing.assert_array_equal(lull.pass_over(), hops[number - 1])
    assert passed == list(range(passed[0], len(hops)))
    assert max(SILENT, STEADY) <= passed[0] <= SILENT + 2
    lost, missed = lull.take_missed()
    assert lost == len(passed) - REHEARD
    np.testing.assert_array_equal(np.array(missed), np.array(hops[-REHEARD:]))
    assert lull.take_missed() == (0, [])


@pytest.mark.parametrize("fault", [np.nan, np.inf])
def test_what_is_no_number_is_nothing_to_pass_over_and_is_got_over(fault: float) -> None:
    lull, quiet = Lull(), np.zeros(HOP, np.float32)
    hops = list(room(20.0).reshape(-1, HOP))
    hops[500] = np.full(HOP, fault, np.float32)
    covered = [lull.covers(quiet, hop, True) for hop in hops]
    assert covered[499]
    assert not any(covered[500 : 500 + STEADY])
    assert covered[-1]


def test_dead_quiet_is_a_quiet_room() -> None:
    lull, quiet = Lull(), np.zeros(HOP, np.float32)
    assert [lull.covers(quiet, quiet, True) for _ in range(samples(12_000) // HOP)][-1]


@pytest.mark.parametrize("away_s", [0.3, 5, 60])
def test_a_card_that_was_away_does_not_keep_it_awake(away_s: float) -> None:
    """Zeros stand for what it did not give: no room is so quiet, and the floor rises slowly."""
    lull, quiet = Lull(), np.zeros(HOP, np.float32)

    def rests(seconds: float) -> bool:
        hops = room(seconds).reshape(-1, HOP)
        return [lull.covers(quiet, hop, True) for hop in hops][-1]

    assert rests(16)
    for _ in range(round(away_s * RATE / HOP)):
        lull.covers(quiet, quiet, False)
    assert rests(64)

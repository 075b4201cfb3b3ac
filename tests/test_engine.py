"""The engine as a whole, with the real canceller and the real models: only sound and events decide, however they are
cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeagent import app
from edgeagent.commands._witness import Witness
from edgeagent.detect.backchannel import KINDS
from edgeagent.detect.ear import Ear
from edgeagent.detect.near_end import CLASSES, NEAR
from edgeagent.engine import Engine
from edgeagent.ports import Sound
from edgeagent.settings import Settings
from edgeagent.signal.bypass import Bypass
from edgeagent.signal.canceller import Cancelled
from edgeagent.signal.features import SIZE
from edgeagent.signal.measure import BANDS
from edgeagent.signal.wav import read_wav
from edgeagent.sim.loop import simulate
from edgeagent.sim.noises import murmur
from edgeagent.sim.replay import replay
from edgeagent.sim.scene import Scene
from edgeagent.store.journal import CallbackJournal, MemoryJournal
from edgeagent.turn import events as e
from edgeagent.turn.outputs import Light
from edgeagent.units import HOP, RATE
from tests.detect.made_up import Counting
from tests.signal.echo_world import echo_of, room, voice
from tests.talking import INTERRUPTED, talking
from tests.tallying import Tallying


class Recorded:
    """A run of the closed loop: its sound, what the engine was told, and its journal."""

    def __init__(self, scene: Scene, folder: Path, block: int = 160) -> None:
        self.journal = MemoryJournal()
        engine = Witness(Settings(), self.journal, *app.parts(Settings()))
        folder.mkdir()
        simulate(scene, engine, Settings(), folder, block=block)
        self.told = engine.told
        self.files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        self.reference, self.microphone = read_wav(folder / "speaker.wav"), read_wav(folder / "mic.wav")

    def replayed(self, chunk: int) -> bytes:
        journal = MemoryJournal()
        engine = app.build_engine(Settings(), journal)
        replay(engine, self.reference, self.microphone, self.told, chunk=chunk)
        return journal.lines()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return Recorded(talking(), tmp_path_factory.mktemp("engine") / "run")


def new_engine() -> tuple[Engine, MemoryJournal]:
    journal = MemoryJournal()
    return app.build_engine(Settings(), journal), journal


def test_the_conversation_is_worth_replaying(recorded: Recorded) -> None:
    events = [entry["event"] for entry in recorded.journal.entries]
    actions = [entry["action"] for entry in recorded.journal.entries if entry["event"] == "action"]
    assert {"suspected", "judged", "heard", "heard_words"} <= set(events)
    assert {"play", "halt", "hand_over"} <= set(actions)


@pytest.mark.parametrize("chunk", [1, 37, 160, 1024, 16_000])
def test_a_recording_gives_the_same_journal_in_any_chunks(recorded: Recorded, chunk: int) -> None:
    assert recorded.replayed(chunk) == recorded.journal.lines()


def test_hints_are_in_the_journal_and_replay_in_any_chunks(recorded: Recorded) -> None:
    times = range(0, len(recorded.microphone), 3_333)
    hints = [e.Hint(at, "camera", 0.5 + 0.01 * (at % 2), -0.25) for at in times]  # no two alike in a row
    lines = []
    for chunk in (37, 16_000):
        engine, journal = new_engine()
        replay(engine, recorded.reference, recorded.microphone, [*recorded.told, *hints], chunk=chunk)
        lines.append(journal.lines())
    assert lines[0] == lines[1]
    assert [entry["at"] for entry in journal.entries if entry["event"] == "hint"] == [hint.at for hint in hints]
    assert any("hinted_person" in entry for entry in journal.entries if entry["event"] == "judged")


REMEMBERED = e.Remembered(0, -40.0, 9, 200.0, 0.0, 3600.0)


def test_what_is_remembered_is_in_the_journal_and_decides_in_any_chunks(recorded: Recorded) -> None:
    lines = []
    for chunk in (37, 16_000):
        engine, journal = new_engine()
        told = [REMEMBERED, *recorded.told, e.Forgotten(6 * RATE)]
        replay(engine, recorded.reference, recorded.microphone, told, chunk=chunk)
        lines.append(journal.lines())
    assert lines[0] == lines[1]
    first, forgotten = (entry for entry in journal.entries if entry["event"] in ("remembered", "forgotten"))
    assert (first["at"], first["level_dbfs"], first["turns"]) == (0, -40.0, 9)
    assert forgotten["at"] == 6 * RATE
    learnt = [entry for entry in journal.entries if entry["event"] == "learnt"]
    assert learnt[0]["turns"] == 10
    assert learnt[0]["lean"] == pytest.approx(1.5)
    heard = [
        [(entry["at"], entry["near"], entry["floor"]) for entry in entries if entry["event"] in ("suspected", "judged")]
        for entries in (journal.entries, recorded.journal.entries)
    ]
    assert heard[0] != heard[1]


def test_who_forgets_hears_like_a_new_device(recorded: Recorded) -> None:
    lines = []
    for before in ([], [REMEMBERED, e.Forgotten(0)]):
        engine, journal = new_engine()
        replay(engine, recorded.reference, recorded.microphone, [*before, *recorded.told])
        kept = [entry for entry in journal.entries if entry["event"] not in ("remembered", "forgotten")]
        lines.append(kept)
    assert lines[0] == lines[1]


@pytest.mark.parametrize("block", [1, 37])
def test_the_closed_loop_is_the_same_in_any_blocks(tmp_path: Path, block: int) -> None:
    scene = talking()
    whole = Recorded(scene, tmp_path / "whole")
    assert any(entry.get("action") == "halt" for entry in whole.journal.entries)
    pieces = Recorded(scene, tmp_path / "pieces", block)
    assert pieces.journal.lines() == whole.journal.lines()
    assert pieces.files == whole.files


def test_one_flipped_bit_of_sound_is_another_run(recorded: Recorded) -> None:
    """So the comparison above can fail."""
    louder = recorded.microphone.copy()
    louder[INTERRUPTED:] *= 2
    journal = MemoryJournal()
    replay(app.build_engine(Settings(), journal), recorded.reference, louder, recorded.told)
    assert journal.lines() != recorded.journal.lines()


def test_what_is_told_is_taken_at_its_own_sample_in_order() -> None:
    engine, journal = new_engine()
    silence = np.zeros(4 * HOP, np.float32)
    assert engine.tell(e.ButtonLong(3 * HOP + 7)).at == 3 * HOP + 7
    assert engine.tell(e.Scripted(HOP, 1, "later told, earlier")).at == HOP
    assert engine.tell(e.Ready(0)).at == 0
    engine.reference(silence)
    engine.capture(silence[: 2 * HOP])
    late = engine.tell(e.Lost(0, "overflow"))
    assert late.at == engine.at == 2 * HOP
    engine.capture(silence[2 * HOP :])
    taken = [(entry["at"], entry["event"]) for entry in journal.entries if entry["event"] not in ("state", "action")]
    assert taken == [(0, "ready"), (HOP, "scripted"), (2 * HOP, "lost"), (3 * HOP + 7, "button_long")]
    assert engine.tell(e.ButtonLong(10**6)).at == 10**6
    told = [entry["event"] for entry in journal.entries]
    assert told == ["ready", "state", "scripted", "lost", "button_long", "state", "action"]  # nothing of the last yet


def test_it_is_calm_while_we_speak_and_nobody_else_may(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, _ = new_engine()
    found: list[tuple[int, str, bool]] = []
    capture = engine.capture

    def watched(block: Sound) -> None:
        capture(block)
        found.append((engine.at, type(engine.state).__name__, engine.calm))

    monkeypatch.setattr(engine, "capture", watched)
    replay(engine, recorded.reference, recorded.microphone, recorded.told, chunk=HOP)
    assert {state for _, state, calm in found if calm} == {"Speaking"}
    alone = [calm for at, state, calm in found if state == "Speaking" and RATE < at < INTERRUPTED]
    assert np.mean(alone) > 0.8
    suspected = next(at for at, state, _ in found if state == "Doubting")
    assert not any(calm for at, _, calm in found if at == suspected - HOP)


def test_nothing_is_decided_before_both_sides_of_an_instant_are_there() -> None:
    engine, _ = new_engine()
    sound = np.zeros(HOP, np.float32)
    engine.capture(sound)
    assert engine.at == 0
    engine.reference(sound[:100])
    assert engine.at == 0
    engine.reference(sound[100:])
    engine.capture(sound[:0])
    assert engine.at == HOP


def test_sound_that_is_no_number_is_silence(recorded: Recorded) -> None:
    """Half a second of it, once on either side; then the engine goes on as if nothing had been."""
    engine, journal = new_engine()
    reference, microphone = recorded.reference.copy(), recorded.microphone.copy()
    reference[RATE : RATE + 500] = np.inf
    microphone[4000:12_000] = np.nan
    replay(engine, reference, microphone, recorded.told)
    for ring in (engine.clean, engine.linear):
        assert np.isfinite(ring.read(ring.start, ring.end)).all()
    assert any(entry.get("verdict") == "interruption" for entry in journal.entries)
    assert b"null" not in journal.lines()


@pytest.mark.parametrize("loud", [0.03, 0.01])
def test_a_turn_that_was_handed_over_teaches_how_loud_the_person_is(loud: float) -> None:
    ear = Ear(Loud(len(CLASSES), NEAR), Loud(len(KINDS), KINDS.index("floor")))
    journal = MemoryJournal()
    engine = Engine(Settings(), journal, Bypass(), ear)
    engine.tell(e.Ready(0))
    sound = said(loud)
    engine.reference(np.zeros_like(sound))
    engine.capture(sound)
    (learnt,) = (entry for entry in journal.entries if entry["event"] == "learnt")
    voice = sound[2 * RATE : 3 * RATE]
    assert learnt["level_dbfs"] == pytest.approx(10 * np.log10(np.mean(voice**2)), abs=2.0)
    assert learnt["known"] == ear.usual.known > 0.0


def test_a_voice_that_is_dismissed_teaches_nothing() -> None:
    ear = Ear(Loud(len(CLASSES), NEAR), Counting([9.0 if kind == "backchannel" else 0.0 for kind in KINDS]))
    journal = MemoryJournal()
    engine = Engine(Settings(), journal, Bypass(), ear)
    engine.tell(e.Ready(0))
    converse(engine, 1)
    sound = said(0.03)
    sound[2 * RATE + RATE // 3 :] = 0.0
    engine.reference(np.zeros_like(sound))
    engine.capture(sound)
    events = [entry["event"] for entry in journal.entries]
    assert {"suspected", "judged"} <= set(events)
    assert "heard" not in events
    assert ear.usual.known == 0.0


def test_a_model_that_fails_is_in_the_journal_once_and_the_device_goes_on() -> None:
    ear = Ear(Loud(len(CLASSES), NEAR, good=50), Loud(len(KINDS), KINDS.index("floor")))
    journal = MemoryJournal()
    engine = Engine(Settings(), journal, Bypass(), ear)
    engine.tell(e.Ready(0))
    sound = np.tile(said(0.03), 3)
    engine.reference(np.zeros_like(sound))
    engine.capture(sound)
    (failed,) = (entry for entry in journal.entries if entry["event"] == "ear_failed")
    assert "near-end model" in str(failed["reason"])
    assert any(entry["event"] == "heard" for entry in journal.entries)
    upsets = [entry for entry in journal.entries if entry["event"] == "ear_upset"]
    assert sum(int(str(entry["failed"])) for entry in upsets) == 4, "it is tried again, and not for ever"
    assert [entry["by"] for entry in journal.entries if entry["event"] == "impaired"] == [["rules"]]
    assert engine.decisions()[-1].outputs.impaired


def test_the_lamp_says_so_at_once_whatever_the_state() -> None:
    """Nothing else happens in that hop; and once it hears again, the winks are gone."""
    ear = Ear(Loud(len(CLASSES), NEAR, good=50), Loud(len(KINDS), KINDS.index("floor")))
    engine = Engine(Settings(), MemoryJournal(), Bypass(), ear)
    engine.tell(e.Ready(0))
    hop = np.zeros(HOP, np.float32)
    shown = []
    for _ in range(60):
        engine.reference(hop)
        engine.capture(hop)
        shown += [decision.outputs for decision in engine.decisions()]
    assert [(outputs.light, outputs.impaired) for outputs in shown] == [(Light.IDLE, False), (Light.IDLE, True)]


class Astray(Bypass):
    """A canceller that goes astray for some hops: all it gives is no number."""

    def __init__(self, hops: range) -> None:
        super().__init__()
        self._hops = iter(range(10**9))
        self._astray = hops

    def process(self, reference: Sound, microphone: Sound) -> Cancelled:
        given = super().process(reference, microphone)
        if next(self._hops) not in self._astray:
            return given
        nothing, power = np.full(HOP, np.nan, np.float32), np.full(HOP + 1, np.nan, np.float32)
        return replace(given, clean=nothing, linear=nothing, clean_power=power, linear_power=power)


@pytest.mark.parametrize("hops", [range(150, 153), range(100, 10**6)], ids=["a moment", "for good"])
def test_a_canceller_that_goes_astray_is_counted_and_does_no_lasting_harm(hops: range) -> None:
    ear = Ear(Loud(len(CLASSES), NEAR), Loud(len(KINDS), KINDS.index("floor")))
    journal = MemoryJournal()
    engine = Engine(Settings(), journal, Astray(hops), ear)
    engine.tell(e.Ready(0))
    sound = said(0.03)
    engine.reference(np.zeros_like(sound))
    engine.capture(sound)
    for ring in (engine.clean, engine.linear):
        assert np.isfinite(ring.read(ring.start, ring.end)).all()
    upsets = [entry for entry in journal.entries if entry["event"] == "ear_upset"]
    blind = sum(int(str(entry["blind"])) for entry in upsets)
    assert all(int(str(later["at"])) - int(str(sooner["at"])) >= RATE for sooner, later in pairwise(upsets))
    impaired = [entry["by"] for entry in journal.entries if entry["event"] == "impaired"]
    if len(hops) == 3:
        assert blind == 3
        assert any(entry["event"] == "heard" for entry in journal.entries)
        assert not impaired
    else:
        assert 2 * RATE // HOP < blind < len(sound) // HOP
        assert impaired == [["rules"]]


def test_shedding_is_told_and_replays_in_any_chunks(recorded: Recorded) -> None:
    """And it does leave something out: the run is another one than without."""
    third = len(recorded.microphone) // 3
    shed = [e.Shed(at, level) for at, level in ((third, 1), (third + 5000, 2), (third + 9001, 3), (2 * third + 7, 2))]
    lines, cleaned = [], []
    for chunk in (37, 16_000):
        engine, journal = new_engine()
        replay(engine, recorded.reference, recorded.microphone, [*recorded.told, *shed], chunk=chunk)
        lines.append(journal.lines())
        cleaned.append(engine.clean.read(engine.clean.start, engine.clean.end).tobytes())
    assert lines[0] == lines[1]
    assert cleaned[0] == cleaned[1]
    told = [(entry["at"], entry["level"]) for entry in journal.entries if entry["event"] == "shed"]
    assert told == [(each.at, each.level) for each in shed]
    assert [entry["by"] for entry in journal.entries if entry["event"] == "impaired"] == [["slow"], []]
    plain, _ = new_engine()
    replay(plain, recorded.reference, recorded.microphone, recorded.told)
    assert plain.clean.read(plain.clean.start, plain.clean.end).tobytes() != cleaned[0]


@pytest.mark.parametrize("level", [-1, 4])
def test_there_is_no_other_level(level: int) -> None:
    with pytest.raises(ValueError, match="Level"):
        e.Shed(0, level)


@pytest.mark.parametrize("chunk", [160, 4096])
def test_a_long_loss_costs_next_to_nothing_and_every_other_sample_stays_in_its_place(chunk: int) -> None:
    """Silence stands for it. An engine that could not keep up would otherwise never be back in the present."""
    dice = np.random.default_rng(2)
    sound = (0.02 * dice.normal(size=4 * RATE)).astype(np.float32)
    begin, end = RATE + 100, 3 * RATE
    sound[begin:end] = 0
    canceller = Tallying()
    engine = Engine(Settings(), MemoryJournal(), canceller, app.parts(Settings())[1])
    replay(engine, np.zeros_like(sound), sound, [e.Ready(0), e.Lost(begin, "overflow", end - begin)], chunk=chunk)
    whole = sound.size // HOP
    assert whole - (end - begin) // HOP <= canceller.hops <= whole - (end - begin) // HOP + 4
    assert engine.at == whole * HOP
    linear = engine.linear.read(0, engine.linear.end)
    np.testing.assert_allclose(linear, sound[: linear.size], atol=1e-3)


def test_after_a_long_loss_the_echo_path_is_learnt_at_once() -> None:
    dice = np.random.default_rng(3)
    played = (0.1 * dice.normal(size=5 * RATE)).astype(np.float32)
    heard = np.concatenate([np.zeros(320, np.float32), 0.5 * played[:-320]])
    begin, end = RATE // 8, 3 * RATE
    heard[begin:end] = 0
    engine = Engine(Settings(), MemoryJournal(), *app.parts(Settings()))
    replay(engine, played, heard, [e.Ready(0), e.Lost(begin, "overflow", end - begin)])
    left = engine.linear.read(end + 3 * RATE // 2, engine.linear.end)
    assert float(left @ left) / left.size < 1e-2 * float(heard[-RATE:] @ heard[-RATE:]) / RATE


@pytest.mark.parametrize(("delay", "ppm"), [(320, 0.0), (2000, 0.0), (2000, 100.0), (4000, 0.0)])
def test_after_a_long_loss_the_far_end_is_where_it_would_have_been(delay: int, ppm: float) -> None:
    """What was played meanwhile has an echo after it, and the clocks went on: nothing has to be learnt again."""
    played, path = voice(14.0, 3), room(4)
    faint = 1e-4 * np.random.default_rng(0).standard_normal(played.size).astype(np.float32)
    heard = echo_of(played, path, delay, ppm) + faint
    begin, end = 8 * RATE + 300, 11 * RATE
    heard[begin:end] = 0
    engine = Engine(Settings(), MemoryJournal(), *app.parts(Settings()))
    replay(engine, played, heard, [e.Ready(0), e.Lost(begin, "overflow", end - begin)])

    def enhancement_db(first: int) -> float:
        span = slice(first, first + RATE // 2)
        left = engine.linear.read(span.start, span.stop)
        return float(10 * np.log10((heard[span] @ heard[span]) / (left @ left)))

    before, after = enhancement_db(begin - RATE // 2), enhancement_db(end + 2 * HOP)
    assert before > 25
    assert after > before - 8


class Loud:
    """A model for which the class `winner` wins where a clean band is above the floor, and the others elsewhere. Fails
    after `good` steps."""

    outputs = ("logits", "state_out")

    def __init__(self, classes: int, winner: int, good: int = 10**9) -> None:
        self.inputs: Mapping[str, tuple[int, ...]] = {"features": (1, SIZE), "state": (1, 1)}
        self._shape, self._winner, self._left = (1, classes), winner, good

    def run(self, feeds: Mapping[str, NDArray[np.float32]]) -> Mapping[str, NDArray[np.float32]]:
        self._left -= 1
        logits = np.full(self._shape, np.nan if self._left < 0 else 0.0, np.float32)
        logits[0, self._winner] = 8.0 if feeds["features"][0, :BANDS].mean() > 0.5 else -8.0
        return {"logits": logits, "state_out": feeds["state"]}


def said(loud: float) -> Sound:
    """(n,) two seconds of faint noise, one of a steady voice of that root mean square, two of faint noise."""
    dice = np.random.default_rng(6)
    sound = 1e-5 * dice.normal(size=5 * RATE)
    sound[2 * RATE : 3 * RATE] += loud * dice.normal(size=RATE)
    return sound.astype(np.float32)


def test_sound_that_was_thrown_away_is_told_once_a_second(recorded: Recorded) -> None:
    microphone, reference = recorded.microphone[: 5 * RATE].copy(), recorded.reference[: 5 * RATE]
    microphone[RATE : RATE + 20_000] = np.nan
    lines = set()
    for chunk in (100, 4096):
        engine, journal = new_engine()
        replay(engine, reference, microphone, [], chunk=chunk)
        told = [entry for entry in journal.entries if entry["event"] == "discarded"]
        lines.add(tuple((entry["at"], entry["samples"]) for entry in told))
    assert len(lines) == 1
    assert sum(int(str(entry["samples"])) for entry in told) == 20_000
    ats = [int(str(entry["at"])) for entry in told]
    assert len(ats) in (2, 3)
    assert all(later - sooner >= RATE for sooner, later in pairwise(ats))


@pytest.mark.slow
@pytest.mark.timing
def test_an_hour_costs_what_a_minute_costs() -> None:
    """An hour of double talk and of conversation: memory and cost per block stay what they were after five minutes."""
    dice = np.random.default_rng(4)
    far, near = ((0.05 * murmur(dice, 30 * RATE, 1)).astype(np.float32) for _ in range(2))
    near[: 15 * RATE] = 0
    microphone = 0.5 * np.roll(far, 900) + near
    engine = app.build_engine(Settings(), CallbackJournal(lambda _entry: None))
    engine.tell(e.Ready(0))
    memory, cost = [], []
    for minute in range(60):
        began = process_time()
        for half in range(2):
            converse(engine, 2 * minute + half)
            for start in range(0, far.size, 160):
                engine.reference(far[start : start + 160])
                engine.capture(microphone[start : start + 160])
                engine.decisions()
        cost.append(process_time() - began)
        memory.append(resident_mb())
    assert max(memory[5:]) - memory[5] < 2.0, memory
    assert np.median(cost[-5:]) < 1.25 * np.median(cost[5:10]), cost
    assert engine.at > 3599 * RATE


def converse(engine: Engine, number: int) -> None:
    """One utterance of ours, told with its words, begun, and finished ten seconds later."""
    at = engine.at
    words = tuple(e.Word(8000 * k, 8000 * k + 7000, f"word{k}") for k in range(20))
    engine.tell(e.Scripted(at, number, "twenty words", words, (), 160_000))
    engine.tell(e.ReplyReady(at, number))
    engine.tell(e.Playing(at + 160, number, 0, at + 160))
    engine.tell(e.Ceased(at + 160_160, number, 160_000, at + 160_160, True))


def resident_mb() -> float:
    """Of this process, now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

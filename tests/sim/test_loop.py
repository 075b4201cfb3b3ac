"""The closed loop with the real engine and an ear that cannot err: who is louder than a threshold is a person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from edgeagent.detect.backchannel import KINDS
from edgeagent.detect.ear import Ear
from edgeagent.detect.near_end import CLASSES
from edgeagent.engine import Engine
from edgeagent.ports import Sound
from edgeagent.settings import Capture, Settings
from edgeagent.signal.canceller import Cancelled, Canceller, Confidence, Trust
from edgeagent.signal.wav import read_wav
from edgeagent.sim.loop import Spoken, simulate
from edgeagent.sim.room import Room
from edgeagent.sim.scene import EchoPath, Line, Scene
from edgeagent.turn.events import Word
from edgeagent.turn.moderator import TAIL
from edgeagent.turn.policy import Percept
from edgeagent.units import CARD_BLOCK, HOP, RATE, samples
from tests.detect.made_up import Counting
from tests.sim.made_up import speechlike

ECHO = EchoPath(np.array([1e-3, 5e-4], np.float32), 333.3, drift_ppm=50.0)
LATEST = HOP + CARD_BLOCK
"""Samples from an event at the microphone or in the schedule to its effect at the loudspeaker, at most."""


@dataclass
class Pages:
    """A journal in memory."""

    entries: list[dict[str, object]] = field(default_factory=list)

    def write(self, entry: Mapping[str, object]) -> None:
        self.entries.append(dict(entry))

    def of(self, event: str) -> list[dict[str, object]]:
        return [entry for entry in self.entries if entry["event"] == event]


class Wire(Canceller):
    """Cancels nothing; delays as the real one does."""

    def process(self, reference: Sound, microphone: Sound) -> Cancelled:
        del reference
        before, self._before = getattr(self, "_before", np.zeros(HOP, np.float32)), microphone
        power = np.full(HOP + 1, float(before @ before), np.float32)
        sure = Confidence(40.0, 20.0, 0.0, 0.0, 0, 0.0, True, Trust.TRUSTED, False)
        return Cancelled(before, before, np.zeros(HOP, np.float32), power, power, power, sure)


class Threshold(Ear):
    """Near is whatever is louder than -46 dBFS, and seems to take the floor. Once it is over, only the user of these
    scenes did, who is loud."""

    def __init__(self) -> None:
        super().__init__(Counting([0.0] * len(CLASSES)), Counting([0.0] * len(KINDS)))
        self._loudest = 0.0

    def hear(self, cancelled: Cancelled, at: int) -> Percept:
        level = float(np.sqrt(np.mean(cancelled.clean**2)))
        self._loudest = level if level > 0.1 else self._loudest * 0.99
        return Percept(at, 0.99 if level > 0.005 else 0.01, 0.9 if max(self._loudest / 10, level) > 0.005 else 0.1)


def a_scene(length: int, *sounds: tuple[int, int, float]) -> Scene:
    """Three lines, and noise bursts (start, length, rms) at the microphone."""
    rng = np.random.default_rng(3)
    words = (Word(0, 8000, "one"), Word(8000, 16000, "two,"), Word(16000, 24000, "three"))
    lines = tuple(Line(at, speechlike(rng, 28_000), "one two, three", words) for at in (4000, 48_000, 96_000))
    for line in lines:
        line.sound[:80] = 0.1  # begins with a click: so its first sample can be found behind the ramp
    near = np.zeros(length, np.float32)
    for start, lasts, rms in sounds:
        near[start : start + lasts] = rng.normal(size=lasts) * rms
    return Scene("bursts", length, tuple(line for line in lines if line.at < length), near, ECHO)


def run(
    scene: Scene, out: Path, block: int = CARD_BLOCK, settings: Settings | None = None
) -> tuple[Pages, tuple[Spoken, ...]]:
    out.mkdir(exist_ok=True)
    pages, chosen = Pages(), settings or Settings()
    engine = Engine(chosen, pages, Wire(), Threshold())
    return pages, simulate(scene, engine, chosen, out, block=block)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_lines_play_at_their_time_when_nobody_speaks(tmp_path: Path) -> None:
    scene = a_scene(140_000)
    pages, spoken = run(scene, tmp_path)
    speaker = read_wav(tmp_path / "speaker.wav")
    assert speaker.size == scene.length
    for line in scene.agent:
        late = int(np.flatnonzero(speaker[line.at :])[0])
        assert late <= LATEST
        begun = line.at + late
        np.testing.assert_array_equal(speaker[begun + 80 : begun + 28_000], line.sound[80:])
    assert [s.reached for s in spoken] == [28_000] * 3
    assert [s.words for s in spoken] == [3] * 3
    assert not pages.of("heard")


def test_the_microphone_is_what_the_room_makes_of_the_loudspeaker(tmp_path: Path) -> None:
    scene = a_scene(60_000, (20_000, 4_000, 0.1))
    run(scene, tmp_path)
    speaker, microphone = read_wav(tmp_path / "speaker.wav"), read_wav(tmp_path / "mic.wav")
    room = Room(scene.near, scene.echo)
    heard = [room.hear(speaker[at : at + CARD_BLOCK]) for at in range(0, scene.length, CARD_BLOCK)]
    np.testing.assert_array_equal(np.round(microphone * 32768), np.concatenate(heard))


def test_an_interruption_stops_the_line_and_is_handed_over(tmp_path: Path) -> None:
    scene = a_scene(80_000, (20_000, 20_000, 0.2))
    pages, spoken = run(scene, tmp_path)
    verdict = next(e for e in pages.of("action") if e["action"] == "halt")
    speaker = read_wav(tmp_path / "speaker.wav")
    last = int(np.flatnonzero(speaker[: scene.agent[1].at])[-1])
    assert isinstance(verdict["at"], int)
    assert last == verdict["at"] + CARD_BLOCK - 1
    assert 20_000 < last < 20_000 + samples(400)
    assert spoken[0].reached == last + 1 - int(np.flatnonzero(speaker)[0])
    assert spoken[0].words == spoken[0].reached // 8000
    (heard,) = pages.of("heard")
    start, end = (round(float(str(heard[key])) * RATE) for key in ("start_s", "end_s"))
    assert abs(start - (20_000 - samples(Capture().pre_roll_ms))) <= 2 * HOP
    assert abs(end - (40_000 + TAIL)) <= 3 * HOP
    turn = read_wav(tmp_path / str(heard["audio"]))
    np.testing.assert_array_equal(turn, read_wav(tmp_path / "mic.wav")[start : start + turn.size])
    assert turn.size == end - start
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["utterances"][0]["words_heard"] == spoken[0].words
    assert report["utterances"][0]["spoken_s"] == pytest.approx(spoken[0].reached / RATE, abs=1e-4)
    assert report["heard_turns"] == 1


def test_a_false_alarm_resumes_at_a_phrase(tmp_path: Path) -> None:
    scene = a_scene(80_000, (20_000, samples(280), 0.03))
    pages, spoken = run(scene, tmp_path)
    plays = [e for e in pages.of("action") if e["action"] == "play"]
    assert [(e["utterance"], e["offset"]) for e in plays[:2]] == [(0, 0), (0, 16_000)]
    assert spoken[0].reached == 28_000
    assert not pages.of("heard")


def test_the_duck_is_the_set_level(tmp_path: Path) -> None:
    settings = replace(Settings(), turns=replace(Settings().turns, duck_db=-6.0))
    pages, _ = run(a_scene(40_000, (20_000, samples(100), 0.03)), tmp_path, settings=settings)
    doubts = [e for e in pages.of("state") if "doubting" in (e["state"], e["from"])]
    assert len(doubts) == 2
    begin, end = (int(str(e["at"])) + CARD_BLOCK for e in doubts)
    speaker, line = read_wav(tmp_path / "speaker.wav"), a_scene(40_000).agent[0]
    start = int(np.flatnonzero(speaker)[0])
    ducked = speaker[begin + 80 : end] / line.sound[begin + 80 - start : end - start]
    loud = np.abs(line.sound[begin + 80 - start : end - start]) > 0.05
    np.testing.assert_allclose(ducked[loud], 10 ** (-6 / 20), rtol=1e-3)


@pytest.mark.parametrize("block", [1, 37, 128])
def test_chunking_never_matters(tmp_path: Path, block: int) -> None:
    scene = a_scene(44_000, (8_000, samples(280), 0.03), (22_000, 6_000, 0.2))
    whole, _ = run(scene, tmp_path / "whole")
    pieces, _ = run(scene, tmp_path / "pieces", block)
    assert {e["action"] for e in whole.of("action")} >= {"play", "halt", "hand_over", "drop_turn", "discard"}
    assert json.dumps(pieces.entries) == json.dumps(whole.entries)
    assert bytes_of(tmp_path / "pieces") == bytes_of(tmp_path / "whole")
    assert len(bytes_of(tmp_path / "whole")) == 4


def test_pre_roll_never_begins_before_the_scene(tmp_path: Path) -> None:
    settings = Settings(capture=Capture(pre_roll_ms=3000))
    pages, _ = run(a_scene(40_000, (1_000, 8_000, 0.2)), tmp_path, settings=settings)
    (heard,) = pages.of("heard")
    assert heard["start_s"] == 0.0


def test_progress_is_told_each_second(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    scene = a_scene(40_000)
    engine = Engine(Settings(), Pages(), Wire(), Threshold())
    simulate(scene, engine, Settings(), tmp_path, block=37, progress=lambda *done: told.append(done))
    assert [round(done / RATE) for done, _ in told] == [1, 2]
    assert {length for _, length in told} == {40_000}

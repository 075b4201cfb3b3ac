"""Playing and recording through the real PortAudio on the simulated card: what it finds are the knobs of the card."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeagent.commands._calibrate_course import SWEEP, speech_like, steady
from edgeagent.commands._calibrate_measured import ended_ms
from edgeagent.devices.pyaudio_card import PyAudioCard
from edgeagent.live.actuators import NoMutePin
from edgeagent.live.sounder import Sounder, Stopped, Way
from edgeagent.signal.convert import to_int16
from edgeagent.signal.sweep import room, sweep
from edgeagent.sim.recordings import cancel
from tests.devices.card_cases import xruns
from tests.devices.sim_child import ROOT, MakeSim, make_sim
from tools.simcard import SimCard

__all__ = ["make_sim"]  # a fixture
pytest.importorskip("pyaudio", reason="needs the extra [card]")


class Switch:
    """A mute pin: while it mutes, the card's echo is gone."""

    def __init__(self, sim: SimCard, gain: int) -> None:
        self._sim, self._gain = sim, gain
        self.amplify(False)

    def amplify(self, on: bool) -> None:
        self._sim.state.echo_gain_q15 = self._gain if on else 0

    def close(self) -> None:
        self.amplify(False)


def last_sound_ms(sim: SimCard, stopped: Stopped) -> float:
    """When the DAC really gave its last sample, after the request."""
    frame, span = sim.frame(round(stopped.when * 1e9)), sim.state.rate // 10
    return float(np.flatnonzero(sim.played(frame - span, frame + span))[-1] + 1 - span) * 1000 / int(sim.state.rate)


def stops(sim: SimCard) -> dict[str, Any]:
    """In the child: the room, and a few stops of each way; silence at the end."""
    ended: dict[Way, list[tuple[float | None, float]]] = {"gate": [], "abort": [], "pin": []}
    with Sounder(PyAudioCard(), Switch(sim, 1 << 13)) as sounder:
        take = sounder.play(0.5 * sweep(SWEEP), 0.8)
        found = room(take.reference, take.microphone, SWEEP)
        assert found is not None
        noise = steady(1.7)
        for way, times in ended.items():
            for _ in range(5):
                stopped = sounder.stop(noise, 0.8, way, 0.35, 0.004)
                times.append((ended_ms(stopped, noise, found), last_sound_ms(sim, stopped)))
        card_s = sounder.card_s
        sounder.play(noise, 0.8)
    after = sim.frame()
    silent = not sim.played(after - 160, after).any()
    delay_ms = (found.delay - take.early) / 16
    return {"ended": ended, "delay_ms": delay_ms, "gain_db": found.gain_db, "card_s": card_s, "silent": silent}


def duplex(sim: SimCard) -> dict[str, Any]:
    """In the child: one stream for both ways, which an abort makes deaf for a moment."""
    sim.state.echo_gain_q15 = 1 << 13
    with Sounder(PyAudioCard(streams="duplex"), NoMutePin()) as sounder:
        take = sounder.play(0.5 * sweep(SWEEP), 0.8)
        found = room(take.reference, take.microphone, SWEEP)
        assert found is not None
        noise = steady(1.7)
        trials = [sounder.stop(noise, 0.8, "abort", 0.35, 0.004) for _ in range(4)]
    return {"ended": [ended_ms(trial, noise, found) for trial in trials], "lost": [t.take.lost for t in trials]}


def drifting(sim: SimCard) -> dict[str, Any]:
    """In the child: two clocks."""
    sim.state.echo_gain_q15 = 1 << 14
    with Sounder(PyAudioCard("simcard_microphone", "simcard_speaker"), NoMutePin()) as sounder:
        take = sounder.play(speech_like(7.0), 1.0)
    return {"ppm": cancel(take.microphone, take.reference).confidence.drift_ppm}


CASES = {case.__name__: case for case in (stops, duplex, drifting)}


def found_by(sim: SimCard, case: str) -> dict[str, Any]:
    """Once more where the machine was too busy to keep the card fed: an underrun then is no fault of ours."""
    for _ in range(3):
        before = xruns(sim)
        findings = _found_by(sim, case)
        if xruns(sim) == before:
            break
    return findings


def _found_by(sim: SimCard, case: str) -> dict[str, Any]:
    noise = (0.0007 * np.random.default_rng(1).standard_normal(sim.state.rate * 40)).astype(np.float32)
    sim.feed(to_int16(noise), at=sim.frame())
    command = [sys.executable, "-W", "error", str(Path(__file__)), case]
    env = {**sim.env(), "PYTHONPATH": str(ROOT)}
    child = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert child.returncode == 0, child.stderr
    findings: dict[str, Any] = json.loads(child.stdout)
    return findings


@pytest.mark.live
@pytest.mark.parametrize("rate", [16000, pytest.param(48000, marks=pytest.mark.slow)])
def test_delay_gain_and_the_three_ways_to_stop(make_sim: MakeSim, rate: int) -> None:
    sim = make_sim(rate=rate)
    sim.state.echo_delay = rate // 100  # 10 ms
    found = found_by(sim, "stops")
    assert found["delay_ms"] == pytest.approx(10.0, abs=0.4)
    assert found["gain_db"] == pytest.approx(-12.04, abs=0.3)
    assert found["silent"]
    assert all(0 < part < 0.2 for part in found["card_s"])
    for way, late_ms in (("gate", 2.5), ("abort", 0.0)):  # half a ramp; nothing
        errors = [heard - (true - late_ms) for heard, true in found["ended"][way] if heard is not None]
        assert len(errors) >= 3
        assert np.median(np.abs(errors)) <= (1.0 if rate == 16000 else 2.5)  # a resampler rings on, inaudibly
    pins = [heard for heard, _ in found["ended"]["pin"] if heard is not None]
    assert len(pins) >= 3
    assert all(-25 < pin < -5 for pin in pins)  # the knob acts where the echo arrives, 10 ms on, and a block early


@pytest.mark.live
def test_one_stream_for_both_ways_goes_on_after_each_stop(make_sim: MakeSim) -> None:
    found = found_by(make_sim(), "duplex")
    assert np.median(found["lost"]) < 3200  # it hears again at once, unless the machine is held up
    assert sum(took is not None and -20 < took < 15 for took in found["ended"]) >= 3


@pytest.mark.live
def test_drift_of_two_clocks(make_sim: MakeSim) -> None:
    sim = make_sim()
    sim.state.microphone_ppm = -150
    sim.state.echo_delay = 160
    assert found_by(sim, "drifting")["ppm"] == pytest.approx(150, abs=10)


if __name__ == "__main__":
    print(json.dumps(CASES[sys.argv[1]](SimCard.attach(os.environ["ALSA_CONFIG_PATH"]))), flush=True)
    os._exit(0)

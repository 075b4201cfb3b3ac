"""The PyAudio card through the real PortAudio on a simulated sound card, judged by what its DAC played."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeagent.devices.portaudio import PortAudio
from edgeagent.errors import DeviceError
from edgeagent.live.timeline import LEAD
from tests.devices.sim_child import MakeSim, make_sim, run, run_calmly

__all__ = ["make_sim"]  # a fixture
pytest.importorskip("pyaudio", reason="needs the extra [card]")
pytestmark = pytest.mark.live

PERIOD_MS = 10.0


@pytest.mark.parametrize("streams", ["split", "duplex"])
def test_both_directions_run_exactly(make_sim: MakeSim, streams: str) -> None:
    found = run_calmly(make_sim(), "steady", streams=streams)
    assert found["steps"] == [1]
    assert found["heard_error"] == 0
    assert abs(found["heard_at"]) <= 8  # half a millisecond from its stamp
    assert abs(found["stamp_error"]) <= 8
    assert (found["lost"], found["xruns"]) == (0, 0)
    assert found["age"] < 0.1
    assert found["facts"]["clock"] == "monotonic"


@pytest.mark.parametrize("rate", [44100, 48000])
def test_a_card_keeps_its_own_rate(make_sim: MakeSim, rate: int) -> None:
    found = run_calmly(make_sim(rate=rate), "steady")
    assert found["steps"] == [1]
    assert found["heard_error"] == 0


def test_a_stereo_codec_of_32_bits_works(make_sim: MakeSim) -> None:
    sim = make_sim(rate=48000, channels=(2, 2))
    sim.state.wide = 1
    found = run_calmly(sim, "steady")
    assert found["steps"] == [1]
    assert found["heard_error"] <= 2  # PortAudio dithers 32 bits down to 16


def test_of_a_card_that_only_opens_with_four_channels_the_first_is_heard(make_sim: MakeSim) -> None:
    """docs/hardware.md says so of the ReSpeaker 4-Mic Array."""
    found = run_calmly(make_sim(channels=(4, 4)), "steady")
    assert found["steps"] == [1]
    assert found["heard_error"] == 0


@pytest.mark.parametrize("streams", ["split", "duplex"])
def test_a_hard_stop_is_silent_at_once_and_knows_what_was_not_played(make_sim: MakeSim, streams: str) -> None:
    found = run_calmly(make_sim(), "stops", streams=streams)
    assert np.median(found["ends_ms"]) <= 2
    assert max(found["ends_ms"]) <= 2 * PERIOD_MS  # with a loaded machine; tools/simcard/stop_times.py has the figures
    assert np.median(np.abs(found["errors_ms"])) <= 1
    assert max(map(abs, found["errors_ms"])) <= PERIOD_MS
    assert np.median(found["begins_ms"]) <= 60
    assert found["twice"] == 0
    assert (found["facts"]["aborts"], found["facts"]["restarts"]) == (12, 12)
    assert (found["lost"] == 0) == (streams == "split")  # split: the microphone never noticed
    assert abs(found["slip"]) <= 16  # lost frames are counted to the millisecond, over 12 stops


def test_every_frame_that_a_stop_costs_a_duplex_card_is_told(make_sim: MakeSim) -> None:
    found = run(make_sim(), "losses", streams="duplex")
    assert len(found["lost"]) >= 20
    assert min(found["lost"]) < 80  # some stops fall so that they cost almost nothing
    assert found["told"] == pytest.approx(found["lost"], abs=2)  # stamps are good to a sample
    assert abs(sum(found["told"]) - sum(found["lost"])) <= 12
    assert found["invented"] == 0


@pytest.mark.parametrize("streams", ["split", "duplex"])
def test_every_frame_that_a_late_callback_costs_is_told(make_sim: MakeSim, streams: str) -> None:
    found = run(make_sim(), "losses", streams=streams, case={"count": 3, "hold_s": 0.2})
    assert found["told"] == pytest.approx(found["lost"], abs=2)
    assert len(found["lost"]) >= 3
    assert found["invented"] == 0


@pytest.mark.parametrize("streams", ["split", "duplex"])
def test_the_interpreter_knows_a_callback_by_one_record_until_its_thread_ends(make_sim: MakeSim, streams: str) -> None:
    found = run(make_sim(), "threads", streams=streams, case={"count": 10})
    runs = {"split": {"hearing": 1, "playing": 11}, "duplex": {"hearing": 11, "playing": 11}}[streams]
    assert found["calls"] > 100
    assert {way: found[way] for way in runs} == runs  # not one for each call
    assert max(found["between"]) <= found["before"] + 2  # those of the threads that a stop has ended are gone
    assert found["after"] <= found["before"] + 1  # a closing thread, perhaps


def test_a_queue_beyond_the_drop_sounds_on(make_sim: MakeSim) -> None:
    sim = make_sim()
    sim.state.fifo = 80
    found = run(sim, "stops", case={"count": 3})
    assert min(found["ends_ms"]) >= 5  # which is why there is an amplifier mute pin


@pytest.mark.parametrize(("rate", "streams"), [(16000, "split"), (16000, "duplex"), (48000, "split")])
def test_the_echo_comes_the_same_time_after_its_reference_before_and_after_a_stop(
    make_sim: MakeSim, rate: int, streams: str
) -> None:
    sim = make_sim(rate=rate)
    sim.state.echo_delay = rate // 200  # 5 ms
    found = run_calmly(sim, "echo", streams=streams)
    before, after = found["lags"]
    assert before == pytest.approx(80 + LEAD, abs=4)
    assert after == pytest.approx(before, abs=4)
    assert {kind for kind, _, _ in found["facts"]} == ({"overflow"} if streams == "duplex" else set())
    assert (found["holes"], found["xruns"]) == (0, 0)


def test_two_cards_with_two_clocks(make_sim: MakeSim) -> None:
    sim = make_sim()
    sim.state.microphone_ppm = 2000  # ten times what crystals do, to see it within two seconds
    sim.state.echo_delay = 80
    found = run_calmly(sim, "echo", input="simcard_microphone", output="simcard_speaker")
    assert all(lag == pytest.approx(80 + LEAD, abs=80 + 40) for lag in found["lags"])
    assert found["xruns"] == 0


@pytest.mark.parametrize("knob", ["unplugged", "stalled"])
def test_a_pulled_plug_shows_in_the_age_and_closes(make_sim: MakeSim, knob: str) -> None:
    found = run(make_sim(), "pulled", noise=True, case={"knob": knob})
    assert found["age"] >= 1
    assert found["abort_s"] < 0.1
    assert found["close_s"] < 2.5
    assert found["code"] in (0, 75)


def test_a_hanging_library_is_given_up(make_sim: MakeSim) -> None:
    found = run(make_sim(), "pulled", case={"knob": "hanging"})
    assert found["code"] == 75
    assert found["close_s"] < 2.5


@pytest.mark.parametrize(
    ("knobs", "form", "problem", "remedy"),
    [
        ({"refusal": 16}, {}, "sound device 'default' is busy", "fuser"),
        ({"refusal": 13}, {}, "sound device 'default' is not permitted", "usermod -aG audio"),
        ({"unplugged": 1}, {}, "sound device 'default' is gone", "plug it in"),
        ({}, {"input": "simcart"}, "no input device 'simcart'", "did you mean 'simcard'? There are: 'simcard', "),
        ({}, {"output": "simcard_s"}, "", ""),
        ({}, {"input": "SIMCARD_M", "output": "sim"}, "2 output devices are called 'sim'", "'simcard_speaker'"),
        ({}, {"rate": 48000}, "cannot run at 48000 Hz", "audio.rate_hz: 0"),
    ],
)
def test_what_a_person_reads(
    make_sim: MakeSim, knobs: dict[str, int], form: dict[str, Any], problem: str, remedy: str
) -> None:
    sim = make_sim()
    for knob, value in knobs.items():
        setattr(sim.state, knob, value)
    found = run(sim, "stops", case={"count": 0}, **form)
    assert problem in found.get("error", "")
    assert remedy in found.get("error", "")
    assert found.get("code", 0) == (2 if problem else 0)


@pytest.mark.parametrize(
    ("streams", "remedy"), [("split", "Hz; set audio.card: pipe"), ("duplex", "Hz; set audio.streams: split")]
)
def test_what_helps_a_card_without_a_rate_of_ours_is_not_set_already(
    make_sim: MakeSim, streams: str, remedy: str
) -> None:
    found = run(make_sim(rate=96000), "stops", case={"count": 0}, streams=streams)
    assert "cannot run at any of (16000," in found["error"]
    assert remedy in found["error"]


def test_a_card_taken_by_another_program_in_the_meantime(make_sim: MakeSim) -> None:
    found = run(make_sim(), "refused_later")
    assert "is busy" in found["error"]


def test_without_pyaudio_the_remedy_names_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    with pytest.raises(
        DeviceError, match=r"PyAudio is not installed; sudo apt install portaudio19-dev .* audio.card: pipe"
    ):
        PortAudio()


def test_settings_of_alsa_that_it_cannot_read_are_named(tmp_path: Path) -> None:
    """Not as "Unanticipated host error", which is all that PortAudio says."""
    (tmp_path / ".asoundrc").write_text("pcm.!default {\n")
    look = "from edgeagent.devices.portaudio import PortAudio\ntry: PortAudio()\nexcept Exception as e: print(e)"
    child = [sys.executable, "-c", look]
    done = subprocess.run(child, env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"ALSA cannot read {tmp_path}/.asoundrc; `aplay -L` says in which line")
    assert not done.stderr

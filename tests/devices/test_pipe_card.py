"""The arecord/aplay card with the real programs on a simulated sound card, judged by what its DAC played."""

from __future__ import annotations

import mmap
import os
import shutil
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgeagent.devices.pipe_card import PipeCard, _Child
from edgeagent.errors import DeviceError
from tests.devices.sim_child import MakeSim, make_sim, run, run_calmly

__all__ = ["make_sim"]  # a fixture
pytestmark = pytest.mark.live

needs_alsa_utils = pytest.mark.skipif(not shutil.which("aplay"), reason="needs alsa-utils")


@needs_alsa_utils
@pytest.mark.parametrize("rate", [16000, 48000])
def test_both_directions_run_exactly(make_sim: MakeSim, rate: int) -> None:
    found = run_calmly(make_sim(rate=rate), "steady", pipe=True)
    assert found["steps"] == [1]
    assert found["heard_error"] == 0
    assert abs(found["stamp_error"]) <= rate // 100  # a period
    assert (found["lost"], found["xruns"]) == (0, 0)
    assert found["age"] < 0.1


@needs_alsa_utils
def test_a_hard_stop_kills_aplay_and_the_sound_with_it(make_sim: MakeSim) -> None:
    found = run_calmly(make_sim(), "stops", pipe=True)
    assert np.median(found["ends_ms"]) <= 5
    assert max(found["ends_ms"]) <= 20
    assert np.median(np.abs(found["errors_ms"])) <= 10
    assert max(map(abs, found["errors_ms"])) <= 20
    assert np.median(found["begins_ms"]) <= 60
    assert (found["twice"], found["lost"]) == (0, 0)


@needs_alsa_utils
def test_what_a_late_callback_costs_is_told(make_sim: MakeSim) -> None:
    found = run(make_sim(), "losses", pipe=True, case={"count": 3, "hold_s": 0.5})
    lost = sum(found["lost"])
    assert lost >= 8000
    assert sum(found["told"]) + found["invented"] == pytest.approx(lost, abs=480)  # with that block, or the one beside


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs speak German, which only needs the catalogue that comes with them."""
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("LANGUAGE", "de")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    said = subprocess.run(["aplay", "-D", "none", "/dev/zero"], capture_output=True, text=True, check=False).stderr
    if "Fehler" not in said:
        pytest.skip("aplay speaks no German here")


@needs_alsa_utils
@pytest.mark.usefixtures("german")
def test_what_is_lost_is_told_whatever_language_the_machine_speaks(make_sim: MakeSim) -> None:
    found = run(make_sim(), "losses", pipe=True, case={"count": 3, "hold_s": 0.5})
    assert sum(found["told"]) + found["invented"] == pytest.approx(sum(found["lost"]), abs=480)


@needs_alsa_utils
@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("knobs", "form", "problem"),
    [({"refusal": 16}, {}, "is busy; another program"), ({}, {"rate": 44100}, "cannot run at 44100 Hz")],
)
def test_a_refusal_is_understood_whatever_language_the_machine_speaks(
    make_sim: MakeSim, knobs: dict[str, int], form: dict[str, Any], problem: str
) -> None:
    sim = make_sim()
    for knob, value in knobs.items():
        setattr(sim.state, knob, value)
    assert problem in run(sim, "stops", pipe=True, **form)["error"]


@needs_alsa_utils
def test_the_echo_comes_the_same_time_after_its_reference(make_sim: MakeSim) -> None:
    sim = make_sim()
    sim.state.echo_delay = 320
    found = run_calmly(sim, "echo", pipe=True)
    before, after = found["lags"]
    assert after == pytest.approx(before, abs=200)  # moments are good to a period or so; the canceller finds the rest
    assert before > 0


@needs_alsa_utils
def test_and_so_it_does_when_the_loudspeaker_had_run_dry(make_sim: MakeSim) -> None:
    found = run(make_sim(), "echo", pipe=True, case={"hold_s": 0.3})
    before, after = found["lags"]
    assert found["xruns"] >= 1
    assert found["holes"] == 0  # what was played since has found its place
    assert after == pytest.approx(before, abs=200)


@needs_alsa_utils
def test_a_pulled_plug_shows_in_the_age_and_closes(make_sim: MakeSim) -> None:
    found = run(make_sim(), "pulled", pipe=True, case={"knob": "unplugged"})
    assert found["age"] >= 1
    assert found["abort_s"] + found["close_s"] < 2


@needs_alsa_utils
@pytest.mark.parametrize(
    ("knobs", "form", "problem"),
    [
        ({"refusal": 16}, {}, "sound device 'default' is busy; another program holds it"),
        ({"refusal": 13}, {}, "sound device 'default' is not permitted; `sudo usermod -aG audio"),
        ({}, {"input": "simcart"}, "there is no input device 'simcart'; did you mean 'simcard'?"),
        ({}, {"rate": 44100}, "cannot run at 44100 Hz; set audio.rate_hz: 0"),
        ({"wide": 1}, {}, "sound device 'default' does not do one channel of 16 bit by itself; name it as plughw:"),
        ({"channels_min": 2}, {}, "'default' does not do one channel of 16 bit by itself; name it as plughw:"),
        ({}, {"output": "plughw:CARD=Nowhere"}, "sound device 'plughw:CARD=Nowhere' does not open"),
    ],
)
def test_what_a_person_reads(make_sim: MakeSim, knobs: dict[str, int], form: dict[str, Any], problem: str) -> None:
    sim = make_sim()
    for knob, value in knobs.items():
        setattr(sim.state, knob, value)
    found = run(sim, "stops", pipe=True, **form)
    assert problem in found["error"]
    assert found["code"] == 2


@needs_alsa_utils
def test_settings_of_alsa_that_it_cannot_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They were "no input device; plug one in"."""
    (tmp_path / ".asoundrc").write_text("pcm.!default {\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for device in ("default", "plughw:CARD=Device"):
        with pytest.raises(DeviceError, match=r"ALSA cannot read .*/\.asoundrc; `aplay -L` says"):
            PipeCard(device, device)


def test_a_block_goes_into_the_pipe_however_much_of_a_page_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 16 kHz a pipe for eight blocks is a page, which takes nothing once it is full, until all of it is read."""
    period, page = 256, mmap.PAGESIZE
    (tmp_path / "aplay").write_text(f"#!/bin/sh\nhead -c {page - 2 * period} >/dev/null\nexec sleep 60\n")
    (tmp_path / "aplay").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    child = _Child("aplay", "default", 16000, period)
    try:
        os.set_blocking(child.fd, False)
        assert os.write(child.fd, bytes(page)) == page
        until = time.monotonic() + 10
        while child.waiting() > 2 * period:
            assert time.monotonic() < until
            time.sleep(0.001)
        assert os.write(child.fd, bytes(2 * period)) == 2 * period
    finally:
        child.kill()
        child.close()


def test_its_facts_may_be_asked_for_while_it_is_closed() -> None:
    """The engine asks once a second, and a card that died is closed by the repairer's thread."""

    class Closing(PipeCard):
        def __init__(self) -> None:
            self._counts = {"underflows": 2}
            self.looks = dict.fromkeys(("_microphone", "_loudspeaker"), 0)

        def __getattribute__(self, name: str) -> Any:
            if name not in ("_microphone", "_loudspeaker"):
                return super().__getattribute__(name)
            self.looks[name] += 1
            return SimpleNamespace(faults=1) if self.looks[name] == 1 else None

    assert Closing().facts()["underflows"] == 3


def test_without_alsa_utils_the_remedy_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DeviceError, match="arecord is not installed; sudo apt install alsa-utils"):
        PipeCard()

"""`edgeagent calibrate`: what it asks, prints and writes, and how it ends; whole runs are on the simulated card."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeagent import config
from edgeagent.commands import _beside, calibrate
from edgeagent.commands import _calibrate_result as result
from edgeagent.commands import _calibrate_text as text
from edgeagent.commands._calibrate_course import Course, Recorded
from edgeagent.commands._calibrate_measured import Measured
from edgeagent.settings import Audio, Settings
from edgeagent.signal.convert import to_int16
from tests.calibrate.made_up import MadeUpRoom
from tests.commands.conftest import Run, edgeagent
from tests.devices.sim_child import ROOT, MakeSim, make_sim
from tools.simcard import SimCard

__all__ = ["edgeagent", "make_sim"]  # fixtures

FILE = """\
# the device in the kitchen
audio:
  output: loud   # the big one
  volume_percent: 90  # as loud as it goes
"""


@pytest.fixture(scope="module")
def clipping() -> tuple[Settings, Measured, Recorded]:
    """A device whose microphone clips."""
    settings = Settings(audio=Audio(output="loud", volume_percent=90))
    return settings, *Course(settings, MadeUpRoom(gain=8.0), lambda _: None, person=False).run()


@pytest.fixture
def measured(clipping: tuple[Settings, Measured, Recorded], monkeypatch: pytest.MonkeyPatch) -> Measured:
    """The command finds that, and plays nothing."""
    monkeypatch.setattr(result, "measure", lambda _settings, _person: clipping[1:])
    return clipping[1]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--write"], "--config"),
        (["--card", "wav:a.wav"], "no room to be measured"),
        (["--config", "none.yaml"], "no such file"),
        (["--report", "nowhere/page.html"], "--report nowhere/page.html: nothing can be written"),
        (["--report", "."], "--report .: is a folder"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_played(
    words: list[str], problem: str, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edgeagent("calibrate", "--yes", *words) == 2
    assert problem in capsys.readouterr().err


@pytest.mark.parametrize("typed", ["no\n", "", "\n"])
def test_without_a_yes_nothing_is_played(
    typed: str, edgeagent: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    monkeypatch.setattr(result, "measure", lambda *_: pytest.fail("it played"))
    assert edgeagent("calibrate") == 1
    said = capsys.readouterr().err
    assert "softly" in said
    assert "nothing was played" in said


@pytest.mark.parametrize(("words", "told"), [([], True), (["--tethered"], False)])  # the latter by the device itself
def test_a_device_that_runs_beside_it_is_told_of(
    measured: Measured,
    words: list[str],
    told: bool,
    edgeagent: Run,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert measured
    monkeypatch.setattr(_beside, "_shown", lambda *_: {"MainPID": "77"})
    monkeypatch.setattr(calibrate, "_end_with_stdin", lambda: None)
    edgeagent("calibrate", "--yes", *words)
    assert ("the device runs (pid 77)" in capsys.readouterr().err) is told


def test_what_it_found_what_to_do_and_what_to_set(
    measured: Measured, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edgeagent("calibrate", "--yes") == 1  # there is something to do
    printed = capsys.readouterr().out
    assert "clips at" in printed
    assert f"Turn the loudspeaker down to {measured.volume_percent} %" in printed
    assert f"audio.volume_percent: {measured.volume_percent}" in printed
    assert "--write" in printed
    assert f"edgeagent calibrate --config FILE --keep audio.volume_percent={measured.volume_percent}" in printed
    assert max(map(len, printed.splitlines())) <= 120


def test_written_settings_leave_the_rest_of_the_file_alone(
    measured: Measured, edgeagent: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "edgeagent.yaml"
    path.write_text(FILE)
    assert edgeagent("calibrate", "--yes", "--config", path, "--write", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["settings"] == {"audio.volume_percent": measured.volume_percent}
    assert path.read_text() == FILE.replace("90", str(measured.volume_percent))
    assert Path(told["backup"]).read_text() == FILE
    assert config.load(path).audio.volume_percent == measured.volume_percent
    assert edgeagent("calibrate", "--yes", "--config", path, "--write") == 0  # nothing left to do
    assert "No setting has to be changed" in capsys.readouterr().out
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_that_cannot_be_changed_loses_nothing_of_what_was_found(
    measured: Measured, edgeagent: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "edgeagent.yaml"
    path.write_text("audio: ~\n")
    assert edgeagent("calibrate", "--yes", "--config", path, "--write") == 2
    printed = capsys.readouterr()
    assert f"set by hand: audio.volume_percent: {measured.volume_percent}" in printed.err
    assert "clips at" in printed.out
    assert path.read_text() == "audio: ~\n"
    report = tmp_path / "page.html"
    assert edgeagent("calibrate", "--yes", "--config", path, "--write", "--json", "--report", report) == 2
    assert json.loads(capsys.readouterr().out)["settings"]["audio.volume_percent"] == measured.volume_percent
    assert report.exists()


def test_what_is_not_written_at_once_is_put_there_by_the_line_that_is_printed(
    measured: Measured, edgeagent: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "my own.yaml"
    path.write_text(FILE)
    edgeagent("calibrate", "--yes", "--config", path)
    line = next(line for line in capsys.readouterr().out.splitlines() if "--keep" in line)
    assert edgeagent(*shlex.split(line)[1:]) == 0  # without a sound
    assert path.read_text() == FILE.replace("90", str(measured.volume_percent))


def test_json_holds_every_figure_and_no_nan(
    measured: Measured, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    edgeagent("calibrate", "--yes", "--json")
    told = json.loads(capsys.readouterr().out, parse_constant=lambda word: pytest.fail(word))
    assert told["round_trip_ms"] == pytest.approx(measured.acoustic_ms + measured.card_ms, abs=0.1)
    assert {stops["way"] for stops in told["stops"]} == {"gate", "abort"}
    assert all(stops["median_ms"] <= stops["longest_ms"] for stops in told["stops"])


def test_the_page_shows_figures_advice_and_sounds(
    measured: Measured, edgeagent: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edgeagent("calibrate", "--yes", "--report", tmp_path / "page.html")
    assert str(tmp_path / "page.html") in capsys.readouterr().out
    assert (tmp_path / "page.html").stat().st_mode & 0o777 == 0o600  # one can hear the room in it
    page = (tmp_path / "page.html").read_text()
    for _, value, _ in list(text.figures(measured))[1:]:
        assert value in page
    assert page.count("<audio") == 2
    assert "Turn the loudspeaker down" in page
    assert page.count("<tr>") == 1 + len(measured.steps)


def test_every_figure_can_be_told_when_it_is_not_known(clipping: tuple[Settings, Measured, Recorded]) -> None:
    _, measured, _ = clipping
    steps = tuple(replace(step, echo_dbfs=None) for step in measured.steps)
    bends = tuple(replace(bend, distortion_percent=None) for bend in measured.bends)
    stops = tuple(replace(stop, all_ms=(), missed=4) for stop in measured.stops)
    bare = replace(measured, steps=steps, bends=bends, stops=stops, erle_db=None, linear_erle_db=None)
    told = {name: value for name, value, _ in text.figures(bare)}
    assert told["echo"] == "not audible"
    assert told["loudspeaker"] == told["canceller"] == "not known"
    assert told["stop by gate"] == "no end heard"


def started(sim: SimCard, *words: str, card: str = "simcard") -> subprocess.Popen[str]:
    noise = (0.0007 * np.random.default_rng(1).standard_normal(sim.state.rate * 90)).astype(np.float32)
    sim.feed(to_int16(noise), at=sim.frame())
    command = [sys.executable, "-m", "edgeagent", "calibrate", "--yes", "--no-person", *words]
    command += ["--card", card] if card else []
    return subprocess.Popen(command, cwd=ROOT, env=sim.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_whole_run_on_the_simulated_card_finds_its_knobs(make_sim: MakeSim, tmp_path: Path) -> None:
    pytest.importorskip("pyaudio", reason="needs the extra [card]")
    sim = make_sim()
    sim.state.echo_gain_q15, sim.state.echo_delay, sim.state.microphone_ppm = 1 << 13, 128, 90
    run = started(sim, "--json", "--report", str(tmp_path / "page.html"))
    out, err = run.communicate(timeout=150)
    told: dict[str, Any] = json.loads(out)
    assert run.returncode == 0, err
    assert told["acoustic_ms"] == pytest.approx(8.0, abs=0.4)
    assert told["echo_gain_db"] == pytest.approx(-12.04, abs=0.3)
    assert told["drift_ppm"] == pytest.approx(-90, abs=10)
    assert told["floor_dbfs"] == pytest.approx(-63.1, abs=1)
    stops = {stops["way"]: stops for stops in told["stops"]}
    assert stops["abort"]["median_ms"] < 5 < stops["gate"]["median_ms"] < 60
    assert told["settings"] == {}  # the default, to follow drift, is right
    assert (tmp_path / "page.html").stat().st_size > 100_000


def test_ctrl_c_leaves_silence(make_sim: MakeSim) -> None:
    pytest.importorskip("pyaudio", reason="needs the extra [card]")
    sim = make_sim()
    sim.state.echo_gain_q15 = 1 << 13
    run = started(sim)
    try:
        end = time.monotonic() + 20
        while not sim.played(sim.frame() - 160, sim.frame()).any():
            assert time.monotonic() < end
            assert run.poll() is None, run.stderr and run.stderr.read()
            time.sleep(0.01)
        pressed = sim.frame()
        run.send_signal(signal.SIGINT)
        assert run.wait(10) == 130
        silent = pressed + sim.state.rate // 10
        while sim.frame() < silent + sim.state.rate // 20:  # it may have left before
            time.sleep(0.01)
        assert not sim.played(silent, sim.frame()).any()
    finally:
        run.kill()
        run.communicate()


@pytest.mark.slow
def test_a_card_behind_pipes_is_calibrated_too_with_times_that_are_right_to_a_period(
    make_sim: MakeSim, tmp_path: Path
) -> None:
    if shutil.which("aplay") is None:
        pytest.skip("needs alsa-utils")
    sim = make_sim()
    sim.state.echo_gain_q15, sim.state.echo_delay = 1 << 13, 128
    (tmp_path / "pipe.yaml").write_text("audio: {card: pipe, input: simcard, output: simcard}\n")
    run = started(sim, "--json", "--config", str(tmp_path / "pipe.yaml"), card="")
    out, err = run.communicate(timeout=150)
    assert run.returncode in (0, 1), err
    told: dict[str, Any] = json.loads(out)
    period_ms = told["right_to_ms"]
    assert period_ms == Audio().block_ms
    assert told["acoustic_ms"] == pytest.approx(8.0, abs=period_ms)
    assert told["echo_gain_db"] == pytest.approx(-12.04, abs=0.3)
    assert told["floor_dbfs"] == pytest.approx(-63.1, abs=1)
    assert told["linear_erle_db"] > 10
    stops = {stops["way"]: stops for stops in told["stops"]}
    assert abs(stops["abort"]["median_ms"]) < 5 + period_ms < stops["gate"]["median_ms"]
    assert "right to 16 ms" in str(told["figures"])


@pytest.mark.slow
def test_without_an_echo_it_says_what_to_look_at_and_leaves_with_2(make_sim: MakeSim) -> None:
    pytest.importorskip("pyaudio", reason="needs the extra [card]")
    run = started(make_sim())
    _, err = run.communicate(timeout=60)
    assert run.returncode == 2
    assert "nothing that the loudspeaker plays is heard by the microphone; is the loudspeaker on" in err

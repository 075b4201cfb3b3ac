"""Calibrating from the status page: what it says, what it writes and for whom; whole runs are on the simulated card."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the extra [page]")
pytest.importorskip("uvicorn", reason="needs the extra [page]")

from edgeagent.commands._status_calibration import Calibrating
from edgeagent.errors import ConfigError
from edgeagent.monitor.page.calibration import REFUSED
from edgeagent.monitor.page.job import Outcome
from edgeagent.store.journal import read_lines
from tests.browser import Browser
from tests.commands.conftest import Run, edgeagent
from tests.devices.sim_child import ROOT, MakeSim, make_sim
from tests.monitor.broker import free_port
from tools.container.room import Room
from tools.simcard import SimCard

__all__ = ["edgeagent", "make_sim"]  # fixtures

TOKEN = "sixteen letters and more"

FILE = """\
# the device in the kitchen
audio:
  volume_percent: 90  # as loud as it goes
"""

SAID = {
    "figures": [["echo", "-19.4 dBFS", "of our own voice"]],
    "advice": [{"text": "Turn it down.", "urgent": True}],
    "settings": {"audio.volume_percent": 30, "echo.drift": False},
    "configured": {"audio.volume_percent": 90, "echo.drift": True},
}


def done(begun: float = 1.0, **said: object) -> Outcome:
    return Outcome(code=1, said=json.dumps(SAID | said).encode(), begun=begun)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "edgeagent.yaml"
    path.write_text(FILE)
    return path


needs_alsa_utils = pytest.mark.skipif(not shutil.which("aplay"), reason="needs alsa-utils")

# What it says and writes --------------------------------------------------------------------------------------------


def test_nothing_is_written_before_somebody_keeps_it_and_then_only_what_was_found(file: Path) -> None:
    calibrating = Calibrating(file, token=True)
    shown = calibrating.calibrated(done())
    assert shown.may_keep
    assert shown.settings == [("audio.volume_percent", "30", "90"), ("echo.drift", "false", "true")]
    assert file.read_text() == FILE
    assert calibrating.keep(done())
    assert file.read_text() == FILE.replace("90", "30") + "echo:\n  drift: false\n"
    shown = calibrating.calibrated(done())
    assert not shown.may_keep
    backup = shown.kept.split("as it was before: ")[1].split(". It holds")[0]
    assert Path(backup).read_text() == FILE
    assert calibrating.calibrated(done(begun=2.0)).may_keep  # the next one is another


def test_who_clicks_twice_keeps_it_once_and_the_old_file_stays_beside_it(file: Path) -> None:
    calibrating = Calibrating(file, token=True)
    assert calibrating.keep(done())
    said = calibrating.calibrated(done()).kept
    assert calibrating.keep(done())
    assert calibrating.calibrated(done()).kept == said
    (backup,) = file.parent.glob("*.bak")
    assert backup.read_text() == FILE


def test_what_could_not_be_written_does_not_hold_and_may_be_tried_again(file: Path) -> None:
    file.write_text("audio: [\n")  # somebody edits it just now
    calibrating = Calibrating(file, token=True)
    assert calibrating.keep(done())
    shown = calibrating.calibrated(done())
    assert ("Not written" in shown.kept, "It holds" in shown.kept, shown.may_keep) == (True, False, True)
    file.write_text(FILE)
    assert calibrating.keep(done())
    assert "volume_percent: 30" in file.read_text()
    assert "It holds" in calibrating.calibrated(done()).kept


def test_without_a_token_or_the_right_nothing_is_written_and_the_line_to_type_does_it(
    file: Path, edgeagent: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    calibrating = Calibrating(file, token=False)
    assert not calibrating.keep(done())
    assert file.read_text() == FILE
    shown = calibrating.calibrated(done())
    assert not shown.may_keep
    line = shown.lines[0].split()
    assert line[0] == "edgeagent"
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != file.parent and access(path, mode))
    assert not Calibrating(file, token=True).keep(done())
    closed = Calibrating(file, token=True).calibrated(done())
    assert not closed.may_keep
    assert closed.lines[0] == f"sudo {shown.lines[0]}"  # the folder counts, too: the file is replaced
    assert edgeagent(*line[1:]) == 0
    assert "volume_percent: 30  # as loud as it goes" in file.read_text()
    assert len(list(file.parent.glob("*.bak"))) == 1


def test_a_device_without_a_file_says_what_was_found_and_writes_nothing() -> None:
    calibrating = Calibrating(None, token=True)
    shown = calibrating.calibrated(done())
    assert (shown.may_keep, list(shown.lines)) == (False, [])
    assert "no file" in shown.why_not
    assert not calibrating.keep(done())


def test_a_file_that_cannot_be_changed_is_told_with_what_to_set_by_hand(file: Path) -> None:
    file.write_text("audio: [broken")
    calibrating = Calibrating(file, token=True)
    assert calibrating.keep(done())
    assert "Not written" in calibrating.calibrated(done()).kept
    assert file.read_text() == "audio: [broken"


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (Outcome(code=REFUSED, said=b"it is muted"), "keeps its card: it is muted"),
        (Outcome(code=-2), "Stopped"),
        (Outcome(code=130), "Stopped"),
        (Outcome(code=-9), "ended before it was done"),
        (Outcome(code=2, told=("Playing", "edgeagent: error: no echo; is it on?")), "no echo; is it on?"),
        (Outcome(code=127, said=b"no such file"), "exit code 127"),
        (Outcome(code=1, said=b"[]"), "did not come to its end"),
        (Outcome(code=0, said=b"{"), "did not come to its end"),
        (Outcome(code=0, said=b"{}"), "did not come to its end"),
    ],
)
def test_one_that_came_to_nothing_says_why(outcome: Outcome, says: str) -> None:
    shown = Calibrating().calibrated(outcome)
    assert says in shown.problem
    assert not shown.figures


def test_what_a_program_says_is_not_all_that_is_written(file: Path) -> None:
    evil = done(settings={"capture.on_turn": "rm -rf /", "audio.volume_percent": "30", "echo.drift": 1})
    calibrating = Calibrating(file, token=True)
    assert calibrating.calibrated(evil).settings == []
    assert not calibrating.keep(evil)
    assert file.read_text() == FILE


@pytest.mark.parametrize(
    "pair", ["audio.rate_hz=48000", "audio.volume_percent=loud", "audio.volume_percent=0", "echo.drift=1", "x"]
)
def test_what_a_calibration_does_not_set_is_not_kept_by_the_command(
    pair: str, file: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edgeagent("calibrate", "--config", file, "--keep", pair) == ConfigError.exit_code
    assert f"--keep {pair}" in capsys.readouterr().err
    assert file.read_text() == FILE
    assert edgeagent("calibrate", "--keep", "echo.drift=true") == 2
    assert "--config" in capsys.readouterr().err


# On the simulated card ------------------------------------------------------------------------------------------------


class Device:
    """`edgeagent run` with its page, in a quiet room with an echo."""

    def __init__(self, sim: SimCard, folder: Path, card: str = "pyaudio") -> None:
        self.sim, self.port = sim, free_port()
        self.config, self.journal_file = folder / "edgeagent.yaml", folder / "journal.jsonl"
        self.config.write_text(
            f"# the kitchen\naudio: {{card: {card}, input: simcard, output: simcard}}  # both\n"
            f"page: {{port: {self.port}}}\n"
            f'record: {{journal: {self.journal_file}}}\nscript: {{opening: "", replies: ["Yes."]}}\n'
        )
        sim.state.echo_gain_q15, sim.state.echo_delay = 3 << 15, 80
        command = [sys.executable, "-m", "edgeagent", "run", "--quiet", "--config", str(self.config)]
        env = {**sim.env(), "EDGEAGENT_PAGE_TOKEN": TOKEN}
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
        self.until(lambda: self.state() == "idle")

    def state(self) -> str:
        return str(([entry["state"] for entry in self.journal() if entry["event"] == "state"] or [""])[-1])

    def journal(self) -> list[dict[str, object]]:
        return read_lines(self.journal_file) if self.journal_file.exists() else []

    def until(self, so: Callable[[], object], most_s: float = 20.0) -> None:
        end = time.monotonic() + most_s
        while not so():
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
            assert time.monotonic() < end, self.journal()[-5:]
            time.sleep(0.05)

    def sounds(self) -> bool:
        now = self.sim.frame()
        return bool(self.sim.played(now - self.sim.state.rate // 10, now).any())

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@pytest.fixture(params=["pyaudio"])
def device(request: pytest.FixtureRequest, make_sim: MakeSim, tmp_path: Path) -> Iterator[Device]:
    pytest.importorskip("pyaudio", reason="needs the extra [card]")
    pytest.importorskip("espeakng_loader", reason="needs the extra [speech]")
    sim = make_sim()
    with Room(sim):
        device = Device(sim, tmp_path, request.param)
        yield device
        device.process.kill()
        device.process.communicate()


def calibrates(folder: Path) -> bool:
    """Whether there is a calibration with a configuration in `folder`."""
    for told in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has gone meanwhile
            words = told.read_bytes().split(b"\0")
            if b"calibrate" in words and any(word.startswith(str(folder).encode()) for word in words):
                return True
    return False


def click(browser: Browser, button: str) -> None:
    browser.until(f"[...document.querySelectorAll('button')].some(each => each.textContent === {button!r})")
    browser.says(f"[...document.querySelectorAll('button')].find(each => each.textContent === {button!r}).click()")


TEXT = "document.getElementById('calibration').textContent"
LAMP = "document.getElementById('lamp').className"


def entered(browser: Browser, device: Device) -> None:
    browser.open(f"{device.address}?token={TOKEN.replace(' ', '%20')}")
    browser.until("document.getElementById('strip')?.hidden === false")


@pytest.mark.live
@pytest.mark.parametrize("device", ["pyaudio", pytest.param("pipe", marks=needs_alsa_utils)], indirect=True)
def test_a_calibration_that_is_stopped_leaves_silence_and_a_device_that_listens(device: Device, tmp_path: Path) -> None:
    with Browser(tmp_path) as browser:
        entered(browser, device)
        click(browser, "Calibrate")
        browser.until(f"{LAMP} === 'lamp calibrating'")
        browser.until(f"{TEXT}.includes('quiet room')")
        assert device.state() == "mic_lost"
        device.until(device.sounds)
        word = "document.querySelector('input[name=word]').value"
        again = f"fetch('/calibrate', {{method: 'POST', body: new URLSearchParams({{word: {word}}})}})"
        browser.says(f"{again}.then(answer => answer.text()).then(text => {{ window.answered = text }})")
        assert "under way already" in browser.until("window.answered")
        (tmp_path / "running.png").write_bytes(browser.picture())
        click(browser, "Stop it")
        browser.until(f"{TEXT}.includes('Stopped')")
        device.until(lambda: device.state() == "idle")
        browser.until(f"{LAMP} === 'lamp idle'")
    assert not device.sounds()


@pytest.mark.live
def test_a_device_that_is_killed_takes_its_calibration_with_it(device: Device, tmp_path: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    page = opener.open(f"{device.address}?token={TOKEN.replace(' ', '%20')}", timeout=10).read().decode()
    word = page.split('name="word" value="')[1].split('"')[0]
    asked = urllib.request.Request(
        device.address + "calibrate", f"word={word}".encode(), {"Origin": device.address[:-1]}
    )
    opener.open(asked, timeout=10).close()
    device.until(device.sounds)
    assert calibrates(tmp_path)
    device.process.kill()
    device.process.wait()
    end = time.monotonic() + 10
    while calibrates(tmp_path):
        assert time.monotonic() < end, "it goes on without the device"
        time.sleep(0.05)
    rest = device.sim.frame() + device.sim.state.rate // 10
    while device.sim.frame() < rest:
        time.sleep(0.01)
    assert not device.sounds()


@pytest.mark.slow
def test_a_person_calibrates_in_a_browser_goes_away_comes_back_and_keeps_it(device: Device, tmp_path: Path) -> None:
    before = device.config.read_text()
    with Browser(tmp_path, height=2200) as browser:
        entered(browser, device)
        click(browser, "Calibrate")
        browser.until(f"{TEXT}.includes('Calibrating since')")
        browser.open("about:blank")  # whoever leaves does not leave it deaf
        device.until(lambda: device.state() == "mic_lost")
        device.until(lambda: device.state() == "idle", 150)
        entered(browser, device)
        browser.until(f"{TEXT}.includes('Settings that follow')")
        for part in ("round trip", "clock drift", "stop by gate", "clips at", "Turn the loudspeaker down to"):
            assert part in browser.says(TEXT), part
        assert device.config.read_text() == before
        (tmp_path / "result.png").write_bytes(browser.picture())
        click(browser, "Keep these settings")
        browser.until(f"{TEXT}.includes('Written into')")
        (tmp_path / "kept.png").write_bytes(browser.picture())
    after = device.config.read_text()
    assert after != before
    assert "# the kitchen" in after
    assert "# both" in after
    (backup,) = tmp_path.glob("edgeagent.yaml.*.bak")
    assert backup.read_text() == before
    reopened = [entry for entry in device.journal() if entry["event"] in ("lent", "loan_over", "microphone_back")]
    assert [entry["event"] for entry in reopened][-3:] == ["lent", "loan_over", "microphone_back"]

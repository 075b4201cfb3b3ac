"""What the status page says of a device, and that a browser shows it."""

from __future__ import annotations

import argparse
import os
import time
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import pytest

pytest.importorskip("starlette", reason="needs the extra [page]")
pytest.importorskip("uvicorn", reason="needs the extra [page]")

from edgeagent.commands import check
from edgeagent.commands._status import Status, read
from edgeagent.monitor.page import site
from edgeagent.monitor.page.calibration import Calibration
from edgeagent.monitor.page.job import Job, Outcome
from edgeagent.monitor.page.server import Server
from edgeagent.monitor.places import listening
from edgeagent.monitor.tally import Overlap, Tally
from edgeagent.report.status_page import GROUPS, METERS
from edgeagent.store.clips import newest
from edgeagent.turn.outputs import Light
from edgeagent.units import RATE
from edgeagent.vitals import Vitals
from tests.browser import Browser
from tests.commands.test_monitors import Start, start, until_it_speaks
from tests.monitor.broker import free_port

__all__ = ["start"]  # a fixture


@pytest.mark.parametrize("light", list(Light))
def test_every_field_has_its_text_in_every_state(light: Light) -> None:
    tally = Tally()
    facts: dict[str, int | float | str] = {"left_out": 4}
    tally.look(Vitals(9 * RATE, time.monotonic(), light.value, light.value, ("rules", "slow"), facts=facts))
    now = Status(tally, None).now()
    fields, meters = now["fields"], now["meters"]
    assert isinstance(fields, dict)
    assert isinstance(meters, dict)
    assert set(fields) == {"lamp", "trouble", "impaired", "card", *(key for _, names in GROUPS for key, _ in names)}
    assert set(meters) == set(METERS)
    assert all(0 <= share <= 1 for share in meters.values())
    assert "too slow" in fields["impaired"]
    assert (now["state"], now["stale"]) == (light.value, False)


def test_before_the_device_runs_and_when_it_hangs() -> None:
    tally = Tally()
    assert Status(tally, None).now()["stale"] is False
    tally.look(Vitals(RATE, time.monotonic() - 5.0))
    assert Status(tally, None).now()["stale"] is True


@pytest.mark.parametrize("by_s", [-3600.0, 9e6])
def test_how_long_it_is_up_does_not_depend_on_a_clock_that_is_set(monkeypatch: pytest.MonkeyPatch, by_s: float) -> None:
    """As that of a Raspberry Pi is, some time after the start."""
    wall, boot = time.time(), time.clock_gettime(time.CLOCK_BOOTTIME)
    monkeypatch.setattr(time, "clock_gettime", lambda _clock: boot)
    shown = []
    for moment in (wall, wall + by_s):
        status = Status(Tally(), None)
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        shown.append(status._now().fields["up"])
    assert shown[0] == shown[1]


def test_a_stop_is_told_with_its_times_its_words_and_its_sound(tmp_path: Path) -> None:
    tally = Tally()
    wav = tmp_path / "turn-001.wav"
    stop = Overlap(1.8e9, 0, 0, "stopped", "interruption", 0.287, 0.0004, False, 1, 3, 9, "One two three", str(wav))
    tally.overlaps.append(stop)
    status = Status(tally, None)
    (told,) = status.happenings()
    assert told.kind == "stop"
    assert told.detail == '287 ms after the onset, silent 0.4 ms later, heard 3 of 9 words: "One two three"'
    assert status.sounds() == {told.sound: wav}
    stop.taken_back = True
    stop.likely = "backchannel"
    undone = status.happenings()[0]
    assert undone.kind == "undone"
    assert undone.detail.endswith('"One two three", most likely somebody listening aloud ("uh-huh")')


def test_what_went_wrong_is_told_in_the_words_of_the_timeline() -> None:
    tally = Tally()
    tally.write({"at": 0, "event": "lost", "kind": "overflow", "frames": 160})
    tally.write({"at": 0, "event": "microphone_failed", "reason": "it gives no sound"})
    told = [happening.what for happening in Status(tally, None).happenings()]
    assert sorted(told) == ["10 ms of the microphone were lost: the program was held up", "It gives no sound"]


def test_clips_of_a_recorder_are_played_the_newest_alone(tmp_path: Path) -> None:
    clips = [tmp_path / f"{number}.wav" for number in range(40)]
    for clip in clips:
        clip.touch()
    status = Status(Tally(), None, lambda: clips)
    assert set(status.sounds().values()) == set(clips[:12])
    assert len(status.happenings()) == 12


@pytest.mark.parametrize("error", [PermissionError, FileNotFoundError, OSError])
def test_a_folder_of_clips_that_cannot_be_read_costs_the_clips_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[OSError]
) -> None:
    """Such as one that was made by a start as root: the service says so at its start, and talks all the same."""
    monkeypatch.setattr(Path, "iterdir", Mock(side_effect=error))
    status = Status(Tally(), None, partial(newest, tmp_path))
    assert (status.happenings(), status.sounds()) == ([], {})


@pytest.mark.parametrize("said", [b"", b"{}", b"[1]", b"\xff", b"null", b"3"])
def test_a_check_that_says_nonsense_is_no_finding(said: bytes) -> None:
    assert "exit code 1" in read(Outcome(code=1, said=said)).problem


def test_a_browser_shows_a_running_device_live_and_its_button_checks(start: Start, tmp_path: Path) -> None:
    port = free_port()
    device = start(seconds=120, page={"port": port}, script={"opening": "one two three four five six seven. " * 30})
    until_it_speaks(device)
    with Browser(tmp_path) as browser:
        browser.open(f"http://127.0.0.1:{port}/")
        browser.until("document.getElementById('strip')?.hidden === false")  # the script runs, the stream has come
        assert browser.until("document.getElementById('away').hidden")
        assert browser.says("document.getElementById('lamp').className") == "lamp speaking"
        colour = "getComputedStyle(document.getElementById('lamp')).backgroundColor"
        assert browser.says(colour) == "rgb(243, 245, 249)"  # the style sheet has come, and has the palette
        level = "document.querySelector('[data-field=loudspeaker]').textContent"
        before = browser.until(level)
        browser.until(f"{level} !== {before!r}")
        browser.says("document.querySelector('#check button').click()")
        browser.until("document.querySelectorAll('#findings tr').length > 5")
        assert len(browser.picture()) > 30_000  # a blank one has 5 kB
        device.kill()
        browser.until("document.getElementById('away').hidden === false")


def test_a_browser_gets_in_with_the_token_and_no_other_page_presses_the_button(start: Start, tmp_path: Path) -> None:
    token = "sixteen letters and more"
    port = free_port()
    device = start(seconds=120, env={**os.environ, "EDGEAGENT_PAGE_TOKEN": token}, page={"port": port})
    until_it_speaks(device)
    with Browser(tmp_path) as browser:
        browser.open(f"http://127.0.0.1:{port}/")
        browser.until("document.querySelector('input[name=token]') !== null")
        browser.says(f"document.querySelector('input[name=token]').value = {token!r}")
        browser.says("document.querySelector('button').click()")
        browser.until("document.getElementById('strip')?.hidden === false")
        browser.open(f"http://localhost:{port}/")  # another site, to a browser
        browser.until("document.querySelector('input[name=token]') !== null")
        foreign = f"fetch('http://127.0.0.1:{port}/check', {{method: 'POST', credentials: 'include', mode: 'no-cors'}})"
        browser.says(f"{foreign}.then(() => {{ window.done = true }}, () => {{ window.done = true }})")
        browser.until("window.done")
        browser.open(f"http://127.0.0.1:{port}/")
        browser.until("document.getElementById('strip')?.hidden === false")
        assert "Looks at" in browser.says("document.getElementById('findings').textContent")


def served(port: int = 0, token: str = "") -> tuple[Server, int]:
    """The page of a device that gives signs of life for long, with a script in a hurry; and its port."""
    tally = Tally()
    tally.look(Vitals(RATE, time.monotonic() + 1000.0))
    content = Status(tally, None).content()
    content = replace(content, script=content.script.replace("AGAIN_MS = 5000", "AGAIN_MS = 50"))
    ours = listening("127.0.0.1", port, "page.port")
    server = Server(ours, content, (Job(["true"]), Calibration(["true"])), token)
    server.start()
    return server, ours.getsockname()[1]


def test_a_browser_that_was_refused_watches_as_soon_as_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By itself a browser never asks again for a stream once the answer was none, such as a proxy's for a device that
    is being restarted."""
    monkeypatch.setattr(site, "WATCHING", 0)
    server, port = served()
    with closing(server), Browser(tmp_path) as browser:
        browser.open(f"http://127.0.0.1:{port}/")
        browser.until("document.getElementById('away')?.hidden === false")
        monkeypatch.setattr(site, "WATCHING", 1)
        browser.until("document.getElementById('away').hidden")


def test_a_browser_asks_for_the_token_again_once_it_is_another(tmp_path: Path) -> None:
    server, port = served(token="the token of one start")
    with Browser(tmp_path) as browser:
        with closing(server):
            browser.open(f"http://127.0.0.1:{port}/?token=the+token+of+one+start")
            browser.until("document.getElementById('strip')?.hidden === false")
        with closing(served(port, "the token of another start")[0]):
            browser.until("document.querySelector('input[name=token]') !== null")


def test_a_link_on_another_page_leads_to_the_device(tmp_path: Path) -> None:
    """Such as one in a mail that is read in the browser, with the token, or on somebody's own page, without."""
    server, port = served(token="the token of one start")
    with closing(server), Browser(tmp_path) as browser:
        for query in ("?token=the+token+of+one+start", ""):
            browser.open(f"http://localhost:{port}/")  # another site, to a browser
            browser.until("location.hostname === 'localhost' && document.querySelector('input[name=token]') !== null")
            browser.says(f"location.href = 'http://127.0.0.1:{port}/{query}'")
            browser.until("location.hostname === '127.0.0.1' && document.getElementById('strip')?.hidden === false")


def test_the_address_with_its_token_is_printed_where_others_can_reach_it(start: Start) -> None:
    port = free_port()
    device = start(seconds=20, page={"port": port, "address": "0.0.0.0"})
    assert device.stderr is not None
    said = device.stderr.readline()
    assert f":{port}/?token=" in said
    assert len(said.strip().partition("token=")[2]) >= 32


def test_a_token_that_is_given_is_not_printed_and_a_short_one_is_refused(start: Start) -> None:
    env = {**os.environ, "EDGEAGENT_PAGE_TOKEN": "sixteen letters and more"}
    device = start(seconds=20, env=env, page={"port": free_port(), "address": "0.0.0.0"})
    assert device.stderr is not None
    said = device.stderr.readline()
    assert "shown at http://" in said
    assert "token" not in said
    device = start(env={**env, "EDGEAGENT_PAGE_TOKEN": "short"}, page={"port": free_port()})
    _, said = device.communicate(timeout=20)
    assert device.returncode == 2
    assert "page-token" in said
    assert "short" not in said


def test_the_button_of_the_page_checks_beside_its_own_device(tmp_path: Path) -> None:
    command = Status(Tally(), tmp_path / "edgeagent.yaml").check_command()
    assert command[command.index("--beside") + 1] == str(os.getpid())
    parser = argparse.ArgumentParser()
    check.add_arguments(parser)
    asked = parser.parse_args(command[command.index("check") + 1 :])
    assert (asked.beside, asked.machine, asked.json) == (os.getpid(), True, True)
    assert check._typed(asked) == f"edgeagent check --config {tmp_path}/edgeagent.yaml --machine"

"""The whole way of an interruption and its sound: heard, stopped for, handed over, kept, on the page, fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.monitor.broker import until

pytest.importorskip("starlette", reason="needs the extra [page]")
pytest.importorskip("uvicorn", reason="needs the extra [page]")

from edgeagent import settings
from edgeagent.app.talking import build_listener
from edgeagent.commands._status import Status
from edgeagent.monitor.page.calibration import Calibration
from edgeagent.monitor.page.job import Job
from edgeagent.monitor.page.server import Server
from edgeagent.monitor.places import listening
from edgeagent.ports import Sound
from edgeagent.signal.wav import read_wav
from edgeagent.store.clips import newest
from edgeagent.store.flight import Flight
from edgeagent.units import RATE
from tests.live.rig import BLOCK, VOICE, Rig
from tests.monitor.test_page import ask
from tests.monitor.test_tally import interrupted, watched


class Shown:
    """A device that keeps its turns, or records what it does, or neither, and its page."""

    def __init__(self, folder: Path, closing: ExitStack, *, turns: bool = False, flight: bool = False) -> None:
        self.folder = folder
        wanted = settings.Settings(
            capture=settings.Capture(turns_dir=str(folder / "turns") if turns else ""),
            flight=settings.Flight(str(folder / "flight") if flight else "", before_s=1, after_s=1),
        )
        recorder = Flight(wanted, {}, pytest.fail) if flight else None
        self.rig = Rig(settings=wanted, listener=build_listener(wanted, None), follower=recorder)
        closing.callback(self.rig.close)
        if recorder:
            closing.callback(recorder.close)
        clips = partial(newest, folder / "flight") if flight else None
        self.tally = watched(self.rig)
        ours = listening("127.0.0.1", 0, "page.port")
        self.port: int = ours.getsockname()[1]
        server = Server(ours, Status(self.tally, None, clips).content(), (Job([]), Calibration([])), "", "")
        server.start()
        closing.callback(server.close)

    def rows(self, name: str) -> list[str]:
        """What the page lists under `name`, the newest first."""
        answer, _, page = ask(self.port, "GET", "/")
        assert answer == 200
        return [row for row in page.split("<li ") if f"<b>{name}</b>" in row]

    def wait_for(self, name: str) -> None:
        """Until a sound is there to play under `name`; meanwhile the device lives on."""

        def listed() -> bool:
            self.rig.turn()
            return any("/sound/" in row for row in self.rows(name))

        until(listed, f"{name}: no sound is listed")

    def sound(self, row: str) -> Sound:
        """What a browser plays for this row."""
        (path,) = re.findall(r'src="(/sound/[0-9a-f]+)"', row)
        answer, headers, data = ask(self.port, "GET", path)
        assert (answer, headers["content-type"]) == (200, "audio/wav")
        (self.folder / "fetched.wav").write_bytes(data.encode("latin-1"))
        return read_wav(self.folder / "fetched.wav")

    def microphone(self) -> Sound:
        """All that the device has heard so far."""
        return np.concatenate(self.rig.recorded.heard)


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as closing:
        yield closing


def test_a_turn_that_is_kept_is_beside_the_stop_that_it_caused(tmp_path: Path, closing: ExitStack) -> None:
    shown = Shown(tmp_path, closing, turns=True)
    interrupted(shown.rig)
    (heard,) = shown.rig.entries("heard")
    shown.wait_for("Stopped")
    (row,) = shown.rows("Stopped")
    assert re.search(r"\d+ ms after the onset, silent \d+\.\d ms later, heard [1-9]\d* of 12 words: ", row)
    sound = shown.sound(row)
    assert sound.size == round((heard["end_s"] - heard["start_s"]) * RATE)
    voice = np.flatnonzero(np.abs(sound) > VOICE / 2 / 32768)
    assert voice.size > RATE / 2
    assert not shown.rows("Recorded")


def test_what_the_flight_recorder_has_kept_is_what_the_microphone_heard(tmp_path: Path, closing: ExitStack) -> None:
    shown = Shown(tmp_path, closing, flight=True)
    interrupted(shown.rig)
    (stopped,) = [entry for entry in shown.rig.entries("judged") if entry["verdict"] == "interruption"]
    shown.wait_for("Recorded")
    (row,) = shown.rows("Recorded")
    clip, all_of_it = shown.sound(row), shown.microphone()
    (suspected,) = shown.rig.entries("suspected")
    begins = [at for at in range(suspected["onset"]) if np.array_equal(all_of_it[at : at + clip.size], clip)]
    assert begins, "the clip is no part of what was heard, or begins too late"
    assert begins[0] + clip.size >= stopped["at"] + RATE - BLOCK
    (stop,) = shown.rows("Stopped")
    assert "/sound/" not in stop  # turns are not kept


def test_without_either_it_is_listed_and_there_is_nothing_to_play(tmp_path: Path, closing: ExitStack) -> None:
    shown = Shown(tmp_path, closing)
    interrupted(shown.rig)
    (row,) = shown.rows("Stopped")
    assert "/sound/" not in row
    assert ask(shown.port, "GET", "/sound/0123456789abcdef")[0] == 404

"""`edgeagent run` through the real PortAudio on a simulated sound card, judged by what its DAC played."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeagent.errors import ServiceError
from edgeagent.ports import Pcm, Sound
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.settings import Talker
from edgeagent.signal.convert import to_int16
from edgeagent.signal.wav import read_wav
from edgeagent.store.journal import read_lines
from edgeagent.store.session import read_session
from edgeagent.units import RATE
from tests.devices.sim_child import ROOT, MakeSim, make_sim
from tools.simcard import SimCard

__all__ = ["make_sim"]  # a fixture
pytest.importorskip("pyaudio", reason="needs the extra [card]")
pytestmark = pytest.mark.live

GIVE_UP_S = 12.0


def noise(seconds: float) -> Sound:
    """A quiet room."""
    return (0.0007 * np.random.default_rng(1).standard_normal(round(seconds * RATE))).astype(np.float32)


@pytest.fixture(scope="module")
def person() -> Sound:
    """Somebody who interrupts, and the quiet room after."""
    try:
        with closing(EspeakTalker(Talker(voice="en+f3"))) as talker:
            speech = np.concatenate(list(talker.say("Wait, no, I want to leave on Saturday.")))
    except ServiceError as missing:
        pytest.skip(str(missing))
    sound = noise(12)
    sound[: speech.size] += 0.4 * speech
    return sound


def sentences(sound: Sound | Pcm) -> list[tuple[int, int]]:
    """First and last sample of each, with at least half a second between them."""
    sounding = np.flatnonzero(sound)
    gaps = np.flatnonzero(np.diff(sounding) > RATE // 2)
    firsts, lasts = sounding[np.r_[0, gaps + 1]], sounding[np.r_[gaps, -1]]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


class Device:
    """The command, running."""

    def __init__(self, sim: SimCard, folder: Path, config: str) -> None:
        self.sim = sim
        self.session = folder / "session"
        (folder / "config.yaml").write_text(config)
        sim.state.echo_gain_q15, sim.state.echo_delay = 1 << 13, 80  # -12 dB after 5 ms
        sim.feed(to_int16(noise(30)), at=sim.frame())
        command = [sys.executable, "-m", "edgeagent", "run", "--quiet", "--record", str(self.session)]
        if config:
            command += ["--config", str(folder / "config.yaml")]
        self.process = subprocess.Popen(command, cwd=ROOT, env=sim.env(), stderr=subprocess.PIPE, text=True)

    def journal(self) -> list[dict[str, Any]]:
        path = self.session / "journal.jsonl"
        return read_lines(path) if path.exists() else []

    def await_entry(self, count: int = 1, **wanted: object) -> dict[str, Any]:
        """The `count`th entry with those values, as soon as it is written."""
        end = time.monotonic() + GIVE_UP_S
        while time.monotonic() < end:
            found = [entry for entry in self.journal() if wanted.items() <= entry.items()]
            if len(found) >= count:
                return found[count - 1]
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
            time.sleep(0.005)
        raise AssertionError(f"no {wanted} in {self.journal()[-3:]}")

    def await_sound(self, seconds: float) -> None:
        """Until so much after the start of a sentence has left the DAC."""
        while not self.sim.played(self.sim.frame() - 160, self.sim.frame()).any():
            time.sleep(0.01)
        time.sleep(seconds)

    def leave(self, number: signal.Signals) -> int:
        """The exit code after a signal."""
        self.process.send_signal(number)
        return self.process.wait(GIVE_UP_S)

    def replayed(self) -> str:
        """What `edgeagent replay` says of the session."""
        command = [sys.executable, "-m", "edgeagent", "replay", str(self.session), "--chunk", "37"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout


Start = Callable[..., Device]


@pytest.fixture
def start(make_sim: MakeSim, tmp_path: Path) -> Iterator[Start]:
    started: list[Device] = []

    def begin(config: str = "") -> Device:
        started.append(Device(make_sim(), tmp_path, config))
        return started[-1]

    yield begin
    for device in started:
        device.process.kill()
        device.process.communicate()


@pytest.mark.parametrize("streams", ["split", "duplex"])
def test_a_person_stops_it_the_ledger_is_exact_and_ctrl_c_is_silence(start: Start, person: Sound, streams: str) -> None:
    device = start(f"audio: {{streams: {streams}}}\n")
    sim = device.sim
    device.await_entry(event="playing")
    device.await_sound(0.5)
    sim.feed(to_int16(person))
    device.await_entry(state="yielding")
    ceased = device.await_entry(event="ceased")
    device.await_entry(count=2, event="playing")
    device.await_sound(0.4)
    pressed = sim.frame()
    assert device.leave(signal.SIGINT) == 130
    time.sleep(0.1)
    assert not sim.played(pressed + RATE // 20, sim.frame()).any()
    session = read_session(device.session)
    assert session.ended == "closed"
    (begin, stop), *_ = sentences(sim.played(0, sim.frame()))
    (began, stopped), *_ = sentences(np.rint(session.reference * 32768))
    assert stopped - began == pytest.approx(stop - begin, abs=16)  # the reference is what sounded, and no more
    assert 0 <= ceased["offset"] - (stop - begin) <= RATE // 2  # so is the ledger; a stop may fall into a pause
    last = {entry.get("event"): place for place, entry in enumerate(device.journal())}
    assert last["heard_words"] > last["playing"]  # also of what Ctrl-C cut off, whatever was being doubted then
    assert "identical" in device.replayed()
    turn = next(entry for entry in device.journal() if entry["event"] == "heard")
    kept = read_wav(device.session / turn["audio"])
    assert kept.size == round((turn["end_s"] - turn["start_s"]) * RATE)
    assert {"kept", "halted", "card"} <= {note["event"] for note in read_lines(device.session / "notes.jsonl")}


def test_a_kill_leaves_a_session_that_replays(start: Start) -> None:
    device = start()
    device.await_entry(event="playing")
    device.await_sound(0.8)
    device.leave(signal.SIGKILL)
    assert read_session(device.session).ended == ""
    assert "identical" in device.replayed()


@pytest.mark.parametrize(
    "knobs", [{"unplugged": 1}, {"stalled": 1, "refusal": errno.ECONNREFUSED}], ids=["unplugged", "server dies"]
)
def test_a_card_that_goes_is_shown_within_a_second_and_taken_up_again(start: Start, knobs: dict[str, int]) -> None:
    device = start("lamp: {kind: terminal}\n")
    device.await_entry(event="playing")
    device.await_sound(0.5)
    for knob, value in knobs.items():
        setattr(device.sim.state, knob, value)
    pulled = time.monotonic()
    device.await_entry(state="mic_lost")
    assert time.monotonic() - pulled < 1
    assert device.await_entry(event="heard_words")["samples"] > 0
    time.sleep(3.5)  # gone for a while: the card is given up, and attempts to open it fail
    for knob in knobs:
        setattr(device.sim.state, knob, 0)
    device.sim.feed(to_int16(noise(20)), at=device.sim.frame())
    device.await_entry(count=2, state="idle")
    assert device.await_entry(event="outage")["frames"] > RATE
    assert device.leave(signal.SIGTERM) == 0
    assert "identical" in device.replayed()
    assert device.process.stderr is not None
    assert "lamp: mic lost" in device.process.stderr.read()


def test_a_hanging_sound_library_ends_it_with_75_and_a_whole_journal(start: Start) -> None:
    device = start()
    device.await_entry(event="playing")
    device.await_sound(0.5)
    device.sim.state.hanging = device.sim.state.stalled = 1
    assert device.process.wait(GIVE_UP_S) == 75
    entries = device.journal()
    assert {"at": entries[-1]["at"], "event": "state", "state": "faulty", "from": "mic_lost"}.items() <= entries[
        -1
    ].items()
    assert "identical" in device.replayed()
    notes = (device.session / "notes.jsonl").read_text().splitlines()
    assert json.loads(notes[0])["event"] == "realtime"

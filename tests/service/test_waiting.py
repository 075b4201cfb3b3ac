"""`edgeagent run --wait` where the sound card is away, busy, or gives nothing that makes sense."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeagent.monitor.service import LONGER, WAITS_S
from edgeagent.store.journal import read_lines
from edgeagent.units import RATE
from tests.devices.sim_child import MakeSim, make_sim
from tests.service.managed import GIVE_UP_S, Start
from tools.simcard import SimCard

__all__ = ["make_sim"]  # a fixture
pytest.importorskip("pyaudio", reason="needs the extra [card]")
pytestmark = pytest.mark.live


def quiet_room(sim: SimCard) -> None:
    sim.feed((20 * np.random.default_rng(1).standard_normal(60 * RATE)).astype(np.int16), at=sim.frame())


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(f"record: {{journal: {tmp_path / 'journal'}}}\nlamp: {{kind: terminal}}\n")
    return path


def journal(config: Path) -> list[dict[str, Any]]:
    return read_lines(config.with_name("journal"))


@pytest.mark.parametrize(
    ("knob", "value", "why"), [("unplugged", 1, "is gone"), ("refusal", errno.EBUSY, "is busy"), ("refusal", 111, "")]
)
def test_it_begins_without_its_card_says_so_and_takes_it_within_two_seconds(
    make_sim: MakeSim, start: Start, config: Path, knob: str, value: int, why: str
) -> None:
    sim = make_sim()
    setattr(sim.state, knob, value)
    managed = start("--wait", "--config", str(config), environment=sim.env())
    managed.says("deaf: ")
    assert not any("READY" in told or "WATCHDOG" in told for told in managed.told)
    assert why in managed.told[-1]["STATUS"]
    longer = [managed.until(lambda told: LONGER in told) for _ in range(2)]  # some attempts fail meanwhile
    assert all(int(told[LONGER]) < WAITS_S * 1e6 for told in longer)
    quiet_room(sim)
    setattr(sim.state, knob, 0)
    plugged = time.monotonic()
    managed.until(lambda told: "READY" in told)
    assert time.monotonic() - plugged < 2.0
    managed.says("speaking")  # the opening waited for somebody who can interrupt it
    managed.process.send_signal(signal.SIGTERM)
    assert managed.process.wait(GIVE_UP_S) == 0
    states = [entry["state"] for entry in journal(config) if entry["event"] == "state"]
    assert states[:4] == ["idle", "mic_lost", "idle", "speaking"]
    assert any(why in entry["text"] for entry in journal(config) if entry["event"] == "card_trouble")
    assert managed.process.stderr
    assert "lamp: mic lost" in managed.process.stderr.read()


@pytest.mark.parametrize("level", [0, 900])
def test_a_microphone_that_never_moves_is_never_ready_and_its_lamp_is_red(
    make_sim: MakeSim, start: Start, config: Path, level: int
) -> None:
    sim = make_sim()
    sim.feed(np.full(20 * RATE, level, np.int16), at=sim.frame())
    managed = start("--wait", "--config", str(config), environment=sim.env())
    managed.says("deaf: the microphone gives " + ("one and the same value" if level else "only zeros"))
    assert not any("READY" in told or "WATCHDOG" in told for told in managed.told)
    quiet_room(sim)
    managed.until(lambda told: "READY" in told)


def test_a_card_that_refuses_the_rate_is_waited_for_as_one_that_is_away(
    make_sim: MakeSim, start: Start, config: Path
) -> None:
    sim = make_sim()
    config.write_text(config.read_text() + "audio: {rate_hz: 48000}\n")
    refused = start("--config", str(config), environment=sim.env())  # somebody stands there who reads why
    assert refused.process.wait(GIVE_UP_S) == 2
    managed = start("--wait", "--config", str(config), environment=sim.env())
    managed.says("deaf: 'default' as input cannot run at 48000 Hz")
    managed.until(lambda told: LONGER in told)
    assert not any("READY" in told or "WATCHDOG" in told for told in managed.told)
    config.write_text(config.read_text().replace("48000", "0"))  # is not read again
    for _ in range(3):
        assert "READY" not in managed.until(lambda told: LONGER in told)
    sim.state.rate = 48000  # another card in its place
    plugged = time.monotonic()
    quiet_room(sim)
    managed.until(lambda told: "READY" in told)
    assert time.monotonic() - plugged < 2.0
    managed.process.send_signal(signal.SIGTERM)
    assert managed.process.wait(GIVE_UP_S) == 0
    entries = journal(config)
    assert [entry["state"] for entry in entries if entry["event"] == "state"][:3] == ["idle", "mic_lost", "idle"]
    assert any("cannot run at 48000 Hz" in entry["text"] for entry in entries if entry["event"] == "card_trouble")
    assert managed.process.stderr
    assert "lamp: mic lost" in managed.process.stderr.read()


def test_a_restart_with_the_right_rate_takes_the_card_at_once(make_sim: MakeSim, start: Start, config: Path) -> None:
    sim = make_sim()
    right = config.read_text()
    config.write_text(right + "audio: {rate_hz: 48000}\n")
    wrong = start("--wait", "--config", str(config), environment=sim.env())
    wrong.says("cannot run at 48000 Hz")
    wrong.process.send_signal(signal.SIGTERM)
    assert wrong.process.wait(GIVE_UP_S) == 0
    config.write_text(right + "audio: {rate_hz: 0}\n")
    quiet_room(sim)
    managed = start("--wait", "--config", str(config), environment=sim.env())
    managed.until(lambda told: "READY" in told)


def test_after_a_boot_in_which_another_card_came_first_it_takes_its_own_by_name(
    make_sim: MakeSim, start: Start, config: Path, tmp_path: Path
) -> None:
    ours = make_sim()
    (tmp_path / "other").mkdir()
    other = SimCard(tmp_path / "other")  # whoever opens that one hears nothing, and is never ready
    config.write_text(config.read_text() + "audio: {input: simcard_microphone, output: simcard_speaker}\n")
    opened = []
    for boot in range(2):
        if boot:
            before = devices(ours)
            put_first(other, ours)
            after = devices(ours)
            assert before.index("simcard_speaker") < after.index("simcard_speaker")
            assert before.index("simcard_microphone") < after.index("simcard_microphone")
        quiet_room(ours)
        managed = start("--wait", "--config", str(config), environment=ours.env())
        ready = managed.until(lambda told: "READY" in told)
        assert "card simcard_microphone / simcard_speaker" in ready["STATUS"]
        managed.process.send_signal(signal.SIGTERM)
        assert managed.process.wait(GIVE_UP_S) == 0
        opened.append((ours.state.input_starts, ours.state.output_starts))
    assert all(earlier < later for earlier, later in zip(*opened, strict=True))
    assert not other.state.output_starts + other.state.input_starts


def devices(sim: SimCard) -> list[str]:
    """As PortAudio counts them."""
    ask = "from edgeagent.devices.portaudio import PortAudio; print(*(each.name for each in PortAudio().devices))"
    return subprocess.run(
        [sys.executable, "-c", ask], env=sim.env(), capture_output=True, text=True, timeout=GIVE_UP_S, check=True
    ).stdout.split()


def put_first(other: SimCard, ours: SimCard) -> None:
    """The other's devices before ours, and the default is its own, too."""
    plugin, *theirs = other.config.read_text().replace("pcm.simcard", "pcm.monitor").splitlines()
    mine = [line for line in ours.config.read_text().splitlines()[1:] if "!default" not in line]
    ours.config.write_text("\n".join([plugin, *theirs, *mine, ""]))


def test_without_the_flag_it_refuses_at_once(make_sim: MakeSim, start: Start) -> None:
    sim = make_sim()
    sim.state.unplugged = 1
    managed = start(environment=sim.env())
    assert managed.process.wait(GIVE_UP_S) == 2


def test_what_waiting_does_not_mend_is_told_and_tried_seldom(start: Start, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("audio: {inptu: usb}\n")
    managed = start("--wait", "--config", str(wrong))
    managed.says("cannot start: ")
    assert "audio.inptu" in managed.told[-1]["STATUS"]
    with pytest.raises(Exception, match="timed out"):
        managed.process.wait(1.0)
    managed.process.send_signal(signal.SIGTERM)  # a person who stops it need not wait
    assert managed.process.wait(GIVE_UP_S) == -signal.SIGTERM


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize(
    "kept",
    [
        "record: {journal: /proc/edgeagent/journal}",
        "record: {dir: /proc/edgeagent/sessions}",
        "flight: {dir: /proc/edgeagent/clips}",
        "capture: {turns_dir: /proc/edgeagent/turns}",
        "hints: {socket: /proc/edgeagent/socket}",
    ],
)
def test_a_disk_that_cannot_be_written_costs_what_would_be_kept_there_and_nothing_else(
    make_sim: MakeSim, start: Start, tmp_path: Path, kept: str
) -> None:
    sim = make_sim()
    quiet_room(sim)
    config = tmp_path / "config.yaml"
    config.write_text(f"{kept}\n")  # where even root writes nothing
    managed = start("--wait", "--config", str(config), environment=sim.env())
    managed.until(lambda told: "READY" in told)
    os.kill(managed.process.pid, signal.SIGTERM)
    assert managed.process.wait(GIVE_UP_S) == 0
    assert managed.process.stderr
    told = managed.process.stderr.read()
    assert ("everything else goes on" in told) == ("turns_dir" not in kept and "socket" not in kept)  # these tell notes

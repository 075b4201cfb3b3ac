"""What `check` says of cards and pins that are held: by the running device, which is well, or by somebody else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from edgeagent.commands import _beside, _level_probes, _monitor_probes, _sound_probes
from edgeagent.commands._beside import NOBODY, Beside, device, find
from edgeagent.commands._finding import Finding, Grade
from edgeagent.commands._held import held_card, held_pins
from edgeagent.commands._pin_probes import beside_strip
from edgeagent.devices.gpio import signature
from edgeagent.devices.holders import Holders
from edgeagent.devices.refusals import BUSY, refusal
from edgeagent.errors import DeviceBusy
from edgeagent.settings import Audio, Lamp, Metrics, Settings
from tests.devices.made_up_proc import MadeUpProc
from tests.services.nowhere import nowhere

DEVICE, THREAD, STRANGER = 812, 815, 4711
SAID = "listening; card USB PnP Sound Device: USB Audio (hw:1,0); hears through its own voice, echo 30 dB less"


@pytest.fixture
def proc(tmp_path: Path) -> MadeUpProc:
    """The device holds all of a USB card."""
    made_up = MadeUpProc(tmp_path / "proc")
    made_up.card(1, "Device", "USB PnP Sound Device")
    made_up.pcm(1, 0, "c", [THREAD])
    made_up.pcm(1, 0, "p", [THREAD])
    made_up.process(DEVICE, "python -m edgeagent run", threads=[THREAD], files=None, unit="edgeagent.service")
    return made_up


@pytest.fixture
def beside(proc: MadeUpProc) -> Beside:
    return Beside(DEVICE, True, SAID, "edgeagent check --machine", Holders(proc.root))


def microphone(name: str, beside: Beside) -> Finding:
    return held_card("input", name, refusal(name, BUSY), beside)


@pytest.mark.parametrize("name", ["USB PnP", "default", "hw:1,0", "plughw:CARD=Device"])
def test_a_card_of_the_running_device_is_well_and_says_what_was_not_measured(name: str, beside: Beside) -> None:
    finding = microphone(name, beside)
    assert finding.grade is Grade.OK
    assert f"held by the running device (pid {DEVICE})" in finding.text
    assert "level" in finding.text
    assert "not measured" in finding.text


def test_how_it_is_and_how_to_look_without_it_is_said_once(beside: Beside) -> None:
    (finding,) = device(Settings(), beside)
    assert finding.grade is Grade.OK
    assert SAID in finding.text
    assert finding.text.endswith(
        "sudo systemctl stop edgeagent; sudo edgeagent check --machine; sudo systemctl start edgeagent"
    )
    assert list(device(Settings())) == []


@pytest.mark.parametrize(
    ("urgent", "told"), [((22, 20), "real time (SCHED_FIFO 22, 20)"), ((), "none of its threads"), (None, "")]
)
def test_whether_its_sound_runs_in_real_time(
    urgent: tuple[int, ...] | None, told: str, beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Holders, "urgent", lambda _self, pid: urgent if pid == DEVICE else None)
    (finding,) = device(Settings(), beside)
    assert told in finding.text
    assert ("real time" in finding.text) is bool(told)


def test_a_device_that_somebody_started_by_hand_is_ended_by_hand(proc: MadeUpProc) -> None:
    by_hand = Beside(DEVICE, False, "", "edgeagent check", Holders(proc.root))
    (finding,) = device(Settings(), by_hand)
    assert "systemctl" not in finding.text
    assert f"kill {DEVICE}; sleep 2; edgeagent check" in finding.text


def test_its_own_level_stands_in_for_ours_where_it_tells_it(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    told = b"# HELP x\nedgeagent_microphone_level_dbfs -43.21\nedgeagent_loudspeaker_level_dbfs -120.0\n"
    monkeypatch.setattr(
        _beside, "fetched", lambda _address, port, path: told if (port, path) == (9464, "/metrics") else b""
    )
    assert "-43 dBFS" in next(device(Settings(metrics=Metrics(port=9464)), beside)).text
    assert "dBFS" not in next(device(Settings(metrics=Metrics(port=9465)), beside)).text
    assert "dBFS" not in next(device(Settings(), beside)).text


@pytest.mark.parametrize("service", [NOBODY, None])
def test_another_program_that_holds_it_is_a_failure_and_named(
    service: Beside | None, proc: MadeUpProc, beside: Beside
) -> None:
    """Whether or not a device runs."""
    proc.process(STRANGER, "arecord -D hw:1 x.wav", threads=[4712], files=None)
    proc.pcm(1, 0, "c", [4712])
    looked = Beside(holders=beside.holders) if service else beside
    finding = microphone("USB PnP", looked)
    assert finding.grade is Grade.FAIL
    assert f"arecord (pid {STRANGER})" in finding.text
    assert f"sudo kill {STRANGER}" in finding.fix
    assert "audio.input" in finding.fix


def test_default_is_what_the_running_device_holds_whoever_holds_another_card(proc: MadeUpProc, beside: Beside) -> None:
    proc.process(STRANGER, "vlc", threads=[4712], files=None)
    proc.card(2, "HDMI", "HDMI")
    proc.pcm(2, 0, "c", [4712])
    assert microphone("default", beside).grade is Grade.OK
    assert microphone("HDMI", beside).grade is Grade.FAIL
    looked = microphone("default", Beside(holders=beside.holders))
    assert looked.grade is Grade.FAIL
    assert "vlc" in looked.text


def test_a_sound_server_is_kept_from_coming_back(proc: MadeUpProc, beside: Beside) -> None:
    proc.process(STRANGER, "/usr/bin/pipewire", threads=[4712], files=None)
    proc.pcm(1, 0, "c", [4712])
    assert "systemctl --user mask --now pipewire.socket" in microphone("USB PnP", beside).fix


def test_a_child_of_the_device_is_the_device(proc: MadeUpProc, beside: Beside) -> None:
    """arecord and aplay, with audio.card: pipe."""
    proc.process(900, "arecord -q", parent=DEVICE, files=["/dev/snd/pcmC1D0c"])
    proc.pcm(1, 0, "c", [900])
    assert microphone("plughw:CARD=Device", beside).grade is Grade.OK


def test_a_holder_that_cannot_be_seen_is_not_taken_for_the_device(proc: MadeUpProc, beside: Beside) -> None:
    proc.pcm(1, 0, "c", [999])
    assert microphone("USB PnP", beside).grade is Grade.FAIL


def test_busy_without_a_card_of_the_kernels_says_what_alsa_said(tmp_path: Path) -> None:
    finding = microphone("default", Beside(DEVICE, True, "", "edgeagent check", Holders(tmp_path)))
    assert finding.grade is Grade.FAIL
    assert "fuser -v" in finding.fix


def test_a_name_that_may_be_wrong_is_not_passed_over(beside: Beside) -> None:
    """Nothing that is held can be listed, so nobody can tell; the line that can is the fix."""
    finding = microphone("Jabra", beside)
    assert finding.grade is Grade.WARN
    assert finding.fix == beside.alone


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("arecord", "aplay"):
        (folder / name).touch()
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_the_programs_of_a_pipe_are_told_what_they_would_meet(
    proc: MadeUpProc, beside: Beside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(tmp_path, monkeypatch)
    settings = Settings(audio=Audio(card="pipe", input="plughw:CARD=Device", output="default"))
    found = {finding.topic: finding for finding in _sound_probes.cards(settings, beside)}
    assert found["microphone"].grade is Grade.OK
    assert f"pid {DEVICE}" in found["microphone"].text
    assert "loudspeaker" not in found  # where `default` leads, ALSA alone knows
    proc.process(STRANGER, "jackd", threads=[4712], files=None)
    proc.pcm(1, 0, "c", [4712])
    found = {finding.topic: finding for finding in _sound_probes.cards(settings, beside)}
    assert found["microphone"].grade is Grade.FAIL
    assert "jackd" in found["microphone"].text


def test_who_asks_for_levels_is_told_that_there_are_none(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_audio: Audio) -> None:
        raise refusal("USB PnP", BUSY)

    monkeypatch.setattr(_level_probes, "build_card", busy)
    settings = Settings(audio=Audio(input="USB PnP"))
    (finding,) = _level_probes.levels(1.0, beside)(settings)
    assert (finding.grade, finding.fix) == (Grade.WARN, beside.alone)
    (finding,) = _level_probes.levels(1.0, Beside(holders=beside.holders))(settings)
    assert finding.grade is Grade.FAIL


TAKEN = DeviceBusy("GPIO 4 (amplifier) is taken", "stop it")


def test_pins_of_the_running_device_are_well(beside: Beside) -> None:
    finding = held_pins("lamp", [5, 6], [f"edgeagent {DEVICE}", signature()], TAKEN, beside)
    assert finding.grade is Grade.OK
    assert f"held by the running device (pid {DEVICE})" in finding.text
    assert "not tried" in finding.text


@pytest.mark.parametrize(
    ("label", "known"),
    [("lg", False), (f"edgeagent {STRANGER}", True), ("sysfs", False), (f"edgeagent {DEVICE}0", False)],
)
def test_pins_of_others_are_a_failure_that_names_who_has_pins(
    label: str, known: bool, proc: MadeUpProc, beside: Beside
) -> None:
    """One that signs for sure, others as those that have any."""
    proc.process(STRANGER, "python3 blink.py", files=["anon_inode:gpio-linehandle"])
    finding = held_pins("button", [17], [label], TAKEN, beside)
    assert finding.grade is Grade.FAIL
    assert f"GPIO 17 is in use as '{label}'" in finding.text
    assert f"python3 blink.py (pid {STRANGER})" in finding.text
    assert f"kill {STRANGER}" in finding.fix
    assert ("if it is that" in finding.fix) is not known


def test_a_pin_in_use_that_no_program_has_names_none(beside: Beside) -> None:
    finding = held_pins("button", [17], ["sysfs"], TAKEN, beside)
    assert "kill" not in finding.fix
    assert "gpioinfo" in finding.fix


def test_a_pin_that_is_free_by_now_says_what_the_driver_said(beside: Beside) -> None:
    finding = held_pins("button", [17], [""], TAKEN, beside)
    assert (finding.grade, finding.text, finding.fix) == (Grade.FAIL, TAKEN.problem, TAKEN.remedy)


def test_a_strip_that_the_device_drives_is_let_be(proc: MadeUpProc, beside: Beside) -> None:
    lamp = Lamp(kind="apa102", spi_device=1)
    hidden = beside_strip(lamp, beside)
    assert hidden is not None
    assert "perhaps" in hidden.text
    proc.process(820, "edgeagent run", files=["/dev/spidev0.1"])
    other = Beside(820, True, "", "edgeagent check", beside.holders)
    driven = beside_strip(lamp, other)
    assert driven is not None
    assert driven.text.startswith("held by the running device (pid 820)")
    assert beside_strip(Lamp(kind="apa102", spi_device=0), other) is None
    assert beside_strip(lamp, NOBODY) is None


def test_the_service_is_asked_of_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "systemctl"
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program.write_text(f"#!/bin/sh\nprintf 'MainPID={DEVICE}\\nStatusText=listening; card a=b\\n'\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    found = find(0, "edgeagent check")
    assert (found.pid, found.service, found.said) == (DEVICE, True, "listening; card a=b")
    program.write_text("#!/bin/sh\nprintf 'MainPID=0\\nStatusText=\\n'\n")
    assert find(0, "edgeagent check").pid == 0
    program.write_text("#!/bin/sh\necho 'System has not been booted with systemd' >&2; exit 1\n")
    assert find(0, "edgeagent check").pid == 0
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert find(0, "edgeagent check").pid == 0


def test_a_page_names_its_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever systemd says, which a device in a terminal has nothing to do with."""
    monkeypatch.setattr(_beside, "_shown", lambda *_: {"MainPID": "1", "StatusText": "another"})
    found = find(DEVICE, "edgeagent check")
    assert (found.pid, found.service, found.said) == (DEVICE, False, "")


def test_nobody_answers_at_a_port_that_is_shut() -> None:
    assert _monitor_probes.fetched("127.0.0.1", nowhere(), "/metrics") == b""

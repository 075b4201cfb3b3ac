"""What a person reads when the device cannot start: what is wrong, what to do, exit code 2, and no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from edgeagent import app
from edgeagent.__main__ import main
from edgeagent.devices import gpio
from edgeagent.errors import DeviceError, DeviceHung
from edgeagent.live import realtime, repair
from edgeagent.ports import Card
from edgeagent.services.tone_talker import ToneTalker
from edgeagent.settings import Audio, Settings
from edgeagent.store.journal import MemoryJournal
from tests.devices.sim_child import ROOT, MakeSim, make_sim
from tools.simcard import SimCard

__all__ = ["make_sim"]  # a fixture
pytestmark = pytest.mark.live

Read = pytest.CaptureFixture[str]

FIVE_MISTAKES = """
audio: {rate_hz: 44000, inptu: usb}
lampe: {kind: led}
turns: {duck_db: loud}
talker: {kind: espeek}
"""


def edgeagent(sim: SimCard, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, on a simulated card, to its end."""
    command = [sys.executable, "-m", "edgeagent", *words]
    return subprocess.run(command, cwd=ROOT, env=sim.env(), capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in this process, which shall not stay locked in memory."""
    monkeypatch.setattr(realtime, "lock_memory", lambda: False)


@pytest.mark.parametrize(
    ("knobs", "words", "problem", "remedy"),
    [
        ({}, ["run", "--card", "simcart"], "there is no input device 'simcart'", "did you mean 'simcard'?"),
        ({}, ["say", "--card", "simcart", "Hello."], "there is no input device 'simcart'", "did you mean 'simcard'?"),
        ({"refusal": 16}, ["run"], "sound device 'default' is busy", "fuser -v /dev/snd/*"),
        ({"refusal": 13}, ["say", "Hello."], "sound device 'default' is not permitted", "usermod -aG audio"),
        ({"unplugged": 1}, ["run"], "sound device 'default' is gone", "plug it in again"),
    ],
)
def test_a_card_that_cannot_be_had(
    make_sim: MakeSim, knobs: dict[str, int], words: list[str], problem: str, remedy: str
) -> None:
    pytest.importorskip("pyaudio", reason="needs the extra [card]")
    sim = make_sim()
    for knob, value in knobs.items():
        setattr(sim.state, knob, value)
    done = edgeagent(sim, *words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"edgeagent: error: {problem}")
    assert remedy in done.stderr


def test_check_says_the_same_of_a_busy_card(make_sim: MakeSim) -> None:
    pytest.importorskip("pyaudio", reason="needs the extra [card]")
    sim = make_sim()
    sim.state.refusal = 16
    done = edgeagent(sim, "check")
    assert done.returncode == 2
    assert done.stderr == ""
    assert "fail  microphone     sound device 'default' is busy" in done.stdout
    assert "fix: another program holds it" in done.stdout


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("wait", [False, True])
def test_a_sound_library_that_hangs_at_the_start_is_given_up(wait: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "HANGS_S", 0.05)
    over = Event()

    def stuck(_audio: Audio) -> Card:
        over.wait(20)
        raise DeviceError("too late")

    journals = MemoryJournal(), MemoryJournal()
    try:
        with pytest.raises(DeviceHung, match="hangs opening"):
            app.build_runtime(Settings(), *journals, card=stuck, talker_of=lambda _: ToneTalker(), wait=wait)
    finally:
        over.set()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("words", [["run"], ["say", "Hello."]])
def test_no_pyaudio(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Read) -> None:
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("edgeagent: error: PyAudio is not installed; sudo apt install portaudio19-dev")


@pytest.mark.usefixtures("here")
def test_no_portaudio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Read) -> None:
    missing = "libportaudio.so.2: cannot open shared object file"
    source = f"print('Could not import the PyAudio C module')\nraise ImportError({missing!r})\n"  # as PyAudio does
    (tmp_path / "pyaudio.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pyaudio", raising=False)
    assert main(["run"]) == 2
    assert capsys.readouterr() == (
        "", f"edgeagent: error: PyAudio does not load: {missing}; sudo apt install libportaudio2\n"
    )  # fmt: skip


@pytest.mark.usefixtures("here")
def test_no_pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Read) -> None:
    monkeypatch.delenv(gpio.CHOICE, raising=False)
    monkeypatch.setitem(sys.modules, "lgpio", None)
    config = tmp_path / "edgeagent.yaml"
    config.write_text("button: {pin: 17}\n")
    assert main(["run", "--config", str(config)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("edgeagent: error: no driver for the GPIO pins")
    assert "pip install" in err


@pytest.mark.usefixtures("here")
def test_devices_and_check_tell_what_keeps_pyaudio_away(monkeypatch: pytest.MonkeyPatch, capsys: Read) -> None:
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    assert main(["check"]) == 2
    assert "fail  sound library  PyAudio is not installed" in capsys.readouterr().out
    main(["devices"])  # other cards may be there all the same
    told = capsys.readouterr().err
    assert "PyAudio is not installed" in told
    assert "apt install portaudio19-dev" in told


@pytest.mark.parametrize("words", [["run"], ["say", "Hello."], ["check"]])
def test_all_mistakes_of_a_configuration_at_once(words: list[str], tmp_path: Path, capsys: Read) -> None:
    config = tmp_path / "edgeagent.yaml"
    config.write_text(FIVE_MISTAKES)
    assert main([*words, "--config", str(config)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    first, *mistakes = err.splitlines()
    assert first == f"edgeagent: error: {config}: 5 problems"
    assert [mistake.split()[0] for mistake in mistakes] == [
        "audio.rate_hz", "audio.inptu", "lampe", "turns.duck_db", "talker.kind"
    ]  # fmt: skip
    assert "Did you mean 'input'?" in mistakes[1]
    assert "Did you mean 'lamp'?" in mistakes[2]
    assert "Did you mean 'espeak'?" in mistakes[4]

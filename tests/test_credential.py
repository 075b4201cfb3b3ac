"""Where a password comes from, and that it goes no further."""

from __future__ import annotations

import os
from pathlib import Path
from subprocess import check_output
from types import SimpleNamespace

import numpy as np
import pytest

from edgeagent import commands, config
from edgeagent.__main__ import main
from edgeagent.app import build_runtime
from edgeagent.credential import FOLDER, NAMES, credential, given, hide, variable
from edgeagent.errors import ServiceError
from edgeagent.signal.wav import write_wav
from edgeagent.store.journal import MemoryJournal
from edgeagent.units import RATE

NAME, VARIABLE = "mqtt-password", "EDGEAGENT_MQTT_PASSWORD"


def test_from_the_service_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, "from outside")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    (tmp_path / NAME).write_text("a  b \n")
    assert credential(NAME) == "a  b "


@pytest.fixture
def in_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them."""
    for name in NAMES:
        monkeypatch.setenv(variable(name), f"secret {name}")
    monkeypatch.delenv(FOLDER, raising=False)


SECRET = b"secret "


def children() -> list[bytes]:
    """With what environment each child of this process was started."""
    found = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [Path(f"/proc/{pid}/environ").read_bytes() for pid in found]


@pytest.mark.usefixtures("in_environment")
@pytest.mark.parametrize("kind", ["script", "chat"])
def test_no_child_of_a_device_inherits_one(tmp_path: Path, kind: str) -> None:
    """Whichever of them are asked for, and by whom."""
    pytest.importorskip("espeakng_loader", reason="needs the extra [speech]")
    write_wav(tmp_path / "mic.wav", np.zeros(RATE, np.float32))
    settings = config.loads(f"""
        audio: {{card: wav, microphone_wav: {tmp_path}/mic.wav}}
        replier: {{kind: {kind}, model: m}}
        capture: {{on_turn: cat}}
        """)
    with build_runtime(settings, MemoryJournal(), MemoryJournal()):
        environments = children()
    assert environments
    assert not [one for one in environments if SECRET in one]


@pytest.mark.usefixtures("in_environment")
def test_nor_does_one_of_any_command(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[bytes] = []

    def run(_args: object) -> int:
        said.append(check_output(["env"]))
        return 0

    command = SimpleNamespace(__doc__="", add_arguments=lambda _parser: None, run=run)
    monkeypatch.setattr(commands, "names", lambda: ["made-up"])
    monkeypatch.setattr(commands, "command", lambda _name: command)
    assert main(["made-up"]) == 0
    assert b"PATH=" in said[0]
    assert SECRET not in said[0]


@pytest.mark.usefixtures("in_environment")
def test_all_of_them_can_still_be_had() -> None:
    hide()
    hide()
    assert all(given(name) for name in NAMES)
    assert [credential(name) for name in (*NAMES, *NAMES)] == [f"secret {name}" for name in (*NAMES, *NAMES)]


def test_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv(FOLDER, raising=False)
    assert credential(NAME) == ""


def test_one_that_cannot_be_read_is_refused_without_a_word_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    (tmp_path / NAME).write_bytes(b"sec\xffret")
    with pytest.raises(ServiceError, match="credential mqtt-password: no text") as refusal:
        credential(NAME)
    assert "sec" not in str(refusal.value)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_end_of_its_line_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, end: str) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    (tmp_path / NAME).write_bytes(b"secret" + end.encode())
    assert credential(NAME) == "secret"


@pytest.mark.parametrize("inside", ["\n", "\r", "\0"])
def test_several_lines_are_refused_without_a_word_of_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, inside: str
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    (tmp_path / NAME).write_bytes(f"my{inside}secret".encode())
    with pytest.raises(ServiceError, match="one line") as refusal:
        credential(NAME)
    assert "secret" not in str(refusal.value)

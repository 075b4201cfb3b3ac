"""Where a password comes from, and that it goes no further."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgeagent.credential import FOLDER, credential
from edgeagent.errors import ServiceError

NAME, VARIABLE = "mqtt-password", "EDGEAGENT_MQTT_PASSWORD"


def test_from_the_service_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, "from outside")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    (tmp_path / NAME).write_text("a  b \n")
    assert credential(NAME) == "a  b "


def test_no_child_inherits_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, "from outside")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert credential(NAME) == "from outside"
    assert VARIABLE not in os.environ


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

"""What `check` says of a wake word server, and of a network for the ends of turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeagent.commands import _listening_probes
from edgeagent.commands._finding import Finding, Grade
from edgeagent.settings import Activation, Button, Models, Settings

pytest.importorskip("wyoming", reason="needs the extra [wyoming]")

from tests.detect.test_turn_end import network
from tests.services.test_wyoming import nowhere
from tests.services.wake_server import WakeServer
from tests.services.wyoming_server import serving


def wake(uri: str, *words: str, pin: int = 17) -> list[Finding]:
    settings = Settings(activation=Activation("wake", uri=uri, words=words), button=Button(pin=pin))
    return list(_listening_probes.wake(settings))


def test_what_nobody_asked_for_is_not_looked_at() -> None:
    assert not list(_listening_probes.wake(Settings()))
    assert not list(_listening_probes.turn_end(Settings()))


def test_a_wake_word_server_and_its_words() -> None:
    with serving(given=WakeServer()) as server:
        (good,) = wake(server.uri, "hey_jarvis")
        (bad,) = wake(server.uri, "hey_you")
        good_too, lonely = wake(server.uri, pin=-1)
    (away,) = wake(nowhere())
    assert (good.grade, good_too.grade) == (Grade.OK, Grade.OK)
    assert "hey_jarvis" in good.text
    assert bad.grade == away.grade == Grade.FAIL
    assert "hey_jarvis, ok_nabu" in bad.fix
    assert lonely.grade == Grade.WARN


def test_a_network_for_the_ends_of_turns(tmp_path: Path) -> None:
    def finding(file: str) -> Finding:
        (found,) = _listening_probes.turn_end(Settings(models=Models(smart_turn=file)))
        return found

    good = finding(network(tmp_path / "small.onnx"))
    assert good.grade == Grade.OK
    assert " ms for an answer" in good.text
    assert finding(network(tmp_path / "v1.onnx", shape=(1, 80, 3000))).grade == Grade.FAIL
    assert finding(str(tmp_path / "away.onnx")).grade == Grade.FAIL


def test_one_that_is_too_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_listening_probes, "DEADLINE_S", 0.0)
    (slow,) = _listening_probes.turn_end(Settings(models=Models(smart_turn=network(tmp_path / "small.onnx"))))
    assert slow.grade == Grade.WARN

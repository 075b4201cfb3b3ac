"""The replier without a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.errors import ConfigError
from edgeagent.ports import Replier, Request
from edgeagent.services.scripted_replier import ScriptedReplier

TURN = np.zeros(16_000, np.float32)


def said(replier: Replier, text: str = "") -> str:
    return "".join(replier.reply(Request(0, TURN, text, Understood(Kind.REQUEST))))


def test_replies_come_in_rotation() -> None:
    replier: Replier = ScriptedReplier(settings.Script(opening="Hi.", replies=("One.", "Two.")))
    assert [said(replier, text) for text in ("", "stop", "")] == ["One.", "Two.", "One."]
    assert said(replier) == "Two."
    replier.close()


def test_no_replies_is_no_reply() -> None:
    assert said(ScriptedReplier(settings.Script(replies=())), "hello") == ""


def test_a_file_replaces_both(tmp_path: Path) -> None:
    (tmp_path / "script.yaml").write_text("opening: Guten Tag.\nreplies: [Ja., Nein.]\n")
    replier = ScriptedReplier(settings.Script(file=str(tmp_path / "script.yaml")))
    assert replier.opening == "Guten Tag."
    assert said(replier) == "Ja."
    (tmp_path / "script.yaml").write_text("replies: [Ja.]\n")
    assert ScriptedReplier(settings.Script(file=str(tmp_path / "script.yaml"))).opening == ""


@pytest.mark.parametrize(
    ("script", "faults"),
    [
        (None, ["cannot read", "script.file"]),
        ("", ["is empty"]),
        ("{", ["is not YAML"]),
        ("opening: 3\nreplys: []\nreplies: [a, 4, [b]]", ["'replys'", "opening is not", "reply 2", "reply 3"]),
        ("replies: hello", ["not a list"]),
    ],
)
def test_a_wrong_file_is_refused_with_every_fault(tmp_path: Path, script: str | None, faults: list[str]) -> None:
    file = tmp_path / "script.yaml"
    if script is not None:
        file.write_text(script)
    with pytest.raises(ConfigError) as caught:
        ScriptedReplier(settings.Script(file=str(file)))
    for fault in faults:
        assert fault in str(caught.value)

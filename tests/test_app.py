"""What only the place that builds everything can get wrong: parts that must agree with each other."""

from __future__ import annotations

import pytest

from edgeagent import app
from edgeagent.app import talking
from edgeagent.settings import Capture, Settings, Turns


def test_a_turn_command_gives_up_in_time_for_a_reply_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    monkeypatch.setattr(talking, "TurnHook", lambda _command, _folder, patience_s, *_told: asked.append(patience_s))
    turns = Turns(reply_timeout_ms=3000)
    app.build_listener(Settings(capture=Capture(on_turn="cat"), turns=turns), None)(print, print, print)
    assert 1000 <= 1000 * asked[0] <= turns.reply_timeout_ms - 1000  # the replier needs the rest

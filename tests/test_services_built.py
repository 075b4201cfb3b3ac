"""Every kind of service that a configuration may name is built, and by its own adapter."""

from __future__ import annotations

from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from edgeagent import settings
from edgeagent.app.talking import build_listener, build_replier, build_talker
from edgeagent.errors import EdgeAgentError
from edgeagent.live.turns import Both, Early
from edgeagent.settings import Recogniser, Replier, Script, Settings, Talker
from tests.services.nowhere import nowhere
from tests.services.recognisers import model
from tests.services.talkers import piper_voice


def kinds(section: type) -> tuple[str, ...]:
    return get_args(get_type_hints(section)["kind"])


@pytest.mark.parametrize("kind", kinds(Talker))
def test_voices(kind: str, tmp_path: Path) -> None:
    wanted = {
        "piper": piper_voice(tmp_path, "whole"),
        "command": Talker(kind="command", command="true"),
    }.get(kind, Talker(kind=kind))  # type: ignore[arg-type]
    try:
        talker = build_talker(wanted)
    except EdgeAgentError as missing:
        pytest.skip(str(missing))
    talker.close()
    assert kind in type(talker).__name__.lower()


@pytest.mark.parametrize("kind", [*kinds(Replier), "rule"])
def test_repliers(kind: str, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("opening: Welcome.\nfallback: Hm.\n")
    if kind == "rule":
        wanted = Settings(script=Script(rules=str(rules)))
    else:
        wanted = Settings(replier=Replier(kind=kind, command="true"), script=Script(opening="Hello."))  # type: ignore[arg-type]
    try:
        replier, opening = build_replier(wanted)
    except EdgeAgentError as missing:
        pytest.skip(str(missing))
    replier.close()
    assert kind in type(replier).__name__.lower()
    assert opening == {"rule": "Welcome.", "script": "Hello.", "chat": "Hello."}.get(kind, "")


@pytest.mark.parametrize("kind", kinds(Recogniser))
def test_recognisers(kind: str, tmp_path: Path) -> None:
    names = {"sherpa": "streaming"}
    wanted = model(names.get(kind, kind), tmp_path) if kind not in ("command", "wyoming") else Recogniser(kind=kind)  # type: ignore[arg-type]
    whole = Settings(recogniser=wanted, capture=settings.Capture(on_turn="cat" if kind == "command" else ""))
    assert settings.understands(whole)
    listen = build_listener(whole, None)
    try:
        listener = listen(lambda *_: None, lambda *_: None, lambda *_: None)
    except EdgeAgentError as missing:
        pytest.skip(str(missing))
    assert listener is not None
    assert not isinstance(listener, Both)
    listener.close()


@pytest.mark.parametrize("early", [True, False])
def test_who_understands_begins_at_a_suspicion_if_it_shall(early: bool) -> None:
    wanted = Settings(recogniser=Recogniser(kind="wyoming", uri=f"tcp://127.0.0.1:{nowhere()}", early=early))
    try:
        listener = build_listener(wanted, None)(lambda *_: None, lambda *_: None, lambda *_: None)
    except EdgeAgentError as missing:
        pytest.skip(str(missing))
    assert isinstance(listener, Early)
    assert listener.suspect_turn(7, "") is early
    listener.close()


def test_a_program_gets_turns_only() -> None:
    listener = build_listener(Settings(capture=settings.Capture(on_turn="cat")), None)(print, print, print)
    assert listener is not None
    assert not isinstance(listener, Early | Both)
    listener.close()

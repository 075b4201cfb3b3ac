"""A program as the replier: what it is told, how it fails, and what it leaves behind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.services.command_replier import CommandReplier
from tests.services.leftovers import descriptors
from tests.services.repliers import REQUEST, command


@pytest.mark.parametrize(
    ("program", "told"),
    [("exit 3", "ended with status 3"), ("echo oops >&2; exit 1", "oops"), ("exec sleep 10", "said nothing")],
)
def test_a_program_that_fails(program: str, told: str) -> None:
    before = descriptors()
    with pytest.raises(ServiceError, match=told):
        list(command(program, 300).reply(REQUEST))
    assert descriptors() == before


def test_what_nobody_wanted_or_nothing_started_leaves_no_descriptor(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\ncat")
    program.chmod(0o755)
    repliers = [command("cat"), CommandReplier(settings.Replier(kind="command", command=str(program)))]
    program.chmod(0o644)
    before = descriptors()
    unwanted, failing = (replier.reply(REQUEST) for replier in repliers)
    unwanted.cancel()
    assert descriptors() == before
    with pytest.raises(ServiceError, match="cannot start"):
        list(failing)
    assert list(unwanted) == []
    assert descriptors() == before


def test_a_program_is_told_the_turn_as_json() -> None:
    told = json.loads("".join(command("cat").reply(REQUEST)))
    assert (told["text"], told["kind"]) == ("hello", "request")
    assert told["history"] == [
        {"who": "person", "number": 7, "text": "hello", "interrupted": False, "estimated": False}
    ]


def test_half_an_emoji_does_not_cost_the_reply() -> None:
    told = json.loads("".join(command("cat").reply(replace(REQUEST, text="hello \ud83d"))))
    assert told["text"] == "hello ?"


def test_a_program_that_does_not_exist_is_refused_at_the_start() -> None:
    with pytest.raises(ServiceError, match=r"replier\.command"):
        CommandReplier(settings.Replier(kind="command", command="no-such-program"))

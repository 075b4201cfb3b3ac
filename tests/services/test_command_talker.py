"""Any program as the voice: well-behaved, silent, stubborn, failing, absent."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from time import perf_counter

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.services.command_talker import CommandTalk, CommandTalker

Eventually = Callable[[Callable[[], object]], None]


def say(script: str, text: str = "Hello.", stall_ms: int = 300) -> CommandTalk:
    command = f"sh -c {quote(script)}"
    return CommandTalker(settings.Talker(kind="command", command=command, stall_ms=stall_ms)).say(text)


def test_the_text_goes_in_and_the_bytes_come_out_as_sound() -> None:
    text = "a million characters, more than any pipe holds. " * 20_000
    sound = np.concatenate(list(say("cat", text, stall_ms=5000)))
    np.testing.assert_array_equal(sound, np.frombuffer(text.encode(), np.int16) / np.float32(32768))


def test_a_program_that_ignores_the_text_is_fine() -> None:
    assert sum(map(len, say("head -c 2000 /dev/zero", "x" * 100_000))) == 1000


def test_an_odd_byte_at_the_end_is_no_sound() -> None:
    assert sum(map(len, say("printf abcde"))) == 2


def test_the_reason_of_a_failure_is_its_last_words() -> None:
    talk = say("printf abcd; echo warming up >&2; echo the model is missing >&2; exit 7")
    blocks = iter(talk)
    assert len(next(blocks)) == 2
    with pytest.raises(ServiceError, match="status 7; the model is missing"):
        next(blocks)


def test_silence_is_a_failure() -> None:
    with pytest.raises(ServiceError, match="no sound for 300 ms"):
        list(say("sleep 60"))


def test_a_program_that_does_not_end_is_a_failure() -> None:
    blocks = iter(say("printf abcd; exec >&-; sleep 60"))
    next(blocks)
    with pytest.raises(ServiceError, match="does not end"):
        next(blocks)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_what_nobody_wanted_or_nothing_started_leaves_no_descriptor(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\ncat")
    program.chmod(0o755)
    failing = CommandTalker(settings.Talker(kind="command", command=str(program)))
    program.chmod(0o644)
    before = descriptors()
    unwanted, failed = say("cat"), failing.say("Hello.")
    unwanted.cancel()
    assert descriptors() == before
    with pytest.raises(ServiceError, match="cannot start"):
        list(failed)
    assert list(unwanted) == []
    assert descriptors() == before


@pytest.mark.timing
def test_a_cancel_kills_whatever_it_is_doing(tmp_path: Path, eventually: Eventually) -> None:
    script = f"trap '' TERM INT; (trap '' TERM; sleep 60) & echo $! > {tmp_path}/pid; printf abcd; sleep 60"
    talk = say(script, stall_ms=60_000)
    blocks = iter(talk)
    next(blocks)
    grandchild = int((tmp_path / "pid").read_text())
    begun = perf_counter()
    talk.cancel()
    assert perf_counter() - begun < 0.1
    assert list(blocks) == []
    state = Path(f"/proc/{grandchild}/stat")
    eventually(lambda: not state.exists() or " Z " in state.read_text())


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("no-such-program --fast", "no program 'no-such-program'"),
        ("sh -c 'unfinished", "closed"),
        ("", "talker.command is empty"),
    ],
)
def test_a_wrong_command_is_refused_at_the_start(command: str, fault: str) -> None:
    with pytest.raises(ServiceError, match=fault):
        CommandTalker(settings.Talker(kind="command", command=command))

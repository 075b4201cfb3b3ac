"""A program that the page runs: one at a time, with an end, at low priority, and gone when the device goes."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

LONGEST_S = 120.0
"""Then it is ended."""

MOST_BYTES = 1_000_000
"""Of what it prints."""

LAST_WORDS_S = 1.0
"""For what is still in its pipe when it has ended."""

LINES, LINE = 40, 300
"""Of what it tells while it runs, the newest, and of each so many characters."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went. code: its exit code; None while it runs, and before. said: what it printed on stdout. told: the
    lines that it printed on stderr, where somebody shall read them. begun: time.monotonic() then, 0 before."""

    running: bool = False
    code: int | None = None
    said: bytes = b""
    told: tuple[str, ...] = ()
    begun: float = 0.0


class Job:
    """All on one event loop, but for `kill`."""

    def __init__(self, command: Sequence[str]) -> None:
        """command: the program, as a list."""
        self.outcome = Outcome()
        self.version = 0
        """Grows with every new outcome."""
        self._command = list(command)
        self._task: asyncio.Task[None] | None = None
        self._group = 0
        self._unwanted = False  # told to end, perhaps before there was a program

    def begin(self, *options: str) -> bool:
        """Start it, with further options; False if it runs already."""
        if self.outcome.running:
            return False
        self._unwanted = False
        self._tell(Outcome(running=True))
        self._task = asyncio.get_running_loop().create_task(self._run(options))
        return True

    def kill(self) -> None:
        """End it and what it has started, at once; or as soon as it is there. Any thread."""
        self._unwanted = True
        self._signal(signal.SIGKILL)

    async def end(self) -> None:
        """Whatever it is doing."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _tell(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.version += 1

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            if group := self._group:  # once: on another thread it may end meanwhile, and group 0 is our own
                os.killpg(group, number)

    async def _run(self, options: Sequence[str]) -> None:
        await self._ended(["nice", "-n", "10", *self._command, *options], LONGEST_S)

    async def _ended(self, command: Sequence[str], longest_s: float, hear: Callable[[str], None] | None = None) -> None:
        """Runs the program and tells what came of it. hear: gets the lines of its stderr; the program then also has a
        stdin, which ends when we do, however that comes about."""
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        others = (pipe, pipe) if hear else (nothing, nothing)
        try:
            child = await asyncio.create_subprocess_exec(
                *command, stdin=others[0], stdout=pipe, stderr=others[1], start_new_session=True
            )
        except OSError as error:
            self._tell(replace(self.outcome, running=False, code=127, said=str(error).encode()))
            return
        self._group = child.pid
        if self._unwanted:  # meanwhile, by one who saw no program to end
            self.kill()
        reader = asyncio.ensure_future(_lines(child.stderr, hear)) if hear and child.stderr else None
        said = b""
        try:
            async with asyncio.timeout(longest_s):
                assert child.stdout is not None
                while (some := await child.stdout.read(65_536)) and len(said) < MOST_BYTES:
                    said += some
                if len(said) < MOST_BYTES:
                    await child.wait()
        except TimeoutError:
            pass
        finally:
            self._signal(signal.SIGKILL)  # and what it has started
            self._group = 0
            code = await asyncio.shield(child.wait())
            if reader is not None:
                await asyncio.wait({reader}, timeout=LAST_WORDS_S)
                reader.cancel()
            self._tell(replace(self.outcome, running=False, code=code, said=said))


async def _lines(stream: asyncio.StreamReader, hear: Callable[[str], None]) -> None:
    """Hands on each line, and passes over what is too long for one."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            continue
        if not line:
            return
        if text := line.decode(errors="replace").strip()[:LINE]:
            hear(text)


def added(outcome: Outcome, line: str) -> Outcome:
    """With one more line of what it told; the oldest go."""
    return replace(outcome, told=(*outcome.told, line)[-LINES:])


def begun(outcome: Outcome) -> Outcome:
    """Begun now."""
    return replace(outcome, running=True, begun=time.monotonic())

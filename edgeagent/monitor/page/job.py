"""A program that the page runs: one at a time, with an end, at low priority, and gone when the device goes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

LONGEST_S = 120.0
"""Then it is ended."""

MOST_BYTES = 1_000_000
"""Of what it prints."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went. code: its exit code; None while it runs, and before. said: what it printed on stdout."""

    running: bool = False
    code: int | None = None
    said: bytes = b""


class Job:
    """All on one event loop."""

    def __init__(self, command: Sequence[str]) -> None:
        """command: the program, as a list."""
        self.outcome = Outcome()
        self.version = 0
        """Grows with every new outcome."""
        self._command = ["nice", "-n", "10", *command]
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> bool:
        """Start it; False if it runs already."""
        if self.outcome.running:
            return False
        self._tell(Outcome(running=True))
        self._task = asyncio.get_running_loop().create_task(self._run())
        return True

    async def end(self) -> None:
        """Whatever it is doing."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _tell(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.version += 1

    async def _run(self) -> None:
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        try:
            child = await asyncio.create_subprocess_exec(
                *self._command, stdin=nothing, stdout=pipe, stderr=nothing, start_new_session=True
            )
        except OSError as error:
            self._tell(Outcome(code=127, said=str(error).encode()))
            return
        said = b""
        try:
            async with asyncio.timeout(LONGEST_S):
                assert child.stdout is not None
                while (some := await child.stdout.read(65_536)) and len(said) < MOST_BYTES:
                    said += some
                if len(said) < MOST_BYTES:
                    await child.wait()
        except TimeoutError:
            pass
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)  # and what it has started
            code = await asyncio.shield(child.wait())
            self._tell(Outcome(code=code, said=said))

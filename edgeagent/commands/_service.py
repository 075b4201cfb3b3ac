"""What `run` does where a service manager started it."""

from __future__ import annotations

import faulthandler
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from edgeagent.commands.terminal import warn
from edgeagent.devices.terminal_lamp import own_stderr
from edgeagent.errors import EdgeAgentError
from edgeagent.monitor.notify import manager
from edgeagent.monitor.service import Service

BRAKE_S = 10.0
"""A start that is refused, for a wrong configuration or a missing library, will be refused again: a manager that never
gives up shall not try it faster than that."""


@contextmanager
def looked_after() -> Iterator[Service | None]:
    """Whom to tell how the device is; None where nobody manages us. Before any child process is started.

    A watchdog ends us with SIGABRT: the log then shows where every thread stood, also if the sound library has stderr
    put aside at that moment."""
    told = manager()
    if told is None:
        yield None
        return
    faulthandler.enable(own_stderr())
    service = Service(told)
    service.say("starting")
    try:
        yield service
    finally:
        told.close()


def in_memory(name: str) -> Path | None:
    """A file that outlives a kill of ours and no power cut, in the service's folder below /run; None without one."""
    folder = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(folder, name) if folder else None


class Brake:
    """A context: if the start fails in it, it says so at once and leaves only after BRAKE_S. on: for `run --wait`."""

    def __init__(self, on: bool, service: Service | None, rest: Callable[[float], None] = time.sleep) -> None:
        self._on = on
        self._service = service
        self._rest = rest

    def release(self) -> None:
        """The device has started: what happens from now on needs a new process at once."""
        self._on = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if not self._on or not isinstance(error, Exception):
            return
        said = str(error) if isinstance(error, EdgeAgentError) else f"{type(error).__name__}: {error}"
        if self._service is not None:
            self._service.say(f"cannot start: {said}")
        warn(f"cannot start, and leaves in {BRAKE_S:.0f} s to be started again: {said}")
        self._rest(BRAKE_S)

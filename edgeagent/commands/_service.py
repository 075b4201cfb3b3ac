"""What `run` does where a service manager started it."""

from __future__ import annotations

import faulthandler
from collections.abc import Iterator
from contextlib import contextmanager

from edgeagent.monitor.notify import manager
from edgeagent.monitor.service import Service


@contextmanager
def looked_after() -> Iterator[Service | None]:
    """Whom to tell how the device is; None where nobody manages us. Before any child process is started.

    A watchdog ends us with SIGABRT: the log then shows where every thread stood."""
    told = manager()
    if told is None:
        yield None
        return
    faulthandler.enable()
    service = Service(told)
    service.say("starting")
    try:
        yield service
    finally:
        told.close()

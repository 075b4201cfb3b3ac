"""A program that is run by one thread and may be cut by another, at any moment: before it starts, too."""

from __future__ import annotations

from edgeagent.services.child import Child
from edgeagent.services.wake import Wake


class Cuttable:
    """The state of one run. Who runs it makes the wake first and looks at `_cancelled` then: whoever cancels has seen
    the wake, or is seen."""

    def __init__(self) -> None:
        self._wake: Wake | None = None  # made when it is run: of many nobody wants anything
        self._child: Child | None = None
        self._cancelled = False

    def cancel(self) -> None:
        """Kills the program and all it started. Any thread; returns at once."""
        self._cancelled = True
        if self._child is not None:
            self._child.kill()
        if self._wake is not None:
            self._wake.set()

"""Stands in for a card that is not there yet, so that a device can begin without one.

It is, then, as if it had just been unplugged: lamp, buttons and journal work, and `repair` looks for the real one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from edgeagent.ports import Heard, Play
from edgeagent.units import RATE

ABSENT = "absent"
"""The fact that says why there is no card."""


class AbsentCard:
    """See `ports.Card`. Gives no frames and takes none."""

    def __init__(self, reason: str) -> None:
        self.name = ""
        self.input_rate = self.output_rate = RATE
        self._reason = reason
        self._since = time.monotonic()

    def open(self, heard: Heard, play: Play) -> None:
        """See `ports.Card`."""

    def abort(self) -> int:
        """See `ports.Card`."""
        return 0

    def restart(self) -> None:
        """See `ports.Card`."""

    def age(self) -> float:
        """See `ports.Card`."""
        return time.monotonic() - self._since

    def facts(self) -> Mapping[str, int | float | str]:
        """See `ports.Card`. absent: why."""
        return {ABSENT: self._reason}

    def close(self) -> None:
        """See `ports.Card`."""

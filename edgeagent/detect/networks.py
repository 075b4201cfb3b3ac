"""Both networks: is a person speaking here, and where something sounds at all, what is it?

The second judges one overlap from its beginning on, so it is asked only where the first hears something, and a little
longer, and begins anew each time. Over our echo the first is seldom below 0.05 for anything, and between 0.05 and 0.1
most of the time.
"""

from __future__ import annotations

from edgeagent.detect.accord import accord
from edgeagent.detect.backchannel import NOBODY, Backchannel, Overlap
from edgeagent.detect.near_end import NearEnd
from edgeagent.ports import Model
from edgeagent.signal.measure import Vector

SOUNDS = 0.2
"""P(something sounds, whatever it is) from which it is asked what."""

LINGER = 32
"""Hops (0.5 s) for which it is asked after that: as long as what is known of an overlap still changes. Most of the time
nobody makes a sound, and it is an eighth of all that is computed, and most of the memory that is read."""


class Networks:
    """One thread. After an error they want to be restarted."""

    def __init__(self, near_end: Model, backchannel: Model) -> None:
        """Raises ModelError on models of another shape."""
        self.near_end = NearEnd(near_end)
        self.backchannel = Backchannel(backchannel)
        self._overlap = NOBODY
        self._still = 0
        self._hops = 0

    def hear(self, vector: Vector, every: int = 1) -> tuple[float, Overlap]:
        """`vector` (SIZE,) of one hop, kept and not to be changed, to P(a person is speaking here) and what the overlap
        is. every: hops from one question to the second to the next; between them its last answer holds. Raises
        ModelError when a model fails."""
        presence = self.near_end.hear(vector)
        self._still = 0 if presence.near + presence.other >= SOUNDS else self._still + 1
        if self._still > LINGER:
            self._overlap = self.backchannel.pass_over(vector)
        elif self._hops % every == 0:
            self._overlap = self.backchannel.hear(vector)
        self._hops += 1
        return accord(presence, self._overlap), self._overlap

    def restart(self) -> None:
        """Forget everything, as at the start."""
        self.near_end.restart()
        self.backchannel.restart()
        self._still = self._hops = 0

"""No canceller: for cards that cancel the echo themselves. The same outputs, with the microphone as it is."""

from __future__ import annotations

import numpy as np

from edgeagent.signal import Sound
from edgeagent.signal.canceller import Cancelled, Confidence, Trust
from edgeagent.signal.fourier import forward, power
from edgeagent.signal.suppressor import WINDOW
from edgeagent.units import HOP

_TRUSTED = Confidence(
    erle_db=0.0,
    linear_erle_db=0.0,
    coherence=0.0,
    misadjustment=0.0,
    delay=-1,
    drift_ppm=0.0,
    far_active=False,
    trust=Trust.TRUSTED,
    moved=False,
)


class Bypass:
    """Stands in for `Canceller`: believes the card, estimates no echo. One owner thread."""

    drift_ppm = 0.0

    def __init__(self) -> None:
        self._frame = np.zeros(2 * HOP, np.float32)
        self._discarded = 0

    def process(self, reference: Sound, microphone: Sound) -> Cancelled:  # noqa: ARG002 (the card knows the reference)
        """One hop, (HOP,) float32 each; what is no number counts as silence. Outputs are one hop late, as the
        canceller's are."""
        self._discarded += HOP - int(np.count_nonzero(np.isfinite(microphone)))
        self._frame[:HOP] = self._frame[HOP:]
        self._frame[HOP:] = np.nan_to_num(microphone, nan=0.0, posinf=0.0, neginf=0.0)
        before = self._frame[:HOP].copy()
        heard = power(forward(self._frame * WINDOW))
        return Cancelled(before, before, np.zeros_like(before), heard, heard, np.zeros_like(heard), _TRUSTED)

    def rest(self, hops: int) -> None:
        """Nothing is followed here."""

    def miss(self, reference: Sound) -> None:
        """Nothing is remembered here but the last hop."""

    def take_discarded(self) -> int:
        """Samples of the microphone that were no number, since this was last asked."""
        discarded, self._discarded = self._discarded, 0
        return discarded

    def suppress(self, on: bool) -> None:
        """Nothing is suppressed here."""

    def realign(self, shift: int, frames_lost: int = 0) -> None:
        """Nothing is aligned here."""

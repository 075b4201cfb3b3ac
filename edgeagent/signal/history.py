"""The far end on its own clock, readable at fractional delays.

Fractional delay by a Hann-windowed sinc (Laakso et al., "Splitting the unit delay", IEEE SP Magazine 1996): 32 taps in
256 phases, with a straight line between two. The nearest phase alone would do by its error, 50 dB down even at 7 kHz;
but on which side of the middle a creeping delay is would then hang on its last bits, which each processor rounds in its
own way, and with it what is cancelled.
"""

from __future__ import annotations

import numpy as np

from edgeagent.signal import Sound

TAPS = 32
"""Length of the interpolator; its passband reaches 7 kHz."""

PHASES = 256
"""Sub-sample positions of the interpolator."""

LOOKAHEAD = TAPS // 2
"""Samples the interpolator needs after the one it makes: the smallest fractional delay."""


def _interpolators() -> Sound:
    """(PHASES + 1, TAPS) float32: row r delays by r / PHASES of a sample less than row 0, time-reversed for
    convolve."""
    offset = np.arange(1 - LOOKAHEAD, LOOKAHEAD + 1)
    distance = np.arange(PHASES + 1)[:, None] / PHASES - offset
    window = 0.5 + 0.5 * np.cos(np.pi * np.clip(distance / LOOKAHEAD, -1.0, 1.0))
    rows = np.sinc(distance) * window
    return np.ascontiguousarray((rows / rows.sum(axis=1, keepdims=True))[:, ::-1], dtype=np.float32)


_INTERPOLATORS = _interpolators()
_STEPS = np.diff(_INTERPOLATORS, axis=0)
"""(PHASES, TAPS): from each phase to the next."""


class Recent:
    """The last `size` samples of a stream, always one contiguous view.

    Twice the memory and a copy once per `size` samples, instead of moving everything at every push.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._memory = np.zeros(2 * size, np.float32)
        self._end = size

    def push(self, block: Sound) -> None:
        """Append `block` (n,) float32, n <= size."""
        n = len(block)
        if self._end + n > len(self._memory):
            self._memory[: self.size] = self._memory[self._end - self.size : self._end]
            self._end = self.size
        self._memory[self._end : self._end + n] = block
        self._end += n

    def last(self, n: int, before: int = 0) -> Sound:
        """View (n,) of the samples that end `before` samples ago; valid until the next push."""
        end = self._end - before
        return self._memory[end - n : end]

    def delayed(self, n: int, delay: float) -> Sound:
        """(n,) float32 of the stream `delay` >= 0 samples ago. Whole delays are views; fractional ones cost a
        convolution and are at least LOOKAHEAD."""
        whole = int(delay)
        if whole == delay:
            return self.last(n, whole)
        late = max(delay, float(LOOKAHEAD))
        before = int(np.ceil(late))
        phase = (before - late) * PHASES  # 0 <= phase < PHASES, for before is the next whole one
        row = int(phase)
        taps = _INTERPOLATORS[row] + np.float32(phase - row) * _STEPS[row]
        return np.convolve(self.last(n + TAPS - 1, before - LOOKAHEAD), taps, "valid")

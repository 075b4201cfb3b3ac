"""How loud the person was in a turn: what their own voice tells about how far away they are."""

from __future__ import annotations

VOICED = 0.7
"""Probability of near speech from which a step is surely voice."""

FALL = 10 ** (-20 / 10)
"""Power below the loudest step from which a step is a gap between syllables."""

LEAST = 12
"""Steps of voice (0.2 s) without which nothing is known."""

MOST = 2000
"""Steps that are kept: half a minute."""


class Loudness:
    """Collects the steps of one turn."""

    def __init__(self) -> None:
        self._powers: list[float] = []

    def hear(self, near: float, power: float) -> None:
        """A step with P(near-end speech) and its mean square."""
        if near >= VOICED and len(self._powers) < MOST:
            self._powers.append(power)

    def take(self) -> float:
        """Mean square of the voice since the last call; 0 when there was hardly any."""
        powers, self._powers = self._powers, []
        if len(powers) < LEAST:
            return 0.0
        least = FALL * max(powers)
        loud = [power for power in powers if power >= least]
        return sum(loud) / len(loud)

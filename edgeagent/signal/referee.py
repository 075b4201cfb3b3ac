"""Which of two adaptive filters to believe, when one should take over the other's state, and when both have failed.

Two-path adaptation after Ochiai, Araseki & Ogihara, "Echo canceler with two echo path models", IEEE Trans. Comm. 25
(1977), with both paths adaptive. Left out: mixing the two outputs per bin; over 257 bins the better one differs by
little, and a mix would have no echo estimate of its own.
"""

from __future__ import annotations

import numpy as np

from edgeagent.signal import Sound
from edgeagent.units import HOP

SLOW, FAST = 0, 1

SHARE = np.float32(0.1)
"""Share of the newest hop in the error powers: 160 ms."""

HOPS = 8
"""Hops for which one filter must be clearly better before the other takes over its state."""

CLEARLY = (0.7, 0.6)
"""Share of the other's error power that counts as clearly better: slow over fast, fast over slow."""

DIVERGED = 2.0
"""Error power over microphone power from which both have failed."""

QUIET = 1e-6
"""Error energy of a hop (-84 dBFS) that is no failure, whatever the microphone says."""

FIRST = 1e-4
"""Energy of a hop (-64 dBFS) taken for errors and microphone before anything is heard: the first echo outweighs it."""

_FADE = (np.arange(1, HOP + 1) / HOP).astype(np.float32)


class Referee:
    """Compares error powers over the last hops. One owner thread."""

    def __init__(self) -> None:
        self.better = FAST
        self._subtract = False
        self._errors = [FIRST, FIRST]
        self._microphone = FIRST
        self._ahead = [0, 0]

    def judge(self, errors: Sound, echoes: Sound, microphone: Sound, alive: bool, silent: bool) -> tuple[Sound, Sound]:
        """Errors and echo estimates (2, HOP) of both filters, slow first, and the microphone (HOP,). Returns the error
        of the better one, or the microphone itself where that is quieter, and its echo estimate, both (HOP,), faded
        over the hop where the choice changes. `alive`: the microphone hears; a dead one is no evidence against the
        filters, and nothing is taken from it. `silent`: nothing has been played for so long that neither filter
        estimates anything, which is no evidence either: else both would be alike after a silence, the choice between
        them would hang on their last bits, and what they say before the echo comes would be a failure, against the
        quiet room of just before."""
        share = float(SHARE) * (alive and not silent)
        for which in (SLOW, FAST):
            error = errors[which]
            self._errors[which] += share * (float(error @ error) - self._errors[which])
        self._microphone += share * (float(microphone @ microphone) - self._microphone)
        was, subtracted = self.better, self._subtract
        self.better = FAST if self._errors[FAST] < self._errors[SLOW] else SLOW
        self._subtract = alive and self._errors[self.better] < self._microphone
        echo = echoes[self.better]
        if was == self.better and subtracted and self._subtract:
            return errors[self.better].copy(), echo
        if was != self.better:
            echo = echoes[was] + (echo - echoes[was]) * _FADE
        amount = _FADE * np.float32(self._subtract - subtracted) + np.float32(subtracted)
        return microphone - echo * amount, echo

    def lender(self) -> int | None:
        """Once a hop of learning: the filter whose state the other should take over, if any."""
        for which in (FAST, SLOW):
            clear = self._errors[which] < CLEARLY[which] * self._errors[1 - which]
            self._ahead[which] = self._ahead[which] + 1 if clear else 0
            if self._ahead[which] >= HOPS:
                self._ahead[which] = 0
                self._errors[1 - which] = self._errors[which]
                return which
        return None

    def failed(self) -> bool:
        """Whether both make things worse."""
        return min(self._errors) > DIVERGED * self._microphone + QUIET

    def tracking(self) -> float:
        """Error power of the fast filter over that of the slow one."""
        return self._errors[FAST] / (self._errors[SLOW] + 1e-12)

    def works(self, share: float, which: int) -> bool:
        """Whether filter `which` leaves less than `share` of the microphone's power."""
        return self._errors[which] < share * self._microphone

    def assume(self, share: float) -> None:
        """Take both filters to leave `share` of the microphone's power from here on."""
        self._errors = [share * self._microphone] * 2

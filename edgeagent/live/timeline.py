"""Lines up the loudspeaker with the microphone: for every microphone sample, the loudspeaker sample of that instant.

The microphone's stream is the clock. Cards stamp both directions with the moment at which a sample was heard or will
sound, so the first sample of a run of output finds its place by its moment, and the others follow it sample by sample:
stamps jitter, samples do not. Hence the delay that the canceller sees is that of the room and the converters alone, and
is the same after a hard stop, a restart or an underrun.

Two cards have two clocks. The canceller follows slow drift; when it has moved the loudspeaker by more than DRIFT from
its place, the place is corrected in one step, in a pause if there is one soon, and told as a fact. Gaps are zeros.
Pure computation for one thread: it never asks what time it is.
"""

from __future__ import annotations

from math import nan

import numpy as np

from edgeagent.ports import Sound
from edgeagent.turn.events import Lost
from edgeagent.units import RATE, samples

LEAD = samples(2)
"""The reference comes so much early, or a stamp that is late by its jitter would put the echo before its cause. More
would be sound that a hard stop takes back when it has been given already."""

ROOM = samples(500)
"""How far ahead of the microphone the loudspeaker may be: what a card buffers (20 to 100 ms), and more than that."""

JUMP = samples(10)
"""A block this far from its place, with no drift to explain it, was not played right after the one before it."""

DRIFT = samples(5)
"""Drift that is worth a correction: 50 s at 100 ppm, and a fortieth of the canceller's reach."""

WORTH = 2.0
"""Samples that a new run puts right and that are worth telling; less the canceller's filter learns in a few hops."""

WAITING = 50
"""Blocks kept that are played before anything is heard: at 16 ms 0.8 s, more than ROOM."""

SMOOTHING = 0.05
"""Weight of a new stamp. At 10 ms per stamp: 0.2 s, in which crystals drift by less than a sample."""


class Timeline:
    """Feed it with `played` and `heard` in the order in which they come, then take `reference`."""

    def __init__(self) -> None:
        self.at = 0
        """Microphone samples heard so far."""
        self.holes = 0
        """Loudspeaker samples that came too late, or too far ahead, to be in any reference."""
        self._ahead = np.zeros(ROOM, np.float32)  # the loudspeaker from microphone sample `_start` on
        self._start = 0
        self._zero: float | None = None  # the moment of microphone sample 0
        self._end: int | None = None  # where the next sample of this run of output goes
        self._off = 0.0  # smoothed distance of the stamps from it, samples
        self._waiting: list[tuple[Sound, float]] = []  # played before anything was heard
        self._facts: list[Lost] = []

    def heard(self, count: int, when: float, stamps: int = 1) -> None:
        """`count` microphone samples, the first of them at the moment `when` (seconds), which is the mean of so many
        stamps."""
        zero = when - self.at / RATE
        if self._zero is None or abs(zero - self._zero) * RATE > JUMP:
            self._zero = zero
        self._zero += (1 - (1 - SMOOTHING) ** stamps) * (zero - self._zero)
        self.at += count
        waiting, self._waiting = self._waiting, []
        for sound, moment in waiting:
            self.played(sound, moment)

    def played(self, sound: Sound, when: float) -> None:
        """(n,) float32 for the loudspeaker, the first of them sounding at the moment `when` (seconds)."""
        if self._zero is None:
            self._waiting = [*self._waiting[-WAITING:], (sound, when)]
            return
        place = round((when - self._zero) * RATE) - LEAD
        if self._end is None:
            self._end = self._begun(place, "drift" if abs(self._off) >= WORTH else "")
        elif abs(place - self._end - self._off) > JUMP:
            self._end = self._begun(place, "underflow")
        self._off += SMOOTHING * (place - self._end - self._off)
        step = round(self._off)
        if abs(step) > DRIFT and (abs(step) > 2 * DRIFT or not sound.any()):
            self._tell("drift", -step)
            self._end += step
            self._off -= step
        self._write(sound, self._end)
        self._end += sound.size

    def _begun(self, place: int, kind: str) -> int:
        """A run of output begins where the stamps say, at `place`. The one before it was off that by what the clocks
        had drifted, or by the jitter of its own first stamp: that is told, or the echo would jump by it for no reason.
        kind: of the fact; "" for none."""
        if kind:
            self._tell(kind, -round(self._off))
        self._off = 0.0
        return place

    def _write(self, sound: Sound, place: int) -> None:
        first, last = place - self._start, place - self._start + sound.size
        inside = self._ahead[max(0, first) : max(0, last)]
        inside[:] = sound[max(0, -first) :][: inside.size]
        self.holes += sound.size - inside.size

    def take_back(self, count: int) -> None:
        """The last `count` loudspeaker samples never sounded; the output has stopped."""
        if self._end is not None:
            self._ahead[max(0, self._end - count - self._start) :] = 0
        self._end = None
        self._waiting = []

    def reference(self, count: int) -> Sound:
        """(count,) float32: the loudspeaker at the next `count` microphone samples. At most as many as were heard."""
        if self._start + count > self.at:
            raise ValueError(f"samples up to {self._start + count} asked for; {self.at} were heard")
        parts = []
        while count > 0:  # more than ROOM at once only after a long loss
            piece = self._ahead[:count].copy()
            self._ahead[: -piece.size] = self._ahead[piece.size :]
            self._ahead[ROOM - piece.size :] = 0
            self._start += piece.size
            count -= piece.size
            parts.append(piece)
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    @property
    def astray(self) -> float:
        """Samples by which the reference is earlier than the stamps say: drift that is not worth a correction yet."""
        return self._off

    def sample(self, when: float) -> float:
        """The microphone's sample at the moment `when` (seconds), with its sub-sample part; nan before the first."""
        return nan if self._zero is None else (when - self._zero) * RATE

    def facts(self) -> list[Lost]:
        """What happened since the last call. shift: the echo now comes so many samples later after its reference."""
        facts, self._facts = self._facts, []
        return facts

    def _tell(self, kind: str, shift: int) -> None:
        self._facts.append(Lost(self.at, kind, 0, shift))

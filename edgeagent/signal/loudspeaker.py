"""A model of our own loudspeaker: what it does to loud sound before the room gets it.

A second-order high-pass (a small driver in its box) and behind it a curve (what compresses the peaks): a Wiener model,
whose corner and curve are fitted by recursive Gauss-Newton steps on what the echo filter leaves (Ljung & Söderström,
"Theory and Practice of Recursive Identification", 1983). The far end is put through it before the echo filter sees it,
so the path of the distortion products is the room's own and is learnt only once; parallel filters for powers of the far
end (Malik & Enzner, IEEE TASLP 2012) need one for each and get less of it. The corner matters although the echo filter
could take its place: phases at low frequencies decide which peaks are bent. Left out: resonance, and excursion limits
with a memory of their own.
"""

from __future__ import annotations

import numpy as np

from edgeagent.signal import Sound
from edgeagent.signal.blocks import overlapping
from edgeagent.signal.fourier import Spectrum, forward, inverse
from edgeagent.units import HOP, RATE

KNEES = np.array([[1.5], [4.0]], np.float32)
"""Where the parts of the curve bend, in multiples of the far end's level: often, and only for peaks."""

MILDEST, HARDEST = -0.5, 1.2
"""Bounds of the parts, the upper one of their sum as well: hardly any circuit opens up, and at one and a bit loud sound
folds over."""

CORNER = 100.0
"""Corner of the high-pass in Hz before anything is known, and to which it returns while nothing speaks for another."""

LOWEST, HIGHEST = 20.0, 500.0
"""Bounds of the corner in Hz."""

STEP = 0.1
"""Most that one fit moves the corner, as a share: the echo filter has to follow."""

WORTH = 0.01
"""Share from which moving it is worth it."""

PACE = 0.5
"""Share of a Gauss-Newton step taken."""

NUDGE = 0.05
"""Share by which the corner is moved either way to see what that does."""

EARLY = 2
"""Blocks of the echo path (32 ms) through which the parts are heard: most of its energy, and what is least in doubt."""

LOOK = 4
"""Hops between two looks (64 ms)."""

FIT = 2
"""Looks between two fits (128 ms)."""

MEMORY = 0.99
"""Forgetting per look: 6 s."""

PRIOR = np.diag([0.02, 0.02, 0.5, 0.02])
"""What must speak for a part of the curve, for the corner and for the plain sound, in energy over error energy, before
they move. The plain sound takes part because the echo filter's own error is made of it, and is thrown away."""

LOUD = 1e-5
"""Mean power (-50 dBFS) from which a block tells the level of speech."""

SLEW, SLOW = 0.03, 0.003
"""Share of a loud block in the level: half a second at first, then five, as the curve has to follow."""

FIRST = 60
"""Loud blocks (1 s) after which the level follows slowly."""


class Loudspeaker:
    """One owner thread."""

    def __init__(self) -> None:
        self.corner = CORNER
        self.curve = np.zeros(len(KNEES), np.float32)
        self._filters = _filters(CORNER)
        self._level = 1e-3
        self._loud = 0
        self._hops = 0
        self._frame = np.zeros(2 * HOP, np.float32)
        self._parts = np.zeros((len(KNEES) + 2, (EARLY + 1) * HOP), np.float32)
        self._evidence = np.zeros((len(KNEES) + 3,) * 2)
        self._noise = 1e-6

    def push(self, far: Sound) -> Sound:
        """Take one hop of the far end, (HOP,) float32; returns it as the loudspeaker gives it, (HOP,)."""
        frame, parts = self._frame, self._parts
        frame[:HOP] = frame[HOP:]
        frame[HOP:] = far
        loudness = float(frame @ frame) / (2 * HOP)
        if loudness > LOUD:
            self._loud += 1
            self._level += (SLEW if self._loud < FIRST else SLOW) * (loudness - self._level)
        passed: Sound
        passed, nudged = inverse(forward(frame) * self._filters)[:, HOP:]
        bent, steepness = self._bend(passed)
        parts[:, :-HOP] = parts[:, HOP:]
        parts[:-2, -HOP:] = bent
        np.multiply(steepness, nudged, out=parts[-2, -HOP:])
        parts[-1, -HOP:] = passed
        self._hops += 1
        passed += self.curve @ bent
        return passed

    def rest(self) -> None:
        """A hop of silence after so much of it that there is nothing left inside: as `push`, for nothing."""
        self._hops += 1

    def give(self, span: Sound) -> Sound:
        """`span` (n HOP,) float32 of the far end as the loudspeaker would give it by now, silence before it."""
        frames = overlapping(np.concatenate([np.zeros(HOP, np.float32), span]), HOP)
        passed = inverse(forward(frames) * self._filters[0])[:, HOP:].ravel()
        passed += self.curve @ self._bend(passed)[0]
        return passed

    def learn(self, weights: Spectrum, error: Sound) -> None:
        """After `push`: what an echo filter of `weights` (blocks, HOP + 1), that works, left of the microphone, (HOP,)
        float32."""
        if self._hops % LOOK != 2:  # a hop in which nobody else looks
            return
        frames = overlapping(self._parts, HOP)[:, ::-1]
        heard = np.empty((len(self._parts) + 1, HOP), np.float32)
        heard[:-1] = inverse(np.add.reduce(forward(frames) * weights[:EARLY], axis=1))[:, HOP:]
        heard[-1] = error + self.curve @ heard[:-3]
        heard[:, 1:] -= heard[:, :-1]  # pre-emphasis: distortion does not show where speech is strong
        power = float(error @ error)
        self._noise += 0.1 * (power - self._noise)
        evidence = heard[:, 1:] @ heard[:, 1:].T / np.float32(self._noise + power + 1e-7)
        self._evidence *= MEMORY
        self._evidence += evidence
        if self._hops % (LOOK * FIT) == 2:
            self._fit()

    def _fit(self) -> None:
        squares, products = self._evidence[:-1, :-1], self._evidence[:-1, -1]
        back = PRIOR[:, -2] * np.log(CORNER / self.corner)
        found = np.linalg.solve(squares + PRIOR, products + back)
        curve = np.clip(found[:-2], MILDEST, HARDEST)
        self.curve[:] = curve * (HARDEST / max(curve.sum(), HARDEST))
        corner = self.corner * float(np.exp(np.clip(PACE * found[-2], -STEP, STEP)))
        corner = min(max(corner, LOWEST), HIGHEST)
        if abs(corner - self.corner) > WORTH * corner:
            products -= squares[:, -2] * np.log(corner / self.corner)
            self.corner = corner
            self._filters = _filters(corner)

    def _bend(self, sound: Sound) -> tuple[Sound, Sound]:
        """What each part of the curve adds to `sound` (n,), (parts, n); and how that changes with the sound, (n,)."""
        knees = KNEES * np.float32(self._level**0.5)
        bend = np.tanh(sound / knees)
        added = knees * bend - sound
        np.square(bend, out=bend)
        return added, -(self.curve @ bend)


def _filters(corner: float) -> Spectrum:
    """(2, HOP + 1): the high-pass, and how it changes with the logarithm of its corner."""
    higher, lower = _highpass(corner * (1 + NUDGE)), _highpass(corner / (1 + NUDGE))
    return np.stack([_highpass(corner), (higher - lower) * np.float32(0.5 / np.log1p(NUDGE))])


def _highpass(corner: float) -> Spectrum:
    """(HOP + 1,): a Butterworth high-pass of second order whose response is cut off after HOP samples, so that one
    frame's product with it is a linear convolution in the frame's second half."""
    s = 1j * _WARPED / np.tan(np.pi * corner / RATE)
    taps = inverse((s * s / (s * s + np.sqrt(2) * s + 1)).astype(np.complex64))
    return forward(taps[:HOP] * _TAPER, 2 * HOP)


_WARPED = np.tan(np.pi / (2 * HOP) * np.minimum(np.arange(HOP + 1), HOP - 1e-3))
_TAPER = np.minimum(np.arange(HOP, 0, -1) / 32, 1).astype(np.float32)

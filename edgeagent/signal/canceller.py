"""The acoustic echo canceller: from what was played and what was heard to what a person said.

Alignment of the far end, Kalman filter, residual suppressor and self-judgement in turn; each file names its papers. The
suppressor is set for detection, not for listening: the near end is kept, the echo goes under the noise floor, nothing
is filled in. Left out: more than one loudspeaker or microphone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgeagent.signal import Sound
from edgeagent.signal.alignment import Alignment, Move
from edgeagent.signal.confidence import Confidence, Judge, Trust
from edgeagent.signal.echo_filter import EchoFilter
from edgeagent.signal.fourier import Power
from edgeagent.signal.history import Recent
from edgeagent.signal.level import FULL_SCALE, OFFSET
from edgeagent.signal.path_change import Moved
from edgeagent.signal.spectra import BLOCKS, SPAN
from edgeagent.signal.suppressor import Suppressor
from edgeagent.units import HOP

__all__ = ["Cancelled", "Canceller", "Confidence", "Trust"]

TRIAL = 4 * HOP
"""Samples of microphone (64 ms) on which a jump must prove itself."""

PROOF = 0.5
"""Error power at the new place over that at the old one from which the echo has truly jumped."""

HARMLESS = 0.9
"""Error power over microphone power up to which nothing unproven moves the filter. An echo that has jumped leaves about
twice the microphone's power; a person or a loud room leave once."""

REACH = BLOCKS * HOP
"""Samples from where the far end is read to where an echo may arrive that the filter has: it cannot look ahead. What
explains a little of the sound from elsewhere, as the filter does with whatever repeats itself, is no echo path."""

LOUDEST = 4.0
"""Magnitude that no card gives, of which only a fault can be the cause."""

DEAD = 2**-14
"""Span of a hop (two steps of 16 bit) up to which the microphone is muted or stuck."""

OFFSET_SHARE = 0.05
"""Share of the newest hop in that mean: 0.3 s, as faults come and go."""

AUDIBLE = 1e-8
"""Mean power (-80 dBFS) of the far end from which there may be an echo."""

LINGER = 14
"""Hops for which the echo outlasts the far end: the length of the filter."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """One hop, `Canceller.delay` samples behind the microphone.

    clean: suppressed, for detection. linear: less the estimated echo only. echo: the estimate. All (HOP,) float32,
    aligned to each other. The powers, (HOP + 1,) float32, are spectra of the newest 2 HOP samples under a square-root
    Hann window.
    """

    clean: Sound
    linear: Sound
    echo: Sound
    clean_power: Power
    linear_power: Power
    echo_power: Power
    confidence: Confidence


class Canceller:
    """Removes the far end's echo from the microphone. Same hops in, same bits out. One owner thread."""

    delay = HOP
    """Samples by which the outputs are behind the microphone."""

    def __init__(self, drift: bool = True) -> None:
        """`drift`: follow the loudspeaker's clock; false where both directions share one crystal."""
        self._alignment = Alignment(SPAN + TRIAL, drift)
        self._filter = EchoFilter()
        self._suppressor = Suppressor()
        self._judge = Judge()
        self._heard = Recent(TRIAL)
        self._late = (np.zeros(HOP, np.float32), np.zeros(HOP, np.float32))
        """Error and echo estimate of the last hop, which come out with this one."""
        self._linger = 0
        self._hold = 0
        self._discarded = 0
        self._offset = 0.0
        self._moved = Moved()
        self._missed = False

    @property
    def drift_ppm(self) -> float:
        """See `ports.EchoCanceller`; 0 until it is known."""
        return self._alignment.ppm

    def process(self, reference: Sound, microphone: Sound) -> Cancelled:
        """One hop of what the loudspeaker got and of what the microphone heard, (HOP,) float32 in [-1, 1]. What is no
        number, or 12 dB above full scale, counts as silence and is counted; the rest is clipped. Raises ValueError
        for another shape or type, before anything has changed."""
        (far, _, _), (heard, lowest, highest) = self._checked(reference), self._checked(microphone)
        alive = highest - lowest > DEAD
        if alive:
            heard = self._centred(heard)
        if self._missed:
            self._missed = False
            self._reread(0)
        aligned = self._alignment.push(far, heard)
        self._heard.push(heard)
        self._linger = LINGER if float(aligned @ aligned) > AUDIBLE * HOP else max(self._linger - 1, 0)
        prediction = self._filter.process(aligned, heard, self._usable(lowest, highest) and alive, alive)
        move = self._alignment.look(self._filter.works)
        if move is not None:
            self._move(move)
        elif later := self._alignment.make_room():
            self._reread(later)
        (linear, echo), self._late = self._late, (prediction.error, prediction.echo)
        frame = self._suppressor.process(prediction.error, prediction.echo, prediction.tracking)
        if frame.changed:
            self._filter.unsettle()
        before = self._heard.last(HOP, HOP)
        trust = self._judge.hop(
            float(before @ before) / HOP,
            float(linear @ linear) / HOP,
            float(frame.clean @ frame.clean) / HOP,
            frame.coherence,
            self._linger > 0,
        )
        confidence = Confidence(
            erle_db=self._judge.erle_db,
            linear_erle_db=self._judge.linear_erle_db,
            coherence=frame.coherence,
            misadjustment=prediction.misadjustment,
            delay=round(self._alignment.lag),
            drift_ppm=self._alignment.ppm,
            far_active=self._linger > 0,
            trust=trust,
            moved=self._moved.hop(frame.moved, self._linger > 0),
        )
        return Cancelled(frame.clean, linear, echo, frame.clean_power, frame.linear_power, frame.echo_power, confidence)

    def rest(self, hops: int) -> None:
        """So many hops are not shown, in which and for 5 s before which nothing was played, and the microphone's sound
        is like the last one."""
        self._alignment.rest(hops)
        self._suppressor.rest(hops)

    def miss(self, reference: Sound) -> None:
        """One hop of what the loudspeaker got while the microphone's sound was lost, and is not shown, (HOP,)
        float32."""
        self._alignment.miss(self._checked(reference)[0])
        self._missed = True

    def take_discarded(self) -> int:
        """Samples of both inputs that were no sound, since this was last asked."""
        discarded, self._discarded = self._discarded, 0
        return discarded

    def suppress(self, on: bool) -> None:
        """Whether what the filter leaves is suppressed, as it is at first. Otherwise `clean` is `linear`: for machines
        that are too slow."""
        self._suppressor.suppresses = on

    def realign(self, shift: int, frames_lost: int = 0) -> None:
        """The card tells: from now on the loudspeaker is `shift` samples later against the microphone than before
        (negative: earlier), and the next `frames_lost` microphone samples are silence put in for lost ones."""
        self._hold = max(self._hold, -(-frames_lost // HOP) + 1 if frames_lost else 0)
        if shift:
            move = self._alignment.told(shift)
            self._reread(round(move.after - move.before) - shift)

    def _reread(self, shift: int) -> None:
        """The far end behind the newest hop is another now, or read from another place; `shift`: see
        `EchoFilter.retime`."""
        self._filter.retime(self._alignment.read(SPAN, self._alignment.position), shift)

    def _move(self, move: Move) -> None:
        """The echo shows elsewhere. Move there with the filter as it is if that explains the last 64 ms better; else
        with the filter shifted to match, unless it explains the sound from here, and can."""
        heard = self._heard.last(TRIAL)
        stayed = self._alignment.read(SPAN + TRIAL - HOP, move.before)
        moved = self._alignment.read(SPAN + TRIAL - HOP, move.after)
        here = self._filter.residual(stayed, heard, proven=False)
        if self._filter.residual(moved, heard, proven=True) < PROOF * here:
            self._alignment.take(move)
            self._filter.retime(moved[-SPAN:], 0)
            self._filter.recall()
        elif not move.sure:
            return
        elif move.first or here > HARMLESS or not 0 <= move.lag - move.before < REACH:
            self._alignment.take(move)
            self._filter.retime(moved[-SPAN:], round(move.after - move.before))
        else:
            self._alignment.stay(move)

    def _usable(self, lowest: float, highest: float) -> bool:
        """Whether the filter may learn from this hop, whose samples are between these."""
        if self._hold:
            self._hold -= 1
            return False
        return max(-lowest, highest) < FULL_SCALE

    def _checked(self, sound: Sound) -> tuple[Sound, float, float]:
        """`sound` itself, its lowest and its highest sample; where it is no number or far beyond full scale, silence,
        and counted."""
        if sound.shape != (HOP,) or sound.dtype != np.float32:
            raise ValueError(f"a hop is ({HOP},) float32, not {sound.shape} {sound.dtype}")
        lowest, highest = float(np.minimum.reduce(sound)), float(np.maximum.reduce(sound))
        if lowest >= -1 and highest <= 1:
            return sound, lowest, highest
        kept = np.abs(sound) < LOUDEST
        self._discarded += HOP - int(np.count_nonzero(kept))
        sane = np.clip(np.where(kept, sound, np.float32(0)), -1, 1)
        return sane, float(sane.min()), float(sane.max())

    def _centred(self, heard: Sound) -> Sound:
        """`heard` without the constant that converters add: it would pass for a sound that no echo explains."""
        self._offset += OFFSET_SHARE * (float(np.add.reduce(heard)) / HOP - self._offset)
        beyond = abs(self._offset) - OFFSET
        return heard if beyond <= 0 else heard - np.float32(math.copysign(beyond, self._offset))

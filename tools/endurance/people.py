"""Who is in the room for a day: somebody who talks with the device, agrees, coughs; others; and the noise, which is
another one every hour."""

from __future__ import annotations

import numpy as np

from edgeagent.ports import Sound
from edgeagent.sim import noises
from edgeagent.sim.mix import active_rms
from edgeagent.sim.truth import USER, Kind
from edgeagent.sim.voices import Cast
from edgeagent.units import CARD_BLOCK, RATE, samples

BACKGROUND = 20 * RATE
"""Samples of each background, over and over for an hour; a multiple of CARD_BLOCK."""

HOUR = 3600 * RATE

LEVEL, SPREAD = -27.0, 4.0
"""dBFS of a person at the microphone, and dB by which they differ one way or the other."""

FAR_BELOW = 16.0
"""dB by which somebody who does not talk to the device is below."""

FLOORS = (-72.0, -66.0, -60.0, -54.0)
"""dBFS of the background, hour by hour."""

WHAT = {Kind.INTERRUPTION: 8, Kind.BACKCHANNEL: 4, Kind.NOISE: 2, Kind.FAR_SPEECH: 2}
"""How often each, while the device speaks; a day has some of everything."""

SILENCE = samples(4000)
"""After which the person asks for more."""

PAUSE = samples(500)
"""Between two words of the device at most."""

REST = samples(2500)
"""From the end of a remark to the next at the earliest."""

Clips = dict[Kind, list[Sound]]


def clips_of(cast: Cast) -> Clips:
    """Everything that can be said, at RMS 1 over what is loud. Loaded once."""
    clips = {kind: [clip.load().astype(np.float32) for clip in cast.events[kind]] for kind in WHAT}
    dice = np.random.default_rng(1)
    clips[Kind.NOISE] += [make(dice).astype(np.float32) for make in noises.EVENTS.values() for _ in range(4)]
    clips[Kind.BACKCHANNEL] += [noises.hum(dice).astype(np.float32) for _ in range(4)]
    return {kind: [_even(clip) for clip in some] for kind, some in clips.items()}


def _even(clip: Sound) -> Sound:
    return clip / np.float32(active_rms(clip.astype(np.float64)))


class People:
    """`hear` gives what the microphone hears of them, period by period, for ever."""

    def __init__(self, clips: Clips, seed: int) -> None:
        self.spoke = 0
        """How often somebody has begun to take the floor."""
        self.onset = -1
        """Where the last of these began; -1 for a remark that takes nothing."""
        self._clips = clips
        self._seed = seed
        self._dice = np.random.default_rng((seed, 0))
        self._noises = [  # made once: to make one takes ten times the memory that it has
            make(self._dice, BACKGROUND).astype(np.float32) for _, make in sorted(noises.BACKGROUNDS.items())
        ]
        self._background = np.zeros(BACKGROUND, np.float32)
        self._saying = np.zeros(0, np.float32)
        self._next = 0  # before that sample nothing is said
        self._sounding, self._silent = -PAUSE, 0  # samples at which the loudspeaker was last seen so
        self._wait = 0  # into a sentence, before the person comes in

    def hear(self, at: int, sounds: bool) -> Sound:
        """(CARD_BLOCK,) float32 from sample `at` on, a multiple of CARD_BLOCK. sounds: whether the device does."""
        if at % HOUR == 0:
            self._change(at // HOUR)
        begin = at % BACKGROUND
        near = self._background[begin : begin + CARD_BLOCK].copy()
        if not self._saying.size:
            self._consider(at, sounds)
        if self._saying.size:
            now, self._saying = self._saying[:CARD_BLOCK], self._saying[CARD_BLOCK:]
            near[: now.size] += now
            if not self._saying.size:
                self._next = at + REST
        return near

    def _change(self, hour: int) -> None:
        """Another noise, in place: what the tool takes must not look like what the device takes."""
        noise, gain = self._noises[hour % len(self._noises)], np.float32(10 ** (FLOORS[hour % len(FLOORS)] / 20))
        cut = int(np.random.default_rng((self._seed, 1, hour)).integers(BACKGROUND))
        np.multiply(noise[cut:], gain, out=self._background[: BACKGROUND - cut])
        np.multiply(noise[:cut], gain, out=self._background[BACKGROUND - cut :])

    def _consider(self, at: int, sounds: bool) -> None:
        """Whether somebody says something now."""
        if sounds:
            self._sounding = at
        if at - self._sounding < PAUSE:
            if at - self._silent > self._wait and at > self._next:
                kinds, shares = list(WHAT), np.array(list(WHAT.values()), float)
                self._say(at, kinds[int(self._dice.choice(len(kinds), p=shares / shares.sum()))])
        else:
            self._silent = at
            if at - self._sounding > SILENCE and at > self._next:
                self._say(at, Kind.INTERRUPTION)

    def _say(self, at: int, kind: Kind) -> None:
        clips = self._clips[kind]
        level = LEVEL + self._dice.uniform(-SPREAD, SPREAD) - (FAR_BELOW if kind is Kind.FAR_SPEECH else 0.0)
        self._saying = np.float32(10 ** (level / 20)) * clips[int(self._dice.integers(len(clips)))]
        self._wait = samples(self._dice.uniform(800, 4000))
        takes = kind in USER
        self.spoke += takes
        self.onset = at if takes else -1

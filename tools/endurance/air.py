"""A sound card and the air in front of it, on a clock that only samples move; as far as it goes, in bounded memory.

The loudspeaker has a clock of its own, so the place of the echo slips all the time, as between two USB devices: over a
day by seconds. A lost block is lost as on a card: the microphone's time goes on without it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgeagent.ports import Heard, Pcm, Play, Sound
from edgeagent.signal.convert import to_float, to_int16
from edgeagent.units import CARD_BLOCK, RATE

RING = 1 << 13
"""Loudspeaker samples remembered (half a second): more than buffer, delay and response together."""

BUFFERED = 3 * CARD_BLOCK
"""Samples that the loudspeaker is ahead of the air."""

TAPS = 32
"""Of the sinc between two samples."""

PHASES = 128
"""Places between two samples; nearer than what a canceller can tell."""

DELAY = 80
"""Samples from the loudspeaker to the microphone besides the response: converters, 1.4 m of air."""


class AirCard:
    """See `ports.Card`. `turn` is one period; the thread that calls it is the callback's."""

    name = "air"
    input_rate = output_rate = RATE

    def __init__(self, response: Sound, ppm: float, saturation: float) -> None:
        """response: (n,) from loudspeaker to microphone. ppm: by how much the loudspeaker's clock is fast. saturation:
        level of its soft clip."""
        self.at = 0
        """Microphone samples that have passed."""
        self.lost = 0
        """Of these, how many nobody was given."""
        self.sounded = False
        """Whether the loudspeaker gave sound in the last period."""
        self._ppm = ppm * 1e-6
        self._saturation = saturation
        self._paths = _between_samples(response)
        self._ring = np.zeros(RING, np.float32)
        self._handed = 0  # loudspeaker samples handed over or passed in silence, on the loudspeaker's clock
        self._since = 0  # of these, the first after the last start
        self._runs = False
        self._missing = 0
        self._heard: Heard = lambda _pcm, _lost, _when: None
        self._play: Play = lambda _out, _when: None

    @property
    def now(self) -> float:
        """Seconds, by the microphone's clock."""
        return self.at / RATE

    def open(self, heard: Heard, play: Play) -> None:
        self._heard, self._play = heard, play
        self._runs = True

    def abort(self) -> int:
        self._runs = False
        sounded = self._sounded_until()
        unplayed = max(0, self._handed - max(sounded, self._since))
        self._ring[np.arange(sounded, self._handed) % RING] = 0
        self._since = self._handed
        return unplayed

    def restart(self) -> None:
        self._runs = True

    def age(self) -> float:
        return 0.0

    def facts(self) -> Mapping[str, int | float | str]:
        return {}

    def close(self) -> None:
        self._runs = False

    def turn(self, near: Sound, lose: bool = False) -> None:
        """One period: `near` (CARD_BLOCK,) float32 is what the microphone hears besides the loudspeaker. lose: nobody
        is given it."""
        self._fill()
        microphone = to_int16((near + self._echo()).astype(np.float32))
        when = self.now
        self.at += CARD_BLOCK
        if lose:
            self._missing += CARD_BLOCK
            return
        lost, self._missing = self._missing, 0
        self.lost += lost
        self._heard(microphone, lost, when)

    def _sounded_until(self) -> int:
        return int(self.at * (1 + self._ppm))

    def _fill(self) -> None:
        """The loudspeaker asks for what will sound soon, or passes the time in silence."""
        runs = self._runs  # a restart may come between
        if not runs:
            self._since = self._handed
        until = self._sounded_until() + BUFFERED + CARD_BLOCK
        while self._handed < until:
            out: Pcm = np.zeros(CARD_BLOCK, np.int16)
            if runs:
                self._play(out, self._handed / (RATE * (1 + self._ppm)))
            self._ring[np.arange(self._handed, self._handed + CARD_BLOCK) % RING] = to_float(out)
            self._handed += CARD_BLOCK

    def _echo(self) -> Sound:
        """(CARD_BLOCK,) of the loudspeaker at the microphone. Within a block the clocks do not drift apart."""
        place = self.at + self.at * self._ppm - DELAY
        whole = int(np.floor(place))
        path = self._paths[int((place - whole) * PHASES)]
        first = whole - path.size + 1 + TAPS // 2
        played = self._ring[np.arange(first, first + path.size - 1 + CARD_BLOCK) % RING]
        self.sounded = bool(played[-CARD_BLOCK:].any())
        if not self.sounded and not played.any():
            return np.zeros(CARD_BLOCK, np.float32)
        clipped = self._saturation * np.tanh(played / self._saturation)
        return np.convolve(clipped, path, "valid").astype(np.float32)


def _between_samples(response: Sound) -> list[Sound]:
    """`response` read at each of PHASES places between two samples: it then needs TAPS // 2 samples of the future."""
    k = np.arange(TAPS) - TAPS // 2
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(TAPS) + 0.5) / TAPS)
    shifts = [np.sinc(k + phase / PHASES) * window for phase in range(PHASES)]
    return [np.convolve(response, shift).astype(np.float32) for shift in shifts]

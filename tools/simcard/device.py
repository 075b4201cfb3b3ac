"""`edgeagent run` on the simulated card, and a person who talks with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from edgeagent.ports import Pcm, Sound
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.settings import Talker
from edgeagent.signal.convert import to_int16
from edgeagent.units import RATE
from tools.simcard.card import SimCard
from tools.simcard.orderly import orderly

ROOM = 0.0007
"""RMS of a quiet room. Its noise never repeats, so it tells which frame of the card a recorded sample is."""

LEVEL = 0.4
"""Of the person's voice, as a factor."""

PHRASES = (
    "Wait, no, I want to leave on Saturday.",
    "Stop, that is enough of it.",
    "No, tell me something else, please.",
)

PIECE = RATE // 4
"""The microphone is fed in pieces, and so far ahead that a late one is no gap."""

AHEAD = RATE // 2

SETTLED = RATE
"""What sounded so many frames ago can no longer be called back."""

SILENCE_S = 4.0
"""After which the person asks for more."""

LEAVE_S = 15.0


class Person:
    """In a quiet room: speaks up while the device speaks, and again when nobody has said anything for a while."""

    def __init__(self, sim: SimCard) -> None:
        with closing(EspeakTalker(Talker(voice="en+f3"))) as talker:
            self._phrases = [np.concatenate(list(talker.say(phrase))) for phrase in PHRASES]
        self._sim = sim
        self._random = np.random.default_rng(1)
        self._saying: Sound = np.zeros(0, np.float32)
        self._rest = self._silent = self._sounding = 0
        """Frames: before the first nothing is said; at the others the device was last seen so."""
        self.spoke = 0
        self.start = sim.frame()
        """Frame of the first sample of both `fed` and `played`."""
        self.fed: list[Pcm] = []
        """All that the microphone was given."""
        self.played: list[Pcm] = []
        """What the loudspeaker gave."""

    def live(self) -> None:
        """Call it ten times a second."""
        now = self._sim.frame()
        while (end := self.start + PIECE * len(self.fed)) < now + AHEAD:
            self._feed(end)
        while (end := self.start + PIECE * len(self.played)) + PIECE < now - SETTLED:
            self.played.append(self._sim.played(end, end + PIECE))
        self._listen(now)

    def _feed(self, at: int) -> None:
        sound = (ROOM * self._random.standard_normal(PIECE)).astype(np.float32)
        words, self._saying = self._saying[:PIECE], self._saying[PIECE:]
        sound[: words.size] += LEVEL * words
        self.fed.append(to_int16(sound))
        self._sim.feed(self.fed[-1], at=at)

    def _listen(self, now: int) -> None:
        if self._sim.played(now - RATE // 2, now).any():
            self._sounding = now
        else:
            self._silent = now
        interrupts = self._sounding - self._silent > self._random.uniform(0.7, 3.0) * RATE
        asks = self._silent - self._sounding > SILENCE_S * RATE
        if (interrupts or asks) and now > self._rest:
            self._saying = self._phrases[self.spoke % len(self._phrases)]
            self.spoke += 1
            self._rest = now + AHEAD + self._saying.size + RATE


@contextmanager
def running(sim: SimCard, session: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The device, recording into `session`. At the end it is asked to leave, and killed if it does not."""
    sim.state.echo_gain_q15, sim.state.echo_delay = 1 << 13, 80  # -12 dB after 5 ms
    command = [sys.executable, "-m", "edgeagent", "run", "--record", str(session), *options]
    with orderly(lambda: subprocess.Popen(command, env=sim.env(), stdout=subprocess.PIPE, text=True)) as process:
        try:
            yield process
            process.terminate()
            process.communicate(timeout=LEAVE_S)
        finally:
            process.kill()
            process.communicate()

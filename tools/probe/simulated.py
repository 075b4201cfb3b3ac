"""The same measurement on the simulated card, which knows the truth: a room for it, and what its record says."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from edgeagent.errors import EdgeAgentError
from edgeagent.ports import Pcm
from edgeagent.signal.convert import to_int16
from edgeagent.units import RATE
from tools.probe.spoken import ALIKE, Spoken, lowered
from tools.probe.voices import LEVEL_DBFS, PHRASES, interruptions
from tools.simcard import BuildError, SimCard
from tools.simcard.device import AHEAD, LEAVE_S, PIECE, ROOM
from tools.simcard.orderly import orderly
from tools.simcard.stop_times import last_sound_ms

CHILD = "--in-simulation"
"""What the child is told: its card is a simulated one."""

ECHO = (1 << 13, 80)
"""Gain in 2^-15 and delay in frames of the echo: -12 dB after 5 ms."""


def measure(arguments: Sequence[str], fifo: int = 0, person: bool = False) -> int:
    """The command with these arguments in a child that sees no other card, in a quiet room; its exit code. fifo: frames
    that sound even after an abort, as behind a USB bus. person: somebody is there to speak up when they are asked.
    Raises EdgeAgentError."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            sim = SimCard(Path(folder))
        except BuildError as missing:
            raise EdgeAgentError(f"no simulated card: {missing}", "see tools/simcard/README.md") from missing
        sim.state.echo_gain_q15, sim.state.echo_delay = ECHO
        sim.state.fifo = fifo
        room = _Room(sim, interruptions(PHRASES, None, LEVEL_DBFS, RATE) if person else [])
        script = Path(__file__).parents[1] / "latency_probe.py"
        command = [sys.executable, str(script), CHILD, *arguments]
        with orderly(lambda: subprocess.Popen(command, env=sim.env())) as child:
            try:
                while child.poll() is None:
                    room.live()
                    time.sleep(0.1)
            except KeyboardInterrupt:  # the child has had it as well, and reports what it has
                return child.wait()
            finally:
                _end(child)
        return child.returncode


def _end(child: subprocess.Popen[bytes]) -> None:
    """It may take its voice along, and remove what it has in temporary folders."""
    child.terminate()
    with suppress(subprocess.TimeoutExpired):
        child.wait(LEAVE_S)


class Record:
    """For the child: what the card has written down. See `director.Record`."""

    def __init__(self, spoken: Spoken) -> None:
        """spoken: has listened to what the device's voice makes."""
        self._sim = SimCard.attach(os.environ["ALSA_CONFIG_PATH"])
        self._spoken = spoken

    def ended(self, verdict: float) -> float:
        return last_sound_ms(self._sim, round(verdict * 1e9))

    def lowered(self, doubt: float, verdict: float) -> float | None:
        since, until = (self._sim.frame(round(when * 1e9)) for when in (doubt, verdict))
        found = lowered(self._sim.played(since - ALIKE, until), self._spoken.sound, ALIKE)
        if found is None or self._sim.state.rate != RATE:
            return None
        return float(self._sim.state.epoch_ns / 1e9 + (since - ALIKE + found) / RATE)


def ask() -> None:
    """For the child: let the simulated person speak up."""
    _beside("asked").touch()


def began() -> list[float]:
    """For the child: the moments of time.monotonic() at which they did."""
    sim, file = SimCard.attach(os.environ["ALSA_CONFIG_PATH"]), _beside("began")
    frames = file.read_text().split() if file.exists() else []
    return [sim.state.epoch_ns / 1e9 + int(frame) / int(sim.state.rate) for frame in frames]


def _beside(name: str, config: str = "") -> Path:
    """A file by which the two processes understand each other."""
    return Path(config or os.environ["ALSA_CONFIG_PATH"]).with_name(name)


class _Room:
    """Faint noise for the microphone: a device that hears exactly nothing believes it is broken. And somebody in it."""

    def __init__(self, sim: SimCard, voices: Sequence[Pcm]) -> None:
        self._sim = sim
        self._random = np.random.default_rng(1)
        self._fed = sim.frame()
        self._voices = voices
        self._spoken = 0
        self._saying = np.zeros(0, np.int16)

    def live(self) -> None:
        """Ten times a second."""
        while self._fed < self._sim.frame() + AHEAD:
            self._hear()
            sound = to_int16((ROOM * self._random.standard_normal(PIECE)).astype(np.float32))
            words, self._saying = self._saying[:PIECE], self._saying[PIECE:]
            sound[: words.size] += words
            self._sim.feed(sound, at=self._fed)
            self._fed += PIECE

    def _hear(self) -> None:
        """Whether somebody is to speak, from the next piece on."""
        asked = _beside("asked", str(self._sim.config))
        if self._voices and asked.exists():
            asked.unlink()
            with _beside("began", str(self._sim.config)).open("a") as file:
                file.write(f"{self._fed}\n")
            self._saying = self._voices[self._spoken % len(self._voices)]
            self._spoken += 1

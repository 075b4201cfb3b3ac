"""The course of a calibration: what is played when, from soft to loud, and what is asked of the person."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from edgeagent.commands._calibrate_advice import BENT_PERCENT, loudest
from edgeagent.commands._calibrate_measured import (
    CLIPS,
    Bend,
    Cancelling,
    Measured,
    Step,
    Stops,
    VoiceFrom,
    bend_of,
    cancelled,
    ended_ms,
    own,
    step_of,
    voiced_dbfs,
)
from edgeagent.commands._meter import Meter
from edgeagent.errors import DeviceError
from edgeagent.live.sounder import Stopped, Take, Way
from edgeagent.ports import Sound
from edgeagent.settings import Settings
from edgeagent.signal.level import level
from edgeagent.signal.sweep import Room, room, sweep
from edgeagent.sim.mix import active_rms
from edgeagent.sim.noises import coloured, murmur
from edgeagent.store.memory_database import Refused
from edgeagent.store.memory_file import look
from edgeagent.turn.events import UNKNOWN_DBFS
from edgeagent.units import RATE, milliseconds, samples

QUIET_S = 2.0
SENTENCE_S = 6.0
NOISE_S = 1.2
TALK_S = 12.0
"""Of the quiet room, the person's sentence, the noise at each volume, and the noise for the canceller, in which 8 ppm
show."""

SWEEP = samples(3000)
"""Of the swept sine: its harmonics lie 150 ms apart and more."""

SWEEP_PEAK = 0.5
"""A sweep is 16 dB louder than speech of the same peak; at half of it a loudspeaker works as hard as in loud speech."""

VOICE_DBFS = -19.5
"""Level of espeak's syllables, and so of our noise; RMS."""

STEADY_DBFS = -22.0
"""Of the noise that is stopped; RMS of pink noise, which peaks 12 dB higher."""

LADDER = (3, 6, 12, 25, 50)
"""Volumes in per cent, 6 dB apart, on the way up to the one that is configured: a loudspeaker of unknown loudness must
not begin at full power."""

TRIALS = 8
"""Stops of each way."""

MOST_MISSED = 4
"""Of which no end is heard: single ones fall into an underrun, several mean that this way does not stop anything."""

STOP_S = 0.35
"""Of noise before a stop, and of listening after it."""

FURTHER_DOWN = 0.7
"""Volume for the next look at distortion, as a share: 3 dB."""

LOOKS = 3
"""At distortion, at most."""

BETTER = 0.8
"""Share to which 3 dB less must bring distortion, or it has another cause than the volume."""

SENTENCE = "What time does the next train to the coast leave, please?"

Tell = Callable[[str], None]


class Sounding(Protocol):
    """What is used of `live.sounder.Sounder`."""

    name: str

    @property
    def card_s(self) -> tuple[float, float]: ...

    def watched(self, levels: Callable[[Sound], None]) -> AbstractContextManager[None]: ...

    def record(self, seconds: float) -> Take: ...

    def play(self, sound: Sound, gain: float) -> Take: ...

    def stop(self, sound: Sound, gain: float, way: Way, after_s: float, phase_s: float) -> Stopped: ...


@dataclass(frozen=True, slots=True)
class Recorded:
    """The sounds behind the figures, for the report: the device's noise at the microphone, and what the canceller left
    of it. response: of the room, (n,) float32."""

    microphone: Sound
    clean: Sound
    response: Sound


@dataclass(slots=True)
class Course:
    """One calibration. tell: gets a line before anything is done. person: whether one is there to say a sentence."""

    settings: Settings
    sounder: Sounding
    tell: Tell
    person: bool
    noise: Sound = field(default_factory=lambda: speech_like(NOISE_S))

    def run(self) -> tuple[Measured, Recorded]:
        """All of it; a minute. Raises DeviceError where nothing can be measured."""
        audio, floor_dbfs = self.settings.audio, self._quiet()
        voice_dbfs, voice_from, voice_peak = self._voice(floor_dbfs)
        steps, takes = self._ladder(floor_dbfs)
        volume = loudest(steps, voice_dbfs, audio.volume_percent)
        volume, found, acoustic, bends = self._sweeps(volume)
        take, made = self._talk(volume, floor_dbfs)
        stops = tuple(self._stops(way, volume, found) for way in self._ways())
        card_ms = 1000 * sum(self.sounder.card_s)
        heard = [step for step in steps if step.echo_dbfs is not None]
        if not heard and not made.found:
            self.tell("The echo lies below the noise of the room.")
        measured = Measured(
            card=self.sounder.name,
            volume_percent=volume,
            floor_dbfs=round(floor_dbfs, 1),
            voice_dbfs=round(voice_dbfs, 1),
            voice_from=voice_from,
            voice_peak_dbfs=voice_peak,
            steps=tuple(replace(one, own=own(of, found, floor_dbfs)) for one, of in zip(steps, takes, strict=True)),
            bends=tuple(bends),
            acoustic_ms=round(milliseconds(1) * acoustic, 2),
            card_ms=round(card_ms, 1),
            echo_gain_db=round(found.gain_db, 1),
            drift_ppm=made.drift_ppm,
            erle_db=made.erle_db,
            linear_erle_db=made.linear_erle_db,
            stops=stops,
            lost_frames=take.lost,
            own=own(take, found, floor_dbfs),
            right_to_ms=float(audio.block_ms) if audio.card == "pipe" else 0.0,
        )
        return measured, Recorded(take.microphone, made.clean, found.response)

    def _quiet(self) -> float:
        self.tell(f"Listening to the quiet room for {QUIET_S:g} s. Please be silent.")
        heard = level(self.sounder.record(QUIET_S).microphone)
        if heard.zero and not self.settings.audio.gated:
            raise DeviceError(
                "the microphone gives only zeros",
                "is it muted (`alsamixer`, F4, M), or its switch off? `edgeagent check --levels` shows what it gives",
            )
        if heard.still and not heard.zero:
            raise DeviceError("the microphone gives one and the same value", "unplug it and plug it in again")
        return heard.rms_dbfs

    def _voice(self, floor_dbfs: float) -> tuple[float, VoiceFrom, float | None]:
        """Level of the person, where that is from, and its peak."""
        for again in (False, True) if self.person else ():
            self.tell(
                "That was not heard. Once more, please:" if again else "From where you usually speak, please say:"
            )
            self.tell(f'    "{SENTENCE}"')
            with Meter(log=False) as meter, self.sounder.watched(meter.hear):
                take = self.sounder.record(SENTENCE_S)
            said = voiced_dbfs(take.microphone, floor_dbfs)
            if said is not None:
                return said, "said", round(level(take.microphone).peak_dbfs, 1)
        if (known := remembered(self.settings)) is not None:
            return known, "remembered", None
        return UNKNOWN_DBFS, "assumed", None

    def _ladder(self, floor_dbfs: float) -> tuple[list[Step], list[Take]]:
        """Louder and louder, until the microphone clips or the configured volume is reached."""
        limit = self.settings.audio.volume_percent
        self.tell(f"Playing noise like speech, {NOISE_S:g} s each, from soft to {limit} % at the loudest.")
        steps: list[Step] = []
        takes: list[Take] = []
        for volume in (*(step for step in LADDER if step < limit), limit):
            takes.append(self.sounder.play(self.noise, volume / 100))
            steps.append(step_of(takes[-1], volume, floor_dbfs))
            if steps[-1].clipped >= CLIPS:
                self.tell(f"The microphone clips at {volume} %; no louder than that.")
                break
        return steps, takes

    def _sweeps(self, volume: int) -> tuple[int, Room, float, list[Bend]]:
        """The volume, 3 dB less where that bends much less; the room; samples from the loudspeaker to the microphone;
        and what was bent at each volume tried."""
        bends: list[Bend] = []
        found, acoustic = self._sweep(volume, bends)
        for _ in range(LOOKS - 1):
            before, lower = bends[-1], max(1, round(volume * FURTHER_DOWN))
            if before.distortion_percent is None or before.distortion_percent <= max(
                BENT_PERCENT, before.doubt_percent
            ):
                break
            other = self._sweep(lower, bends)
            now = bends[-1].distortion_percent
            if now is None or now > BETTER * before.distortion_percent:
                break
            volume, (found, acoustic) = lower, other
        return volume, found, acoustic, bends

    def _sweep(self, volume: int, bends: list[Bend]) -> tuple[Room, float]:
        self.tell(f"Playing a sweep from low to high, {milliseconds(SWEEP) / 1000:g} s, at {volume} %.")
        take = self.sounder.play(SWEEP_PEAK * sweep(SWEEP), volume / 100)
        if take.lost:  # a gap passes for distortion
            take = self.sounder.play(SWEEP_PEAK * sweep(SWEEP), volume / 100)
        found = room(take.reference, take.microphone, SWEEP)
        if found is None and take.lost:
            raise DeviceError(
                f"{take.lost} samples of the microphone were lost while it was measured",
                "stop what else runs here; `edgeagent check` says whether the sound may take real time",
            )
        if found is None:
            raise DeviceError(
                "nothing that the loudspeaker plays is heard by the microphone",
                "is the loudspeaker on, its amplifier not muted (amplifier.mute_pin), and audio.output the right card "
                "(`edgeagent devices`)? A card that takes out its own echo needs no calibration: echo.enabled: false",
            )
        bends.append(bend_of(take, found, volume))
        return found, found.delay - take.early

    def _talk(self, volume: int, floor_dbfs: float) -> tuple[Take, Cancelling]:
        self.tell(f"Playing noise like speech at {volume} % for {TALK_S:g} s: the echo canceller learns the room.")
        take = self.sounder.play(speech_like(TALK_S, seed=2), volume / 100)
        return take, cancelled(take, floor_dbfs)

    def _ways(self) -> tuple[Way, ...]:
        return ("gate", "abort", "pin") if self.settings.amplifier.mute_pin >= 0 else ("gate", "abort")

    def _stops(self, way: Way, volume: int, found: Room) -> Stops:
        names = {"gate": "the gate", "abort": "an abort of the card", "pin": "the mute pin"}
        self.tell(f"Playing noise and stopping it by {names[way]}, {TRIALS} times.")
        dice = np.random.default_rng(3)
        noise = steady(2 * STOP_S + 1.0)
        ended: list[float] = []
        missed = 0
        while len(ended) < TRIALS and missed < MOST_MISSED:
            phase_s = dice.uniform(0, self.settings.audio.block_ms / 1000)
            trial = self.sounder.stop(noise, volume / 100, way, STOP_S, phase_s)
            took_ms = ended_ms(trial, noise, found)
            if took_ms is None:
                missed += 1
            else:
                ended.append(round(took_ms, 2))
        return Stops(way, tuple(ended), missed)


def speech_like(seconds: float, seed: int = 1) -> Sound:
    """(n,) float32: noise with the spectrum, the rhythm and the level of our voice."""
    noise = murmur(np.random.default_rng(seed), round(seconds * RATE), voices=1)
    return _at(noise / active_rms(noise), VOICE_DBFS)


def steady(seconds: float) -> Sound:
    """(n,) float32: noise without a pause in it."""
    return _at(coloured(np.random.default_rng(4), round(seconds * RATE), 1.0), STEADY_DBFS)


def _at(noise: np.typing.NDArray[np.float64], dbfs: float) -> Sound:
    return np.clip(noise * 10 ** (dbfs / 20), -0.99, 0.99).astype(np.float32)


def remembered(settings: Settings) -> float | None:
    """How loud the person usually is, if the device has learnt it, dBFS."""
    if not settings.memory.file:
        return None
    try:
        stood = look(Path(settings.memory.file).expanduser())
    except (Refused, OSError):  # `check` tells
        return None
    known = stood.remembered if stood else None
    return known.level_dbfs if known and known.turns else None

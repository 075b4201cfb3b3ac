"""The card, the echo, and the ear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Interval


@dataclass(frozen=True, slots=True)
class Audio:
    """The card."""

    card: Literal["pyaudio", "pipe", "wav"] = "pyaudio"
    """pyaudio: PortAudio callbacks. pipe: arecord and aplay children, for codecs PortAudio cannot drive. wav: files."""

    input: str = "default"
    """Input device by (part of its) name, as `edgeagent devices` lists it. Never an index: the order changes between
    boots."""

    output: str = "default"
    """Output device by (part of its) name."""

    streams: Literal["split", "duplex"] = "split"
    """split: one stream each way, so the microphone goes on through a hard stop. duplex: one stream for both."""

    rate_hz: Literal[0, 16000, 32000, 44100, 48000] = 0
    """Card rate. 0: 16 kHz if the card can, otherwise its own rate with resampling."""

    block_ms: Annotated[int, Interval(ge=5, le=64)] = 16
    """Card period. 16 is a step of the engine: every callback brings it one, and none has to wait for the next."""

    volume_percent: Annotated[int, Interval(ge=1, le=100)] = 100
    """Gain of our own voice before the card."""

    volume_least_percent: Annotated[int, Interval(ge=5, le=100)] = 20
    """"Softer", by voice or button, goes no further down: the device stays audible. Without a mixer a lower
    volume_percent is the least, and "softer" never makes anything louder."""

    volume_most_percent: Annotated[int, Interval(ge=5, le=100)] = 100
    """"Louder" goes no further up; a volume_percent above it stays until somebody asks for less."""

    mixer: str = ""
    """Control of the ALSA mixer that "louder" and "softer" turn, as CARD/CONTROL: `hw:Device/PCM`, with a control that
    `amixer -D hw:Device scontrols` lists. Empty: a gain of our own, up to 100 %; begin with a volume_percent below
    that, or there is nothing to make louder."""

    gated: bool = False
    """true: the microphone gives exact silence while nobody speaks, as conference speakerphones do. Otherwise 8 s of
    it mean that it is broken."""

    microphone_wav: str = ""
    """Card `wav`: what the microphone hears."""

    loudspeaker_wav: str = ""
    """Card `wav`: where the loudspeaker's sound goes; empty to throw it away."""


@dataclass(frozen=True, slots=True)
class Echo:
    """The canceller."""

    enabled: bool = True
    """false: for cards with a canceller of their own; the engine then takes the microphone as it is."""

    drift: bool = True
    """Follow the loudspeaker's clock against the microphone's. false where both share one crystal."""


@dataclass(frozen=True, slots=True)
class Models:
    """The two networks of the ear."""

    runtime: Literal["auto", "onnx", "litert"] = "auto"
    """auto: onnxruntime where it is installed, else LiteRT. Both decide alike."""

    folder: str = ""
    """Folder of models with their manifest.yaml, such as your own from tools/train; empty for those of this release."""

    smart_turn: str = ""
    """File of Smart Turn v3 (smart-turn-v3.x-cpu.onnx, 8 MB, not part of this release): asked at each pause whether the
    person has finished, it shortens or lengthens the patience. Needs onnxruntime. Empty: none."""


@dataclass(frozen=True, slots=True)
class Turns:
    """When to stop, when to go on, when the user is done."""

    false_stops_per_hour: Annotated[float, Interval(gt=0, le=120)] = 8.7
    """How many wrong stops an hour of talking you tolerate. Fewer means slower and more cautious."""

    adapt: bool = True
    """Learn from stops that had to be taken back, from interruptions that had to be said twice, and from how long
    people pause: slowly, and within bounds (`edgeagent forget --help`). false: judge by the settings alone."""

    patience_ms: Annotated[int, Interval(ge=200, le=3000)] = 700
    """Silence after which the user's turn is over, where nothing is known about the person or about what they are
    saying (docs/endpointing.md)."""

    longest_patience_ms: Annotated[int, Interval(ge=200, le=10_000)] = 2000
    """Silence after which it is over whatever is known; patience_ms, where that is more."""

    patient: bool = False
    """For people who stutter, search for words or speak slowly: both of the above count double, and nothing makes the
    device answer sooner."""

    false_alarm_ms: Annotated[int, Interval(ge=0, le=3000)] = 900
    """How long after a stop it may still be taken back."""

    longest_turn_ms: Annotated[int, Interval(ge=1000, le=120_000)] = 30_000
    """A user turn is handed over after this long even if the person goes on. One that is taken up again before it is
    answered, once it is so long, is a new one."""

    reply_timeout_ms: Annotated[int, Interval(ge=500, le=120_000)] = 20_000
    """From the end of a turn to the first sound of the reply at most: recogniser, replier and talker together. What
    comes later is dropped. Give it more than recogniser.patience_ms."""

    duck_db: Annotated[float, Interval(ge=-30, le=-3)] = -12.0
    """Level of our voice while in doubt."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """A second policy beside the live one, which decides nothing; where it would have decided otherwise is told."""

    false_stops_per_hour: Annotated[float, Interval(ge=0, le=120)] = 0.0
    """What `turns.false_stops_per_hour` is to be tried as. 0: as it is there; without `models` there is no shadow."""

    models: str = ""
    """Folder of models to be tried, such as your own from tools/train: they hear everything that the live ones hear,
    which costs as much once more. Empty: the shadow hears with the live ones."""

    @property
    def on(self) -> bool:
        """Whether there is one."""
        return self.false_stops_per_hour > 0 or bool(self.models)

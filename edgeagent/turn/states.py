"""The states of the device. Each carries exactly what is true in it, and nothing optional.

A user turn is named by the sample index of its onset, an utterance of ours by its number. `until` is a deadline in
samples; reaching it is the event `Passed`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Starting:
    """Not everything is built yet."""


@dataclass(frozen=True, slots=True)
class Idle:
    """Listening; nobody speaks."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """A user turn is open and we are silent."""

    turn: int
    until: int


@dataclass(frozen=True, slots=True)
class Thinking:
    """The user's turn `turn` is over; the reply has not begun."""

    turn: int
    until: int


@dataclass(frozen=True, slots=True)
class Speaking:
    """We speak and listen through our own echo. `waiting`: utterances that follow at once."""

    utterance: int
    waiting: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubting:
    """Ducked: somebody may be speaking since `onset`; the verdict is open until `until` at the latest."""

    utterance: int
    onset: int
    until: int
    waiting: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Yielding:
    """Stopped; the user has the floor. The rest of the utterance is kept while the stop may still prove a false
    alarm."""

    utterance: int
    turn: int
    until: int
    waiting: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class HalfDuplex:
    """We speak and the echo is not trustworthy: we say so and do not judge what we hear. The button still stops us."""

    utterance: int
    waiting: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Muted:
    """Muted by the button: we neither speak nor hand on what we hear."""


@dataclass(frozen=True, slots=True)
class MicLost:
    """The microphone gives nothing that makes sense, or somebody else has it. muted: by the button, from when it is
    back on."""

    reason: str
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Faulty:
    """Something we cannot work without is broken. muted: as of MicLost."""

    reason: str
    muted: bool = False


State = Starting | Idle | Hearing | Thinking | Speaking | Doubting | Yielding | HalfDuplex | Muted | MicLost | Faulty

CALIBRATING = "calibrating"
"""The reason of a MicLost that is meant and has an end: the card is lent to a calibration."""

AUDIBLE = (Speaking, Doubting, HalfDuplex)
"""The states in which the gate may be open."""

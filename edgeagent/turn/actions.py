"""What the machine asks of the slow world. Gate, lamp and amplifier are not here: they follow from the state."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do outside the engine."""


@dataclass(frozen=True, slots=True)
class Play(Action):
    """Let the player play `utterance` from its own sample `offset` (0, or the resume point after a false alarm)."""

    utterance: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Resume(Action):
    """Play the utterance again from a word or phrase start. The engine asks the ledger and hands out `Play`."""

    utterance: int


@dataclass(frozen=True, slots=True)
class Halt(Action):
    """Hard stop: abort the card's output. The utterance's rest is kept until `Discard` or `Play`."""

    utterance: int


@dataclass(frozen=True, slots=True)
class Discard(Action):
    """The utterance will not be played (any more): cancel its talker, drop its sound."""

    utterance: int


@dataclass(frozen=True, slots=True)
class CallOff(Action):
    """Nothing is wanted of what is being thought of or made, though we be just between two sentences; and what was cut
    off does not go on by itself (button, mute, fault)."""


@dataclass(frozen=True, slots=True)
class OpenTurn(Action):
    """A user turn begins, named by its onset (sample index). The moderator says from which sample `start` on its sound
    may be handed on, and which `number` (from 1) its `HandOver` will have."""

    turn: int
    number: int = 0
    start: int = 0


@dataclass(frozen=True, slots=True)
class CloseTurn(Action):
    """The user turn is over, its last voice at sample `end`. The moderator hands out `HandOver`."""

    turn: int
    end: int


@dataclass(frozen=True, slots=True)
class HandOver(Action):
    """Microphone samples [start, end) are the user's turn number `number` (from 1), pre-roll and trailing silence
    included: keep its sound under `audio` and ask for a reply. A reopened turn comes again, whole."""

    turn: int
    number: int
    start: int
    end: int

    @property
    def audio(self) -> str:
        """Name of the turn's sound file."""
        return sound_file(self.number)


@dataclass(frozen=True, slots=True)
class DropTurn(Action):
    """The user turn was none (false alarm, button, mute): cancel whoever works on it."""

    turn: int


@dataclass(frozen=True, slots=True)
class ReopenTurn(Action):
    """The user goes on before we replied: the turn is open again, under a `number` of its own, and the reply being made
    is stale."""

    turn: int
    number: int = 0
    start: int = 0


def sound_file(number: int) -> str:
    """The name of the sound file of user turn `number`."""
    return f"turn-{number:03d}.wav"

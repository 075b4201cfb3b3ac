"""What can happen, each stamped with the sample index at which the engine took it.

Two families. `Event`s move the turn machine. `Fact`s only feed the ledger of what was heard; the engine turns some of
them into events (an utterance that ceased because it was over becomes `ReplyFinished`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from edgeagent.turn.levels import Level

UNKNOWN_DBFS = -26.0
"""Level of voice that is assumed of somebody who has not spoken yet."""

LEVELS_DBFS = (-46.0, -10.0)
"""Bounds of the level that may be remembered."""

COUNTED_MOST = 1_000_000
"""Bound of what may have been counted: turns, mistakes, seconds."""


class Verdict(StrEnum):
    """How a doubt ends."""

    INTERRUPTION = "interruption"
    FALSE_ALARM = "false_alarm"


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened at sample `at`. Told with `at` before the engine's own index, it is stamped with that index;
    told ahead of it, it waits until the engine gets there. So a recording replays to the identical journal."""

    at: int


@dataclass(frozen=True, slots=True)
class Ready(Event):
    """Everything is built; the device may listen."""


@dataclass(frozen=True, slots=True)
class SpeechStarted(Event):
    """A person speaks here; the sound began at sample `onset`, up to a second before `at`."""

    onset: int


@dataclass(frozen=True, slots=True)
class SpeechEnded(Event):
    """The person has been silent for as long as `turn.endpointing` waits; the last voice was at sample `end`."""

    end: int


@dataclass(frozen=True, slots=True)
class Suspected(Event):
    """While we speak, something that may be a person began at sample `onset`: duck."""

    onset: int


@dataclass(frozen=True, slots=True)
class Judged(Event):
    """The evidence of an overlap crossed a bound."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class ReplyReady(Event):
    """The first sound of utterance `utterance` is at hand; it may begin."""

    utterance: int


@dataclass(frozen=True, slots=True)
class ReplyFinished(Event):
    """The last sample of the utterance has left the DAC."""

    utterance: int


@dataclass(frozen=True, slots=True)
class ReplyFailed(Event):
    """The talker or replier died, stalled or refused; what was heard so far counts."""

    utterance: int
    reason: str


@dataclass(frozen=True, slots=True)
class NoReply(Event):
    """The replier has nothing to say to turn `turn`."""

    turn: int


@dataclass(frozen=True, slots=True)
class EchoTrusted(Event):
    """The canceller removes our own voice well enough to listen through it."""


@dataclass(frozen=True, slots=True)
class EchoDoubted(Event):
    """The canceller cannot be believed at present: half duplex."""


@dataclass(frozen=True, slots=True)
class ButtonShort(Event):
    """Stop whatever is happening."""


@dataclass(frozen=True, slots=True)
class ButtonLong(Event):
    """Toggle mute."""


@dataclass(frozen=True, slots=True)
class MicrophoneFailed(Event):
    """Frames stopped, froze, or are all zero."""

    reason: str


@dataclass(frozen=True, slots=True)
class MicrophoneBack(Event):
    """Frames make sense again."""


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """Something the device cannot work without is broken."""

    reason: str


@dataclass(frozen=True, slots=True)
class Recovered(Event):
    """It works again."""


@dataclass(frozen=True, slots=True)
class Passed(Event):
    """The deadline that the state carries has been reached."""


EVENTS: tuple[type[Event], ...] = (
    Ready,
    SpeechStarted,
    SpeechEnded,
    Suspected,
    Judged,
    ReplyReady,
    ReplyFinished,
    ReplyFailed,
    NoReply,
    EchoTrusted,
    EchoDoubted,
    ButtonShort,
    ButtonLong,
    MicrophoneFailed,
    MicrophoneBack,
    Failed,
    Recovered,
    Passed,
)
"""Every event the machine decides on."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of an utterance: samples [start, end) of that utterance's own sound."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the ledger must know; stamped and recorded like an event."""

    at: int


@dataclass(frozen=True, slots=True)
class Scripted(Fact):
    """What utterance `utterance` says. Told when it is first known and again whenever more is known; the last one
    counts.

    words: in order, possibly empty. pauses: stretches [start, end) of silence in its sound. length: samples in all, 0
    while unknown. protected: what is heard over it may lower the voice and no more; a button still stops it."""

    utterance: int
    text: str
    words: tuple[Word, ...] = ()
    pauses: tuple[tuple[int, int], ...] = ()
    length: int = 0
    protected: bool = False


@dataclass(frozen=True, slots=True)
class Playing(Fact):
    """The loudspeaker plays the utterance from its own sample `offset` on. dac: where that is in the player's own count
    of what it has rendered, which is no place in time."""

    utterance: int
    offset: int
    dac: int


@dataclass(frozen=True, slots=True)
class Ceased(Fact):
    """The utterance stopped sounding: samples before `offset` have left the DAC (frames an abort took back are not
    among them). finished: nothing of it is left."""

    utterance: int
    offset: int
    dac: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Lost(Fact):
    """The card lost frames or jumped: `frames` microphone samples were replaced by silence; `shift`: the loudspeaker is
    now so many samples later against the microphone than before. kind names the cause (overflow, underflow,
    restart)."""

    kind: str
    frames: int = 0
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Outage(Fact):
    """The microphone gave no frames, which a `Lost` told when it began. It is over, or the device ends with it:
    `frames` samples of silence in all have taken their place. What a card that comes back tells as lost is among
    them."""

    frames: int


@dataclass(frozen=True, slots=True)
class Hint(Fact):
    """Somebody other than the ear has noticed something: a camera, a presence or gesture sensor, a word spotter.

    source: its name; each source counts by itself. person, floor: log-likelihood ratios in nats, finite and negative
    when they speak against it: that a person is addressing us here, and that they are taking the floor. Raises
    ValueError for what is no number."""

    source: str
    person: float
    floor: float

    def __post_init__(self) -> None:
        if not (isfinite(self.person) and isfinite(self.floor)):
            raise ValueError(f"a hint of {self.person} and {self.floor} nats")


@dataclass(frozen=True, slots=True)
class Completeness(Fact):
    """Somebody's opinion on whether the person has said all that they want to: from the words so far, or from how they
    sounded.

    source: its name; the newest opinion of each counts. complete: probability, 0.5 for no idea. upto: the microphone
    sample up to which it listened; it says nothing about what follows. Raises ValueError for what is no
    probability."""

    source: str
    complete: float
    upto: int

    def __post_init__(self) -> None:
        if not 0 <= self.complete <= 1:
            raise ValueError(f"complete {self.complete} is not from 0 to 1")


@dataclass(frozen=True, slots=True)
class Woken(Fact):
    """Somebody has called the device by its wake word `word`, which ended at microphone sample `end`."""

    word: str
    end: int


@dataclass(frozen=True, slots=True)
class WakeWord(Fact):
    """Whether anybody listens for the wake word, where one is configured."""

    heard: bool


@dataclass(frozen=True, slots=True)
class Remembered(Fact):
    """What the device has learnt at earlier starts. Told before the first sound, so that a recording holds what it
    began with.

    level_dbfs: how loud the person usually is, from so many turns. false_stops, repeats: mistakes in spoken_s seconds
    of our own speech, see `turn.habits`; old ones count less, so they need not be whole. pause_ms: how long the person
    pauses inside a turn, from so many turns (`phrases`), see `turn.endpointing`; 0 for not known. Raises ValueError for
    what nobody can have learnt."""

    level_dbfs: float = UNKNOWN_DBFS
    turns: int = 0
    false_stops: float = 0.0
    repeats: float = 0.0
    spoken_s: float = 0.0
    pause_ms: float = 0.0
    phrases: int = 0

    def __post_init__(self) -> None:
        least, most = LEVELS_DBFS
        if not least <= self.level_dbfs <= most:
            raise ValueError(f"level_dbfs {self.level_dbfs} is not from {least} to {most}")
        for name in ("turns", "false_stops", "repeats", "spoken_s", "pause_ms", "phrases"):
            value = getattr(self, name)
            if not 0 <= value <= COUNTED_MOST:
                raise ValueError(f"{name} {value} is not from 0 to {COUNTED_MOST}")


@dataclass(frozen=True, slots=True)
class Forgotten(Fact):
    """A person wants everything forgotten that was learnt about them."""


@dataclass(frozen=True, slots=True)
class Shed(Fact):
    """The machine is too slow for sound, or no longer: from now on so much is left out as the `Level` says. Raises
    ValueError for another."""

    level: int

    def __post_init__(self) -> None:
        Level(self.level)


@dataclass(frozen=True, slots=True)
class Alone(Fact):
    """Whoever understands and answers has gone away, or is back."""

    alone: bool


FACTS: tuple[type[Fact], ...] = (
    Scripted,
    Playing,
    Ceased,
    Lost,
    Outage,
    Hint,
    Completeness,
    Woken,
    WakeWord,
    Remembered,
    Forgotten,
    Shed,
    Alone,
)
"""Every fact."""

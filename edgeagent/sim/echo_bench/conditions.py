"""The conditions of the bench: one base, others that differ from it in one thing, and one that has most of it at once.

The base is a device that talks all the time in a room of 0.4 s, its echo 10 dB above a person at one to two metres,
60 ms late, through a small loudspeaker that clips softly, with noise 30 dB below the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Distortion(StrEnum):
    """What the loudspeaker does to loud sound."""

    NONE = "none"
    MILD = "mild"
    HARD = "hard"
    MEMORY = "memory"


class Far(StrEnum):
    """What the loudspeaker plays."""

    SPEECH = "speech"
    MUSIC = "music"
    BEEPS = "beeps"


class Event(StrEnum):
    """What happens once in the middle, while nobody but the device speaks."""

    NONE = "none"
    LATER = "later"
    EARLIER = "earlier"
    MOVED = "moved"
    RETURN = "return"
    """The device, silent for a minute, speaks again: there the scene proper begins."""


class Fault(StrEnum):
    """What the microphone does to its sound."""

    NONE = "none"
    CLIPS = "clips"
    AGC = "agc"


BASE_VOLUME = 0.5
"""Peak of what the loudspeaker gets."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What is true in a scene. echo_db and noise_db: above and below the person's active level. told: whether the
    card reports the event. card_rate: Hz of the card, 16000 without a resampler. recorded: measured impulse responses
    in place of simulated ones."""

    name: str
    what: str
    echo_db: float = 10.0
    rt60_s: float = 0.4
    delay_ms: float = 60.0
    drift_ppm: float = 0.0
    distortion: Distortion = Distortion.MILD
    noise_db: float = 30.0
    babble: bool = False
    far: Far = Far.SPEECH
    volume: float = BASE_VOLUME
    event: Event = Event.NONE
    told: bool = False
    fault: Fault = Fault.NONE
    card_rate: int = 16_000
    recorded: bool = False


CONDITIONS = (
    Condition("base", "what all others are, but for one thing"),
    Condition("linear", "a loudspeaker without distortion", distortion=Distortion.NONE),
    Condition("hard", "a loudspeaker that clips hard", distortion=Distortion.HARD),
    Condition("memory", "a loudspeaker whose force falls with its excursion", distortion=Distortion.MEMORY),
    Condition("echo+15", "echo 15 dB above the person", echo_db=15.0),
    Condition("echo+0", "echo as loud as the person", echo_db=0.0),
    Condition("rt60-0.2", "a dry room, 0.2 s", rt60_s=0.2),
    Condition("rt60-0.7", "a live room, 0.7 s", rt60_s=0.7),
    Condition("delay-10", "echo 10 ms late", delay_ms=10.0),
    Condition("delay-150", "echo 150 ms late", delay_ms=150.0),
    Condition("delay-280", "echo 280 ms late", delay_ms=280.0),
    Condition("drift+50", "loudspeaker clock 50 ppm fast", drift_ppm=50.0),
    Condition("drift-200", "loudspeaker clock 200 ppm slow", drift_ppm=-200.0),
    Condition(
        "later-told", "echo 40 ms later from one sample to the next; the card tells", event=Event.LATER, told=True
    ),
    Condition("later-found", "the same, and nobody tells", event=Event.LATER),
    Condition("earlier-told", "echo 40 ms earlier in the same way; the card tells", event=Event.EARLIER, told=True),
    Condition("earlier-found", "the same, and nobody tells", event=Event.EARLIER),
    Condition("path-change", "another room response within 20 ms: somebody moved", event=Event.MOVED),
    Condition("volume-1", "1 % of full scale at the loudspeaker", volume=0.01),
    Condition("volume-100", "full scale at the loudspeaker", volume=1.0),
    Condition("clipping", "a microphone that clips one sample in 200", fault=Fault.CLIPS),
    Condition("agc", "a microphone with automatic gain control", fault=Fault.AGC),
    Condition("card-44.1", "a card at 44.1 kHz, through the resampler", card_rate=44_100),
    Condition("card-48", "a card at 48 kHz, through the resampler", card_rate=48_000),
    Condition("music", "music from the loudspeaker", far=Far.MUSIC),
    Condition("beeps", "beeps from the loudspeaker", far=Far.BEEPS),
    Condition("babble", "people talking in the distance, 15 dB below the person", babble=True, noise_db=15.0),
    Condition("after-silence", "measured from where the device, a minute silent, speaks again", event=Event.RETURN),
    Condition("recorded", "measured responses of loudspeakers and rooms, from FOLDER", recorded=True),
    Condition(
        "field",
        "what recordings have, at once: memory, agc, card-44.1, 123 ms, 37 ppm, path-change",
        distortion=Distortion.MEMORY,
        fault=Fault.AGC,
        card_rate=44_100,
        delay_ms=123.0,
        drift_ppm=37.0,
        event=Event.MOVED,
    ),
)
"""In the order of the table. All but the last differ from the base in one thing."""

"""Everything a person may set, frozen, the unit under each field. `config` reads it from YAML and checks the ranges.

The defaults work: with nothing configured the device holds a small scripted conversation on the default card. The text
under a field is also what `edgeagent check --example` prints above it, and the range in its type is what a person is
told who leaves it. Built directly (in a test, in a program), nothing is checked.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Annotated, Literal

from annotated_types import Interval

Pin = Annotated[int, Interval(ge=0, le=27)]
"""A GPIO by its BCM number, as on the pinout card, not the position on the header."""

OptionalPin = Annotated[int, Interval(ge=-1, le=27)]
"""A GPIO by its BCM number; -1 for none."""

PRIVATE = "private"
"""Marks text that may hold a password or a key: no message and no report prints it."""

Command = Annotated[str, PRIVATE]
"""A command line. People put tokens into these."""


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

    block_ms: Annotated[int, Interval(ge=5, le=64)] = 10
    """Card period."""

    volume_percent: Annotated[int, Interval(ge=1, le=100)] = 100
    """Gain of our own voice before the card."""

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


@dataclass(frozen=True, slots=True)
class Turns:
    """When to stop, when to go on, when the user is done."""

    false_stops_per_hour: Annotated[float, Interval(gt=0, le=120)] = 12.0
    """How many wrong stops an hour of talking you tolerate. Fewer means slower and more cautious."""

    adapt: bool = True
    """Learn from stops that had to be taken back, and from interruptions that had to be said twice: slowly, and within
    bounds (`edgeagent forget --help`). false: judge by the settings alone."""

    patience_ms: Annotated[int, Interval(ge=200, le=3000)] = 700
    """Silence after which the user's turn is over."""

    false_alarm_ms: Annotated[int, Interval(ge=0, le=3000)] = 900
    """How long after a stop it may still be taken back."""

    longest_turn_ms: Annotated[int, Interval(ge=1000, le=120_000)] = 30_000
    """A user turn is handed over after this long even if the person goes on."""

    reply_timeout_ms: Annotated[int, Interval(ge=500, le=120_000)] = 20_000
    """How long the replier may think."""

    duck_db: Annotated[float, Interval(ge=-30, le=-3)] = -12.0
    """Level of our voice while in doubt."""


@dataclass(frozen=True, slots=True)
class Capture:
    """What is handed to the recogniser."""

    pre_roll_ms: Annotated[int, Interval(ge=0, le=3000)] = 800
    """Sound handed over from before the onset, so no leading word is lost. The ring always keeps 3000."""

    on_turn: Command = ""
    """Command that gets each user turn: the WAV path in EDGEAGENT_WAV, and the sound as raw int16 16 kHz on stdin while
    it is spoken."""

    turns_dir: str = ""
    """Folder for the WAV of each user turn, in a folder for each start. Empty: beside a recorded session's journal;
    without one only in memory, and in a temporary file while `on_turn` runs."""

    turns_kept: Annotated[int, Interval(ge=1, le=1_000_000)] = 1000
    """How many of the newest turns stay in `turns_dir`; a minute of sound is 2 MB."""


@dataclass(frozen=True, slots=True)
class Lamp:
    """The light."""

    kind: Literal["none", "led", "rgb", "apa102", "terminal"] = "none"
    """terminal: a line per change."""

    pins: tuple[Pin, ...] = ()
    """GPIO numbers (BCM): one for led, red green blue for rgb."""

    spi_device: Annotated[int, Interval(ge=0, le=1)] = 0
    """APA102: chip select on SPI bus 0."""

    leds: Annotated[int, Interval(ge=1, le=144)] = 3
    """APA102: how many."""

    brightness_percent: Annotated[int, Interval(ge=1, le=100)] = 30
    """Of full drive."""

    power_pin: OptionalPin = -1
    """GPIO that powers the strip; -1 for none."""


@dataclass(frozen=True, slots=True)
class Button:
    """One button."""

    pin: OptionalPin = -1
    """GPIO number (BCM); -1 for none."""

    long_press_ms: Annotated[int, Interval(ge=300, le=5000)] = 1000
    """From here on a press is long: mute."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What else may notice a person. It only ever shifts a doubt that a voice has raised."""

    presence_pin: OptionalPin = -1
    """GPIO number (BCM) of a presence sensor (PIR, radar), high while somebody is there; -1 for none."""

    gesture_pin: OptionalPin = -1
    """GPIO number (BCM) of a gesture or touch sensor, high while it sees a hand; -1 for none."""

    socket: str = ""
    """Path of a Unix datagram socket for hints of other programs (`edgeagent hint --help`); empty for none."""

    words: Literal["none", "pocketsphinx"] = "none"
    """pocketsphinx: a recogniser in a process of its own listens for "stop", "wait", "uh-huh" and the like, in English,
    while in doubt. A small hint that comes late; our own scenes are decided no better with it (docs/words.md)."""


@dataclass(frozen=True, slots=True)
class Amplifier:
    """The amplifier's mute pin."""

    mute_pin: OptionalPin = -1
    """GPIO number (BCM); -1 for none."""

    mute_when: Literal["low", "high"] = "low"
    """The pin's level that silences the amplifier (MAX98357A SD_MODE, PCM5102 XSMT: low)."""


@dataclass(frozen=True, slots=True)
class Talker:
    """The voice."""

    kind: Literal["espeak", "wav", "command", "wyoming"] = "espeak"
    """espeak: built in, with word times. wav: recorded sentences. command: any program that writes PCM. wyoming: a
    voice server of Home Assistant's protocol, such as wyoming-piper."""

    voice: str = "en"
    """espeak voice name, as `espeak-ng --voices` lists them."""

    words_per_minute: Annotated[int, Interval(ge=80, le=450)] = 165
    """Speed of speech."""

    command: Command = ""
    """Talker `command`: gets the text on stdin, writes int16 mono to stdout."""

    command_rate_hz: Annotated[int, Interval(ge=8000, le=48000)] = 16000
    """Rate of what the command writes."""

    uri: str = "tcp://127.0.0.1:10200"
    """Talker `wyoming`: tcp://host:port or unix:///path. `voice` is its voice, unless it is espeak's default."""

    wav_dir: str = ""
    """Talker `wav`: folder with one WAV per sentence and an index.yaml of sentence to file."""

    stall_ms: Annotated[int, Interval(ge=200, le=60_000)] = 5000
    """A talker that gives no sound for so long has failed."""


@dataclass(frozen=True, slots=True)
class Script:
    """The scripted replier."""

    opening: str = (
        "Hello. I am a device you can interrupt. I will tell you a little story, and you may stop me at any time."
    )
    """Said at the start; empty to wait for the user."""

    replies: tuple[str, ...] = (
        "All right, I stopped. Shall I tell you something else?",
        "I am listening through my own voice, so you never have to wait for me to finish.",
        "You can say stop, or wait, whenever you like, and I will hear you.",
    )
    """Said in turn, one after each user turn, over and over."""

    file: str = ""
    """YAML with `opening` and `replies`, instead of the two above."""


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Who understands what people say."""

    kind: Literal["command", "wyoming"] = "command"
    """command: `capture.on_turn`; empty, nobody. wyoming: a server of Home Assistant's protocol, such as
    wyoming-faster-whisper."""

    uri: str = "tcp://127.0.0.1:10300"
    """Recogniser `wyoming`: tcp://host:port or unix:///path. What people say goes there."""

    language: str = ""
    """Recogniser `wyoming`: what it is told to expect; empty for its own choice."""

    patience_ms: Annotated[int, Interval(ge=500, le=60_000)] = 8000
    """How long a turn's text may take once the turn is over."""


@dataclass(frozen=True, slots=True)
class Replier:
    """Who answers."""

    kind: Literal["script", "chat", "command"] = "script"
    """script: the sentences of `script`. chat: a language model behind OpenAI's interface (Ollama, llama.cpp, vLLM, a
    cloud). command: any program."""

    url: str = "http://127.0.0.1:11434/v1"
    """Replier `chat`: address up to and with /v1. What people say goes there. A key, where one is needed, comes from
    the variable EDGEAGENT_CHAT_KEY or the credential chat-key of the unit, never from this file."""

    model: str = ""
    """Replier `chat`: the model's name there."""

    system: str = (
        "You speak with people through a loudspeaker. Answer in one to three short sentences, without lists, headings "
        "or symbols. A dash at the end of something you said means that you were interrupted there, and that nothing "
        "behind it was heard."
    )
    """Replier `chat`: what it is told about itself."""

    most_tokens: Annotated[int, Interval(ge=16, le=4096)] = 300
    """Replier `chat`: length of a reply at most; 300 are about a minute of speech."""

    command: Command = ""
    """Replier `command`: gets each turn as a line of JSON on stdin, prints the reply."""

    stall_ms: Annotated[int, Interval(ge=200, le=120_000)] = 15_000
    """A replier that gives nothing for so long has failed."""


Follows = Literal["silent", "reply", "repair", "offer", "resume"]
"""What the device does after an interruption. silent: nothing; "go on" takes the rest up again. reply: replies, and
drops the rest of what it was saying. repair: says that it is sorry, then replies. offer: replies, then asks whether to
go on. resume: goes on as if nothing had been said."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What follows an interruption, where a recogniser tells what was said (`capture.on_turn`)."""

    languages: tuple[str, ...] = ("en",)
    """Languages that people may speak, all at once: en de es fr hi pt whole; ar ja zh and the 22 scheduled languages of
    India in part (`edgeagent check --languages`). The first one is that of "sorry" and "shall I go on?"."""

    correction: Follows = "repair"
    """After "no, not Bangalore, Mangalore"."""

    clarification: Follows = "offer"
    """After "what does that mean?"."""

    question: Follows = "offer"
    """After another question that interrupts."""

    request: Follows = "reply"
    """After a new wish."""

    answer: Follows = "reply"
    """After an answer to our question."""

    backchannel: Follows = "resume"
    """After "uh-huh", should it have stopped the device."""

    nonverbal: Follows = "resume"
    """After a sound without a word."""

    far: Follows = "resume"
    """After speech that was not for the device."""


@dataclass(frozen=True, slots=True)
class Record:
    """What `edgeagent run` writes down: whole sessions, for `edgeagent replay`, and a journal without their sound."""

    dir: str = ""
    """Folder for sessions, in a folder for each start: mic.wav, reference.wav, events.jsonl, journal.jsonl. Empty:
    nothing is recorded."""

    journal: str = ""
    """File for the journal alone, over all starts: what was decided and what happened beside it. Empty: none."""

    journal_mb: Annotated[int, Interval(ge=1, le=4096)] = 10
    """MB after which `journal` is begun anew; the one before stays beside it, with .1 behind its name."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered from start to start."""

    file: str = ""
    """File for what the device has learnt about its people: how loud they usually are, and what its mistakes have
    taught. A few numbers, no sound and no words. Empty: it begins anew at every start. `edgeagent forget` resets it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration."""

    audio: Audio = field(default_factory=Audio)
    echo: Echo = field(default_factory=Echo)
    models: Models = field(default_factory=Models)
    turns: Turns = field(default_factory=Turns)
    capture: Capture = field(default_factory=Capture)
    lamp: Lamp = field(default_factory=Lamp)
    button: Button = field(default_factory=Button)
    hints: Hints = field(default_factory=Hints)
    amplifier: Amplifier = field(default_factory=Amplifier)
    talker: Talker = field(default_factory=Talker)
    script: Script = field(default_factory=Script)
    recogniser: Recogniser = field(default_factory=Recogniser)
    replier: Replier = field(default_factory=Replier)
    dialogue: Dialogue = field(default_factory=Dialogue)
    record: Record = field(default_factory=Record)
    memory: Memory = field(default_factory=Memory)


def understands(settings: Settings) -> bool:
    """Whether anybody tells what a person has said."""
    return settings.recogniser.kind == "wyoming" or bool(settings.capture.on_turn)


def settings_hash(settings: Settings) -> str:
    """16 hex digits that differ wherever two configurations do; every journal names them. The same on every machine."""
    return hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode()).hexdigest()[:16]

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

Port = Annotated[int, Interval(ge=0, le=65_535)]
"""A TCP port; what 0 means stands under each."""

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

    kind: Literal["espeak", "wav", "command"] = "espeak"
    """espeak: built in, with word times. wav: recorded sentences. command: any program that writes PCM."""

    voice: str = "en"
    """espeak voice name, as `espeak-ng --voices` lists them."""

    words_per_minute: Annotated[int, Interval(ge=80, le=450)] = 165
    """Speed of speech."""

    command: Command = ""
    """Talker `command`: gets the text on stdin, writes int16 mono to stdout."""

    command_rate_hz: Annotated[int, Interval(ge=8000, le=48000)] = 16000
    """Rate of what the command writes."""

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
class Metrics:
    """Figures for Prometheus over HTTP (docs/monitoring.md)."""

    port: Port = 0
    """Port of http://ADDRESS:PORT/metrics, for example 9464; 0 for none."""

    address: str = "127.0.0.1"
    """IP address of this machine at which it answers. 0.0.0.0: at all of them, and whoever reaches it may read."""

    name: str = ""
    """Host name under which Prometheus reaches it, where that is neither an address nor the machine's own name, such as
    one with a domain."""


@dataclass(frozen=True, slots=True)
class Mqtt:
    """What happens, told to an MQTT broker. The password comes from elsewhere (docs/monitoring.md)."""

    host: str = ""
    """The broker's name or address; empty for none."""

    port: Port = 0
    """The broker's port. 0: 1883, and with tls 8883."""

    tls: bool = False
    """Encrypt, and believe only a broker whose certificate is good for `host`."""

    ca_file: str = ""
    """With tls: PEM file of who has signed the broker's certificate; empty for those whom the system believes."""

    user: str = ""
    """Name to log in with; empty for none."""

    prefix: str = "edgeagent"
    """Topics begin with PREFIX/DEVICE/."""

    device: str = ""
    """Name of this device in the topics; empty for the name of the machine."""

    vitals_s: Annotated[int, Interval(ge=0, le=86_400)] = 60
    """Seconds between two reports of levels, echo and load; 0 for none."""

    discovery: str = ""
    """Home Assistant finds the device where this is its discovery prefix (homeassistant); empty for none."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that shows the device in a browser (docs/monitoring.md)."""

    port: Port = 0
    """Port of http://ADDRESS:PORT/, for example 8090; 0 for none."""

    address: str = "127.0.0.1"
    """IP address of this machine at which it answers. At any but 127.0.0.1 it asks for a token."""

    name: str = ""
    """Host name under which browsers reach it, where that is not the machine's own: that of a proxy. With one it asks
    for a token."""


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
    record: Record = field(default_factory=Record)
    memory: Memory = field(default_factory=Memory)
    metrics: Metrics = field(default_factory=Metrics)
    mqtt: Mqtt = field(default_factory=Mqtt)
    page: Page = field(default_factory=Page)


def settings_hash(settings: Settings) -> str:
    """16 hex digits that differ wherever two configurations do; every journal names them. The same on every machine."""
    return hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode()).hexdigest()[:16]

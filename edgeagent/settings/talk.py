"""Who speaks, who understands, who answers, and what follows an interruption."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Interval

from edgeagent.settings.marks import Command


@dataclass(frozen=True, slots=True)
class Capture:
    """What is handed to the recogniser."""

    pre_roll_ms: Annotated[int, Interval(ge=0, le=3000)] = 800
    """Sound handed over from before the onset, so no leading word is lost. The ring always keeps 3000."""

    on_turn: Command = field(default="", repr=False)
    """Command that gets each user turn: the WAV path in EDGEAGENT_WAV, and the sound as raw int16 16 kHz on stdin while
    it is spoken."""

    turns_dir: str = ""
    """Folder for the WAV of each user turn, in a folder for each start. Empty: beside a recorded session's journal;
    without one only in memory, and in a temporary file while `on_turn` runs."""

    turns_kept: Annotated[int, Interval(ge=1, le=1_000_000)] = 1000
    """How many of the newest turns stay in `turns_dir`, and those at which `on_turn` still works; a minute of sound is
    2 MB."""


@dataclass(frozen=True, slots=True)
class Talker:
    """The voice."""

    kind: Literal["espeak", "flite", "piper", "wav", "command", "wyoming"] = "espeak"
    """espeak: built in, with word times. flite: English, with word times (`apt install flite`). piper: a neural voice;
    `model` is its file. wav: recorded sentences. command: any program that writes PCM. wyoming: a voice server of Home
    Assistant's protocol, such as wyoming-piper."""

    voice: str = "en"
    """espeak voice name, as `espeak-ng --voices` lists them. Talker `flite`: slt (where this is en), rms, awb, kal or
    kal16."""

    words_per_minute: Annotated[int, Interval(ge=80, le=450)] = 165
    """Speed of speech. Talker `piper`: 165 is the voice's own."""

    model: str = ""
    """Talker `piper`: the voice, a file such as en_US-lessac-medium.onnx; its .onnx.json must lie beside it."""

    command: Command = field(default="", repr=False)
    """Talker `command`: gets the text on stdin, writes int16 mono to stdout. Talker `piper`: the program, if it is not
    `piper`."""

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

    rules: str = ""
    """YAML with rules, by which what was said is answered (docs/dialogue.md), instead of all above. Needs a
    recogniser."""

    reading: str = ""
    """Text file that is read aloud from the start on, sentence by sentence. It can be interrupted with questions, which
    go to `replier`, and goes on where it was."""


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Who understands what people say."""

    kind: Literal["command", "wyoming", "vosk", "sherpa", "pocketsphinx"] = "command"
    """command: `capture.on_turn`; empty, nobody. wyoming: a server of Home Assistant's protocol, such as
    wyoming-faster-whisper. vosk, sherpa: on this machine, with the model in `model`. pocketsphinx: on this machine,
    nothing to fetch, English only, and it errs often."""

    model: str = ""
    """Recognisers `vosk` and `sherpa`: the folder of a model, as it is unpacked."""

    form: Literal["streaming", "transducer", "whisper", "sense_voice"] = "streaming"
    """Recogniser `sherpa`: what the model is. streaming (a transducer): understands while somebody speaks. The others
    begin when the turn is over."""

    threads: Annotated[int, Interval(ge=1, le=4)] = 1
    """Recogniser `sherpa`: cores it may use."""

    uri: str = "tcp://127.0.0.1:10300"
    """Recogniser `wyoming`: tcp://host:port or unix:///path. What people say goes there."""

    language: str = ""
    """Recognisers `wyoming` and `sherpa` (whisper, sense_voice): what it is told to expect; empty for its own
    choice."""

    patience_ms: Annotated[int, Interval(ge=500, le=60_000)] = 8000
    """How long a turn's text may take once the turn is over."""

    early: bool = True
    """Listen as soon as somebody may be speaking over the device, and not only once it has stopped for them; what was
    no turn is thrown away unread (docs/dialogue.md). Not recogniser `command`, which gets turns only."""


@dataclass(frozen=True, slots=True)
class Replier:
    """Who answers."""

    kind: Literal["script", "chat", "command", "wyoming"] = "script"
    """script: the sentences or the rules of `script`. chat: a language model behind OpenAI's interface (Ollama,
    llama.cpp, vLLM, a cloud). command: any program. wyoming: a server of Home Assistant's protocol that handles what
    people say."""

    url: str = "http://127.0.0.1:11434/v1"
    """Replier `chat`: address up to and with /v1. What people say goes there. A key, where one is needed, comes from
    the variable EDGEAGENT_CHAT_KEY or the credential chat-key of the unit, never from this file."""

    needs_key: Literal["auto", "always", "never"] = "auto"
    """Replier `chat`: whether the device is to be refused without a key. auto: where `url` is https and not of this
    house, which is a private address, or a name without a dot or ending in .local, .lan, .home or .internal. always:
    wherever it is. never: the server takes none, and none is sent."""

    model: str = ""
    """Replier `chat`: the model's name there."""

    system: str = (
        "You speak with people through a loudspeaker. Answer in one to three short sentences, without lists, headings "
        "or symbols. A dash at the end of something you said means that you were interrupted there, and that nothing "
        "behind it was heard."
    )
    """Replier `chat`: what it is told about itself."""

    tools: str = ""
    """Replier `chat`: YAML file with programs that the model may run (docs/dialogue.md). Empty for none."""

    uri: str = "tcp://127.0.0.1:10500"
    """Replier `wyoming`: tcp://host:port or unix:///path. What people say goes there."""

    most_tokens: Annotated[int, Interval(ge=16, le=4096)] = 300
    """Replier `chat`: length of a reply at most; 300 are about a minute of speech."""

    command: Command = field(default="", repr=False)
    """Replier `command`: gets each turn as a line of JSON on stdin, prints the reply."""

    stall_ms: Annotated[int, Interval(ge=200, le=120_000)] = 15_000
    """A replier that gives nothing for so long has failed."""


Follows = Literal["silent", "reply", "repair", "offer", "resume"]
"""What the device does after an interruption. silent: nothing; "go on" takes the rest up again. reply: replies, and
drops the rest of what it was saying. repair: says that it is sorry, then replies. offer: replies, then asks whether to
go on. resume: goes on as if nothing had been said."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What follows an interruption, where a recogniser tells what was said (`capture.on_turn`, `recogniser.kind`)."""

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

    stop: Literal["silent", "acknowledge"] = "silent"
    """After "stop". It stops in any case, and "go on" takes the rest up again. acknowledge: it says "okay", too."""

    hold: Literal["silent", "acknowledge"] = "silent"
    """After "wait a minute"; as `stop`."""

    repeat: Literal["repeat", "reply", "offer"] = "repeat"
    """After "say that again". repeat: says the last sentence once more, then the rest. reply, offer: leaves it to the
    replier, which may have other words for it; then drops the rest, or asks whether to go on."""

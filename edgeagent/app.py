"""Builds everything; the only file that knows every name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from edgeagent import __version__
from edgeagent.credential import credential
from edgeagent.detect.ear import Ear
from edgeagent.detect.words import Words
from edgeagent.devices.gpio import Factory, pin_factory
from edgeagent.devices.gpio_button import GpioButton
from edgeagent.devices.gpio_hint import GESTURE, PRESENCE, GpioHint
from edgeagent.devices.gpio_lamp import GpioLamp
from edgeagent.devices.gpio_mute import GpioMute
from edgeagent.devices.model_files import chosen, load_model, manifest
from edgeagent.devices.terminal_lamp import TerminalLamp
from edgeagent.dialogue.dialogue import Dialogue
from edgeagent.dialogue.kinds import Kind
from edgeagent.dialogue.reactions import Reaction
from edgeagent.engine import Engine
from edgeagent.errors import DeviceError
from edgeagent.live import realtime
from edgeagent.live.actuators import Actuators, NoLamp, NoMutePin
from edgeagent.live.conversation import Conversation, Listen, Told
from edgeagent.live.cues import Cues
from edgeagent.live.door import Door
from edgeagent.live.guarded_card import GuardedCard, close_quietly
from edgeagent.live.health import Health
from edgeagent.live.inbox import Inbox
from edgeagent.live.loop import Loop
from edgeagent.live.pace import Pace
from edgeagent.live.repair import Repair
from edgeagent.live.runtime import Runtime
from edgeagent.live.sound_path import SoundPath
from edgeagent.live.turns import Both, Listener
from edgeagent.live.watchdog import Watchdog
from edgeagent.ports import Card, EchoCanceller, Journal, Lamp, MutePin, Replier, Spotter, Talker
from edgeagent.services.chat_replier import ChatReplier
from edgeagent.services.command_replier import CommandReplier
from edgeagent.services.command_talker import CommandTalker
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.services.hint_socket import HintSocket
from edgeagent.services.pocketsphinx_link import STALL_S
from edgeagent.services.pocketsphinx_spotter import PocketsphinxSpotter
from edgeagent.services.scripted_replier import ScriptedReplier
from edgeagent.services.turn_hook import TurnHook
from edgeagent.services.wav_talker import WavTalker
from edgeagent.services.wyoming_recogniser import WyomingRecogniser
from edgeagent.services.wyoming_talker import WyomingTalker
from edgeagent.settings import Audio, Button, Hints, Script, Settings, settings_hash, understands
from edgeagent.settings import Talker as Voice
from edgeagent.signal.bypass import Bypass
from edgeagent.signal.canceller import Canceller
from edgeagent.signal.playback import Playback
from edgeagent.store.folders import dated
from edgeagent.store.journal import TeeJournal
from edgeagent.store.keeper import Keeper
from edgeagent.turn.events import Event, Forgotten, Hint, Remembered


def build_engine(settings: Settings, journal: Journal, ear: Ear | None = None) -> Engine:
    """A new engine. ear: instead of the one with the models of the settings. Raises ModelError."""
    return Engine(settings, journal, build_canceller(settings), ear or build_ear(settings))


def parts(settings: Settings) -> tuple[EchoCanceller, Ear]:
    """What a new engine hears with, for those who look inside. Raises ModelError."""
    return build_canceller(settings), build_ear(settings)


def build_canceller(settings: Settings) -> EchoCanceller:
    """What takes our own voice out."""
    return Canceller(settings.echo.drift) if settings.echo.enabled else Bypass()


def build_ear(settings: Settings) -> Ear:
    """What hears people. Raises ModelError."""
    folder, kind = chosen(settings.models)
    return Ear(*(load_model(name, folder, kind=kind) for name in ("near_end", "backchannel")))


def versions(settings: Settings) -> dict[str, str]:
    """What decides besides the settings: this program's version and its models' checksums. Raises ModelError."""
    return {"edgeagent": __version__} | {
        name: digest[:12] for name, (_, digest) in manifest(*chosen(settings.models)).items()
    }


def head(settings: Settings) -> dict[str, object]:
    """The first entry of every journal. Raises ModelError."""
    return {"at": 0, "event": "started", "settings": settings_hash(settings), **versions(settings)}


def build_card(audio: Audio) -> Card:
    """The card, found and not yet opened. Raises DeviceError or SoundFileError."""
    match audio.card:
        case "wav":
            from edgeagent.devices.wav_card import WavCard

            if not audio.microphone_wav:
                raise DeviceError("the card of files has no microphone", "set audio.microphone_wav")
            return WavCard(audio.microphone_wav, audio.loudspeaker_wav, audio.block_ms)
        case "pipe":
            from edgeagent.devices.pipe_card import PipeCard

            return PipeCard(audio.input, audio.output, audio.rate_hz, audio.block_ms)
    from edgeagent.devices.pyaudio_card import PyAudioCard

    return PyAudioCard(audio.input, audio.output, audio.streams, audio.rate_hz, audio.block_ms)


def build_factory(settings: Settings) -> Factory | None:
    """The driver of the pins, if there are any. Raises DeviceError."""
    pins = (settings.button.pin, settings.amplifier.mute_pin, settings.lamp.power_pin, *settings.lamp.pins)
    pins += (settings.hints.presence_pin, settings.hints.gesture_pin)
    return pin_factory() if any(pin >= 0 for pin in pins) else None


def build_lamp(settings: Settings, factory: Factory | None) -> Lamp:
    """Raises DeviceError."""
    match settings.lamp.kind:
        case "terminal":
            return TerminalLamp()
        case "led" | "rgb":
            return GpioLamp(settings.lamp, factory)
        case "apa102":
            from edgeagent.devices.apa102_lamp import Apa102Lamp, open_spi

            return Apa102Lamp(settings.lamp, open_spi(settings.lamp.spi_device), factory)
    return NoLamp()


def build_amplifier(settings: Settings, factory: Factory | None) -> MutePin:
    """Muted until somebody speaks. Raises DeviceError."""
    return GpioMute(settings.amplifier, factory) if settings.amplifier.mute_pin >= 0 else NoMutePin()


def build_talker(voice: Voice) -> Talker:
    """Raises ServiceError."""
    match voice.kind:
        case "wav":
            return WavTalker(voice.wav_dir)
        case "command":
            return CommandTalker(voice)
        case "wyoming":
            return WyomingTalker(voice)
    return EspeakTalker(voice)


def build_replier(settings: Settings) -> tuple[Replier, str]:
    """Who answers, and what is said before anybody asks. Raises ConfigError or ServiceError."""
    script = ScriptedReplier(settings.script)
    match settings.replier.kind:
        case "chat":
            opening = settings.script.opening if settings.script.opening != Script().opening else ""
            return ChatReplier(settings.replier, credential("chat-key")), opening
        case "command":
            return CommandReplier(settings.replier), ""
    return script, script.opening


def build_runtime(
    settings: Settings,
    journal: Journal,
    notes: Journal,
    *,
    replies: bool = True,
    session: Path | None = None,
    ear: Ear | None = None,
) -> Runtime:
    """A device ready to `run`. journal: what the engine decides, and nothing else; `replay` repeats it. notes: what
    happens beside it, such as turns handed over. replies: false for a device that only says what it is told to.
    session: the folder it is recorded in, for the turns' WAVs. ear: see `build_engine`.

    Raises EdgeAgentError with the remedy; then everything is closed again."""
    with ExitStack() as closing:
        talker = build_talker(settings.talker)  # first: a voice loads while the rest is built
        closing.callback(talker.close)
        replier, opening = build_replier(settings) if replies else (None, "")
        factory = build_factory(settings)
        lamp = build_lamp(settings, factory)
        closing.callback(lamp.close)
        amplifier = build_amplifier(settings, factory)
        closing.callback(amplifier.close)
        playback, inbox = Playback(), Inbox()
        kept = ear is None and settings.memory.file  # nothing is learnt by an ear that is not the device's own
        keeper = Keeper(Path(settings.memory.file).expanduser()) if kept else None
        door = Door(build_engine(settings, TeeJournal(journal, keeper) if keeper else journal, ear))
        listen, words = build_listener(settings, session), None
        if spotter := build_spotter(settings.hints, _trouble("hint_trouble", inbox, lambda: conversation)):
            closing.callback(spotter.close)
            words = Words(spotter, door.engine.clean)
        understands = build_dialogue(settings)
        conversation = Conversation(door, playback, inbox, notes, talker, replier, listen, understands, words)
        closing.callback(conversation.close)
        if spotter:
            closing.callback(lambda: conversation.note("word_spotter", **spotter.facts()))
        add_button(settings.button, factory, (inbox, door), closing)
        add_hints(settings.hints, factory, (inbox, door, conversation), closing)
        if keeper:
            add_memory(keeper, (inbox, door, conversation), closing)
        if isinstance(talker, EspeakTalker):
            talker.check()
        opener = _opener(settings.audio, playback)
        hygiene = realtime.prepare()
        closing.callback(realtime.relax)
        loop = Loop(
            door,
            opener(),
            inbox,
            Actuators(playback, amplifier, lamp, settings),
            Cues(playback),
            conversation,
            Watchdog(still=settings.audio.card == "wav"),
            Repair(opener),
            Health(playback, lambda: door.engine.drift_ppm, Pace([words] if words else [])),
        )
        closing.callback(loop.close)
        if opening:
            conversation.say(opening)
        return Runtime(door, loop, conversation, (journal, notes), head(settings), hygiene, closing.pop_all())


def build_listener(settings: Settings, session: Path | None) -> Listen:
    """Who gets the user's turns. Their WAVs lie beside the journal of a recorded session; in `capture.turns_dir` each
    session has a folder of its own, for turns are numbered anew. What it makes raises ServiceError."""
    capture = settings.capture
    patience_s = settings.turns.reply_timeout_ms / 2000  # the other half of what Thinking may take is the replier's
    folder = str(dated(Path(capture.turns_dir)) if capture.turns_dir else session or "")
    most = capture.turns_kept if capture.turns_dir else 0

    def listen(recognised: Told, trouble: Told, kept: Told) -> Listener | None:
        if settings.recogniser.kind == "wyoming":
            recogniser = WyomingRecogniser(settings.recogniser, recognised, trouble)
            return Both(recogniser, TurnHook("", folder, 0.0, _nobody, trouble, kept, most)) if folder else recogniser
        if not (capture.on_turn or folder):
            return None
        return TurnHook(capture.on_turn, folder, patience_s, recognised, trouble, kept, most)

    return listen


def _nobody(_turn: int, _text: str) -> None:
    """Does not want to know."""


def build_dialogue(settings: Settings) -> Dialogue | None:
    """What follows an interruption; None where nobody tells what was said. Raises ConfigError."""
    if not understands(settings):
        return None
    from edgeagent.config.languages import language  # here, because pydantic costs a quarter of the start

    wanted: dict[Kind, Reaction] = {
        kind: Reaction(getattr(settings.dialogue, kind.value)) for kind in Kind if kind is not Kind.COMMAND
    }
    return Dialogue(language(settings.dialogue.languages), wanted)


def build_spotter(hints: Hints, trouble: Callable[[str], None], stall_s: float = STALL_S) -> Spotter | None:
    """Who listens for words, if anybody shall. trouble: gets a line about it, on any thread. stall_s: after which one
    that does not answer is given up. Raises ServiceError."""
    return PocketsphinxSpotter(trouble, stall_s) if hints.words == "pocketsphinx" else None


def add_button(button: Button, factory: Factory | None, to: tuple[Inbox, Door], closing: ExitStack) -> None:
    """The button, if there is one. Raises DeviceError."""
    if button.pin >= 0:
        closing.callback(GpioButton(button, factory, lambda event: _press(*to, event)).close)


def add_hints(hints: Hints, factory: Factory | None, to: tuple[Inbox, Door, Conversation], closing: ExitStack) -> None:
    """Whatever else may notice a person. Raises DeviceError or ServiceError."""
    inbox, door, conversation = to

    def tell(hint: Hint) -> bool:
        return inbox.post(lambda: door.tell(hint))

    def end(listening: HintSocket) -> None:
        listening.close()
        if listening.refused or listening.dropped:
            conversation.note("hints_lost", refused=listening.refused, dropped=listening.dropped)

    for sensor, pin in ((PRESENCE, hints.presence_pin), (GESTURE, hints.gesture_pin)):
        if pin >= 0:
            closing.callback(GpioHint(sensor, pin, factory, tell).close)
    if hints.socket:
        closing.callback(end, HintSocket(hints.socket, tell, _trouble("hint_trouble", inbox, lambda: conversation)))


def add_memory(keeper: Keeper, to: tuple[Inbox, Door, Conversation], closing: ExitStack) -> None:
    """What earlier starts have taught: the engine is told before the first sound, and whatever it learns is kept."""
    inbox, door, conversation = to

    def recall(remembered: Remembered | None) -> None:
        if remembered is not None:
            door.tell(remembered)

    def replace(remembered: Remembered | None) -> None:
        door.tell(Forgotten(0))
        recall(remembered)

    trouble = _trouble("memory_trouble", inbox, lambda: conversation)
    recalled = keeper.remembered
    inbox.post(lambda: recall(recalled))
    if keeper.refused:
        trouble(keeper.refused)
    keeper.start(lambda remembered: inbox.post(lambda: replace(remembered)), trouble)
    closing.callback(keeper.close)


def _opener(audio: Audio, playback: Playback) -> Callable[[], SoundPath]:
    def opened() -> SoundPath:
        card = GuardedCard(build_card(audio))
        try:
            return SoundPath(card, playback.render_into)
        except BaseException:
            close_quietly(card)
            raise

    return opened


def _trouble(event: str, inbox: Inbox, conversation: Callable[[], Conversation]) -> Callable[[str], None]:
    """Takes lines about what is wrong with something beside the engine; from any thread, and perhaps before there is a
    conversation."""

    def trouble(text: str) -> None:
        inbox.post(lambda: conversation().note(event, text=text))

    return trouble


def _press(inbox: Inbox, door: Door, event: Event) -> None:
    """A button, from its own thread."""
    inbox.post(lambda: door.tell(event))

"""Who speaks, who gets the user's turns, who answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edgeagent.credential import credential, hide
from edgeagent.dialogue.dialogue import Dialogue
from edgeagent.dialogue.kinds import Kind
from edgeagent.dialogue.reactions import CHOSEN, Reaction
from edgeagent.live.conversation import Listen, Told
from edgeagent.live.turns import Audience, Both, Listener
from edgeagent.ports import Replier, Spotter, Talker
from edgeagent.services.chat_replier import ChatReplier
from edgeagent.services.command_replier import CommandReplier
from edgeagent.services.command_talker import CommandTalker
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.services.flite_talker import FliteTalker
from edgeagent.services.library_recogniser import LibraryRecogniser, process
from edgeagent.services.piper_talker import PiperTalker
from edgeagent.services.pocketsphinx_link import STALL_S
from edgeagent.services.pocketsphinx_spotter import PocketsphinxSpotter
from edgeagent.services.reading_replier import ReadingReplier
from edgeagent.services.reading_text import read_text
from edgeagent.services.rule_replier import RuleReplier
from edgeagent.services.satellite import Satellite
from edgeagent.services.scripted_replier import ScriptedReplier
from edgeagent.services.turn_hook import TurnHook
from edgeagent.services.wav_talker import WavTalker
from edgeagent.services.wyoming_recogniser import WyomingRecogniser
from edgeagent.services.wyoming_replier import WyomingReplier
from edgeagent.services.wyoming_talker import WyomingTalker
from edgeagent.settings import Hints, Recogniser, Script, Settings, understands
from edgeagent.settings import Talker as Voice
from edgeagent.store.folders import dated
from edgeagent.turn.cue_words import CueWords


def build_talker(voice: Voice) -> Talker:
    """Raises ServiceError."""
    hide()  # a voice is the first child of a device
    match voice.kind:
        case "wav":
            return WavTalker(voice.wav_dir)
        case "command":
            return CommandTalker(voice)
        case "wyoming":
            return WyomingTalker(voice)
        case "flite":
            return FliteTalker(voice)
        case "piper":
            return PiperTalker(voice)
    return EspeakTalker(voice)


def build_replier(settings: Settings, satellite: Satellite | None = None) -> tuple[Replier, str]:
    """Who answers, and what is said before anybody asks. Raises ConfigError or ServiceError."""
    script = settings.script
    if not script.reading:
        return _answering(settings, satellite)
    text = read_text(script.reading)
    other, opening = _answering(settings, satellite)
    return ReadingReplier(text, other), opening if opening != Script().opening else ""


def _answering(settings: Settings, satellite: Satellite | None) -> tuple[Replier, str]:
    if satellite is not None:
        return satellite, settings.script.opening if settings.script.opening != Script().opening else ""
    if settings.replier.kind == "script" and settings.script.rules:
        rules = RuleReplier(settings.script.rules)
        return rules, rules.opening
    script = ScriptedReplier(settings.script)
    match settings.replier.kind:
        case "chat":
            opening = settings.script.opening if settings.script.opening != Script().opening else ""
            key = "" if settings.replier.needs_key == "never" else credential("chat-key")
            return ChatReplier(settings.replier, key), opening
        case "command":
            return CommandReplier(settings.replier), ""
        case "wyoming":
            return WyomingReplier(settings.replier), ""
    return script, script.opening


def build_listener(
    settings: Settings, session: Path | None, satellite: Satellite | None = None, lenient: bool = False
) -> Listen:
    """Who gets the user's turns. Their WAVs lie beside the journal of a recorded session; in `capture.turns_dir` each
    session has a folder of its own, for turns are numbered anew. lenient: see `TurnFolder`. What it makes raises
    ServiceError."""
    capture = settings.capture
    patience_s = settings.turns.reply_timeout_ms / 2000  # the other half of what Thinking may take is the replier's
    folder = str(dated(Path(capture.turns_dir)) if capture.turns_dir else session or "")
    most = capture.turns_kept if capture.turns_dir else 0
    lenient = lenient or not capture.turns_dir  # whoever records a session says what is wrong with its folder

    def listen(recognised: Told, trouble: Told, kept: Told) -> Audience | None:
        recogniser: Listener | None
        if satellite is not None:
            recogniser = satellite.listen(recognised, trouble)
        else:
            recogniser = _recogniser(settings.recogniser, recognised, trouble)
        if recogniser is not None:
            if not folder:
                return recogniser
            return Both(recogniser, TurnHook("", folder, 0.0, _nobody, trouble, kept, most, lenient))
        if not (capture.on_turn or folder):
            return None
        return TurnHook(capture.on_turn, folder, patience_s, recognised, trouble, kept, most, lenient)

    return listen


def _recogniser(wanted: Recogniser, recognised: Told, trouble: Told) -> Listener | None:
    """Who understands the turns, if it is not `capture.on_turn`. Raises ServiceError."""
    match wanted.kind:
        case "command":
            return None
        case "wyoming":
            return WyomingRecogniser(wanted, recognised, trouble)
    return LibraryRecogniser(process(wanted), wanted.patience_ms / 1000, recognised, trouble, early=wanted.early)


def _nobody(_turn: int, _text: str) -> None:
    """Does not want to know."""


def build_dialogue(settings: Settings) -> Dialogue | None:
    """What follows an interruption; None where nobody tells what was said. Raises ConfigError."""
    if not understands(settings):
        return None
    from edgeagent.config.languages import language  # here, because pydantic costs a quarter of the start

    chosen = (*(kind.value for kind in Kind if kind is not Kind.COMMAND), *CHOSEN)
    wanted = {name: Reaction(getattr(settings.dialogue, name)) for name in chosen}
    return Dialogue(language(settings.dialogue.languages), wanted)


def build_spotter(hints: Hints, trouble: Callable[[str], None], stall_s: float = STALL_S) -> Spotter | None:
    """Who listens for words, if anybody shall. trouble: gets a line about it, on any thread. stall_s: after which one
    that does not answer is given up. Raises ServiceError."""
    return PocketsphinxSpotter(spotted().all, trouble, stall_s) if hints.words == "pocketsphinx" else None


def spotted() -> CueWords:
    """The words that are listened for: English ones, the language of the one recogniser that does."""
    from edgeagent.config.languages import floor_words  # as above

    return floor_words("en")

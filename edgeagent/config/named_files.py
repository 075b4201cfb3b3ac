"""Models, voices, texts, rules, tools, programs and keys that a configuration needs: whether they are given, there, and
as they must be. All of it by looking at files: nothing is loaded and no child is started."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from edgeagent.config.chat_address import missing_key
from edgeagent.config.faults import Fault, judged
from edgeagent.config.languages import broken
from edgeagent.devices.manifest import chosen, manifest, verified
from edgeagent.errors import install, install_package
from edgeagent.services import espeak_voices, flite_voices
from edgeagent.services.chat_tools import read_tools
from edgeagent.services.command_line import words_of
from edgeagent.services.piper_voice import program, voice_rate
from edgeagent.services.reading_text import read_text
from edgeagent.services.recogniser_models import LIBRARIES, model_files
from edgeagent.services.recorded_sentences import read_sentences
from edgeagent.services.rule_file import read_rules
from edgeagent.services.script_file import read_script
from edgeagent.settings import Models, Recogniser, Settings, Talker, understands

NONE = ("", "")
"""No library is needed."""

PATHS = (
    *("audio.microphone_wav", "audio.loudspeaker_wav", "models.folder", "models.smart_turn", "shadow.models"),
    *("capture.turns_dir", "hints.socket", "talker.model", "talker.wav_dir", "script.file", "script.rules"),
    *("script.reading", "recogniser.model", "replier.tools", "record.dir", "record.journal", "flight.dir"),
    *("memory.file", "mqtt.ca_file"),
)
"""Settings in which a ~ stands for a home."""

GET_SMART_TURN = "Give the smart-turn-v3 file for the CPU (smart-turn-v3.x-cpu.onnx), or leave it empty"


def missing(settings: Settings) -> Iterator[Fault]:
    """Every fault of what is needed, each with the setting that a person would change."""
    yield from libraries(settings)
    yield from models(settings)
    yield from programs(settings)
    yield from voices(settings.talker)
    yield from recognisers(settings.recogniser)
    yield from repliers(settings)
    yield from cues(settings)
    yield from missing_key(settings.replier)


def homeless(tree: Mapping[str, Mapping[str, object]]) -> list[Fault]:
    """Paths, by section and key, that begin in the home of somebody whom this machine does not know."""
    faults = []
    for path in PATHS:
        section, _, key = path.partition(".")
        value = tree.get(section, {}).get(key)
        if isinstance(value, str) and value.startswith("~"):
            try:
                Path(value).expanduser()
            except RuntimeError:
                whose = Path(value).parts[0]
                faults.append(Fault(path, f"there is no home '{whose}' on this machine. Give the whole path"))
    return faults


def installed(library: str) -> bool:
    """Whether Python would find it."""
    return find_spec(library) is not None


def libraries(settings: Settings) -> Iterator[Fault]:
    """Which libraries are wanted that are not installed: each is an extra."""
    wyoming = ("wyoming", "wyoming")
    kind, satellite = settings.recogniser.kind, settings.satellite
    for key, value, (library, extra) in (
        ("recogniser.kind", kind, wyoming if kind == "wyoming" else LIBRARIES.get(kind, NONE)),
        ("talker.kind", settings.talker.kind, wyoming if settings.talker.kind == "wyoming" else NONE),
        ("replier.kind", settings.replier.kind, wyoming if settings.replier.kind == "wyoming" else NONE),
        ("activation.mode", settings.activation.mode, wyoming if settings.activation.mode == "wake" else NONE),
        ("satellite.discovery", "true", ("zeroconf",) * 2 if satellite.enabled and satellite.discovery else NONE),
        ("hints.words", settings.hints.words, LIBRARIES.get(settings.hints.words, NONE)),
    ):
        if library and not installed(library):
            yield Fault(key, f"'{value}' needs the library {library}, which is not installed. {install(extra)}")


def voices(talker: Talker) -> Iterator[Fault]:
    """What is wrong with the voice that is wanted."""
    match talker.kind:
        case "espeak":
            yield from judged("talker.voice", lambda: espeak_voices.check_voice(talker.voice))
        case "flite":
            yield from judged("talker.voice", lambda: flite_voices.check_voice(flite_voices.chosen(talker.voice)))
            yield from judged("talker.kind", lambda: flite_voices.check_installed(flite_voices.chosen(talker.voice)))
        case "piper" if not talker.model:
            yield Fault("talker.model", "missing. talker.kind is piper: give the .onnx file of a voice")
        case "piper":
            yield from judged("talker.model", lambda: voice_rate(talker.model))
        case "wav" if talker.wav_dir:
            yield from judged("talker.wav_dir", lambda: read_sentences(talker.wav_dir))


def programs(settings: Settings) -> Iterator[Fault]:
    """What is wrong with the programs that are named. A command line is split by the shell's rules of quoting, without
    a shell."""
    talker = settings.talker
    commands = {
        "capture.on_turn": settings.capture.on_turn,
        "talker.command": talker.command,
        "replier.command": settings.replier.command,
    }
    for key, command in commands.items():
        if command:
            yield from judged(key, lambda key=key, command=command: words_of(command, key))  # type: ignore[misc]
    if talker.kind == "piper" and not talker.command:
        yield from judged("talker.kind", lambda: program(talker), ("talker.command",))


def recognisers(recogniser: Recogniser) -> Iterator[Fault]:
    """What is wrong with the model of the recogniser that is wanted."""
    yield from judged("recogniser.model", lambda: model_files(recogniser), ("recogniser.form",))


def repliers(settings: Settings) -> Iterator[Fault]:
    """What is wrong with the files of the replier that is wanted, every fault of theirs."""
    script, replier = settings.script, settings.replier
    by_rules = replier.kind == "script" and bool(script.rules)
    if by_rules:
        yield from judged("script.rules", lambda: read_rules(script.rules), ("replier.kind",))
    elif script.file:
        yield from judged("script.file", lambda: read_script(script.file), ("script.rules", "replier.kind"))
    if script.reading:
        yield from judged("script.reading", lambda: read_text(script.reading))
    if replier.kind == "chat" and replier.tools:
        yield from judged("replier.tools", lambda: read_tools(replier.tools))


def models(settings: Settings) -> Iterator[Fault]:
    """What is wrong with the models that are named; those of this release are looked at when they are loaded."""
    wanted, tried = settings.models, settings.shadow.models
    if wanted.folder:
        yield from judged("models.folder", lambda: _whole(wanted), ("models.runtime",))
    if tried:
        yield from judged("shadow.models", lambda: _whole(Models(wanted.runtime, tried)), ("models.runtime",))
    if wanted.smart_turn:
        yield from _smart_turn(Path(wanted.smart_turn).expanduser())


def cues(settings: Settings) -> Iterator[Fault]:
    """What is wrong with the files of the languages, which are read where somebody tells what was said."""
    if understands(settings):
        yield from broken(settings.dialogue.languages)


def _whole(models: Models) -> None:
    """Raises ModelError where a model is missing, altered or of another version."""
    for path, expected in manifest(*chosen(models)).values():
        verified(path, expected)


def _smart_turn(file: Path) -> Iterator[Fault]:
    try:
        there, may = file.is_file(), os.access(file, os.R_OK)
    except OSError:
        there, may = True, False
    if not there:
        yield Fault("models.smart_turn", f"there is no file '{file}'. {GET_SMART_TURN}")
    elif not may:
        yield Fault("models.smart_turn", f"'{file}' may not be read. Let the device's user read it")
    elif find_spec("onnxruntime") is None:
        yield Fault("models.smart_turn", f"needs onnxruntime. {install_package('onnxruntime')}")

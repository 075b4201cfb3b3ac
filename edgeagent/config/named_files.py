"""Models, voices, rules and tools that a configuration names: whether they are given, there, and as they must be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgeagent.config.faults import Fault
from edgeagent.errors import ConfigError, ServiceError
from edgeagent.services.chat_tools import read_tools
from edgeagent.services.recogniser_models import model_files
from edgeagent.services.rule_file import read_rules
from edgeagent.settings import Recogniser, Settings, Talker

FLITE_VOICES = ("en", "slt", "rms", "awb", "kal", "kal16")
"""The first is the default of the setting, which is espeak-ng's; flite then takes its own."""


def voices(talker: Talker) -> Iterator[Fault]:
    """What is wrong with the voice that is wanted."""
    if talker.kind == "flite" and talker.voice not in FLITE_VOICES:
        yield Fault("talker.voice", f"no voice of flite. Give one of {', '.join(FLITE_VOICES[1:])}")
    if talker.kind != "piper":
        return
    if not talker.model:
        yield Fault("talker.model", "missing. talker.kind is piper: give the .onnx file of a voice")
        return
    model = Path(talker.model).expanduser()
    if missing := [str(file) for file in (model, Path(f"{model}.json")) if not file.is_file()]:
        fetch = "python3 -m piper.download_voices fetches both files of a voice"
        yield Fault("talker.model", f"there is no file {' and no '.join(missing)}. {fetch}")


def recognisers(recogniser: Recogniser) -> Iterator[Fault]:
    """What is wrong with the model of the recogniser that is wanted."""
    try:
        model_files(recogniser)
    except ServiceError as error:
        yield Fault("recogniser.model", f"{error.problem.removeprefix('recogniser.model: ')}. {error.remedy}")


def repliers(settings: Settings) -> Iterator[Fault]:
    """What is wrong with the files of the replier that is wanted, every fault of theirs."""
    try:
        if settings.replier.kind == "script" and settings.script.rules:
            read_rules(settings.script.rules)
    except ConfigError as error:
        yield from _each("script.rules", error)
    try:
        if settings.replier.kind == "chat" and settings.replier.tools:
            read_tools(settings.replier.tools)
    except ConfigError as error:
        yield from _each("replier.tools", error)


def _each(key: str, error: ConfigError) -> Iterator[Fault]:
    head, *rest = str(error).splitlines()
    file = head.partition(": ")[0]
    for message in rest or [head]:
        yield Fault(key, f"{file}, {message}" if rest else message)

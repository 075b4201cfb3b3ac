"""Models and voices that a configuration names: whether they are given, and there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgeagent.config.faults import Fault
from edgeagent.errors import ServiceError
from edgeagent.services.recogniser_models import model_files
from edgeagent.settings import Recogniser, Talker

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

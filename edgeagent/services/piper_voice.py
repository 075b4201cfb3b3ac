"""What Piper needs: its program, and a voice, which is a file with another beside it that describes it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from edgeagent import settings
from edgeagent.errors import ServiceError, install_package
from edgeagent.services.command_line import words_of
from edgeagent.services.voice_rates import RATES

PROGRAM = "piper"


def program(talker: settings.Talker) -> list[str]:
    """Piper, and the arguments a person wants. Raises ServiceError where it is not installed."""
    try:
        return words_of(talker.command or PROGRAM, "talker.command")
    except ServiceError as error:
        if talker.command:
            raise
        there = Path(sys.executable).with_name(PROGRAM)  # which need not be on the path
        remedy = f"{install_package('piper-tts')}, and set talker.command: {there}"
        raise ServiceError("piper is not installed", remedy) from error


def _fetch(voice: Path) -> str:
    """The line that brings a voice and what describes it."""
    return f"python3 -m piper.download_voices --data-dir {voice.parent} {voice.stem}"


def voice_rate(model: str) -> int:
    """The rate of a voice's sound, Hz. Raises ServiceError when the voice, or what describes it, is not there."""
    voice = Path(model).expanduser()
    about = voice.parent / f"{voice.name}.json"  # a folder may have no name, as "." has
    if missing := [f"'{file}'" for file in (voice, about) if not file.is_file()]:
        raise ServiceError(f"talker.model: there is no file {' and no '.join(missing)}", _fetch(voice))
    try:
        rate = json.loads(about.read_text(encoding="utf-8"))["audio"]["sample_rate"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ServiceError(f"'{about}' describes no voice of Piper's", _fetch(voice)) from error
    if not isinstance(rate, int) or rate not in RATES:
        raise ServiceError(f"'{about}' tells a rate of {rate!r}", _fetch(voice))
    return rate

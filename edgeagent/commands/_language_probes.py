"""What `check --languages` looks at: which languages are understood, how far, and which have a voice here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

from edgeagent.commands._finding import Finding, ok, warn
from edgeagent.config.languages import FOLDER, Source, known, read
from edgeagent.errors import ServiceError
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.settings import Settings, Talker

VOICES = {"zh": "cmn"}
"""espeak-ng's name of a language where it is another."""


NAMED = 4
"""Missing lists that are named; of more it is told how many."""


def languages(settings: Settings) -> Iterator[Finding]:
    """One finding for each. Those that the settings name may be a fault; of the others it is told how far they go."""
    for code in known():
        source = read(FOLDER / f"{code}.yaml")
        voice = _voice(settings.talker, code)
        text = f"{source.name}: {_understood(source)}; {'voice ' + voice if voice else 'no voice in espeak-ng'}"
        if code in settings.dialogue.languages and source.missing:
            yield warn(code, text, _without(settings, code))
        else:
            yield ok(code, text)


def _without(settings: Settings, lacking: str) -> str:
    """The two ways out; somebody must be understood."""
    others = [code for code in settings.dialogue.languages if code != lacking] or ["en"]
    return f"complete edgeagent/languages/{lacking}.yaml, or set dialogue.languages: [{', '.join(others)}]"


def _understood(source: Source) -> str:
    missing = source.missing
    more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
    lists = f"no {', '.join(missing[:NAMED])}{more}" if missing else "every list"
    if "commands" in missing:
        lists = "yes and no, and hardly more"
    return f"{lists}; {'reviewed' if source.reviewed else 'not reviewed by anybody who speaks it'}"


def _voice(talker: Talker, code: str) -> str:
    """The name of the espeak-ng voice, "" for none."""
    name = VOICES.get(code, code)
    try:
        with closing(EspeakTalker(replace(talker, kind="espeak", voice=name))) as espeak:
            espeak.check()
    except ServiceError:
        return ""
    return name

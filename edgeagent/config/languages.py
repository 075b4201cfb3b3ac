"""The languages in which the device understands interruptions: a YAML file each, all that is wrong in one message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from edgeagent.dialogue.language import COMMANDS, Language, mixed
from edgeagent.dialogue.phrases import words
from edgeagent.dialogue.template import Template
from edgeagent.errors import ConfigError, meant, nearest

FOLDER = Path(__file__).parents[1] / "languages"
"""Those of this release."""

LISTS = ("yes", "no", "backchannels", "fillers", "polite", "questions", "requests")
TEMPLATES = {"corrections": {"wrong", "right"}, "clarifications": {"what"}}
"""Lists of phrases with gaps, and the names that a gap may have."""

OURS = ("repair", "offer")
"""What the device says itself; may be missing."""

ABOUT = ("language", "name", "reviewed", "sources")
"""What the file says of itself; all of it must be there."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a language's lists come from."""

    code: str
    name: str
    reviewed: bool
    """By somebody who speaks it from childhood."""

    sources: tuple[str, ...]
    lists: Language

    @property
    def missing(self) -> tuple[str, ...]:
        """The lists that are empty."""
        empty = [name for name in (*LISTS, *TEMPLATES, *OURS) if not getattr(self.lists, name)]
        return (*empty, *(() if self.lists.commands else ("commands",)))


def known() -> list[str]:
    """The codes of the languages of this release."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def language(codes: Sequence[str]) -> Language:
    """All of `codes` at once. Raises ConfigError for those that are unknown, or whose file is wrong."""
    if unknown := [code for code in codes if code not in known()]:
        raise ConfigError(f"unknown language {', '.join(map(repr, unknown))}", f"known are {', '.join(known())}")
    return mixed(read(FOLDER / f"{code}.yaml").lists for code in codes)


@cache
def read(path: Path) -> Source:
    """One file. Raises ConfigError with all that is wrong in it."""
    try:
        told = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # "no" and "yes" are words here
    except OSError as error:
        raise ConfigError(f"cannot read the language {path}: {error.strerror}", "restore the file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}", "see en.yaml for the form") from error
    if not isinstance(told, dict):
        raise ConfigError(f"{path} is no language", "see en.yaml for the form")
    faults = list(_faults(told))
    if faults:
        lines = "\n".join(f"  {fault}" for fault in faults)
        count = f"{len(faults)} problem{'s' * (len(faults) > 1)}"
        raise ConfigError(f"{path}: {count}\n{lines}", "see en.yaml for the form")
    return Source(told["language"], told["name"], told["reviewed"] == "yes", tuple(told["sources"]), _language(told))


def _language(told: Mapping[str, Any]) -> Language:
    lists = {name: frozenset(map(words, told.get(name, ()))) for name in LISTS}
    corrections, clarifications = (tuple(map(Template.read, told.get(name, ()))) for name in TEMPLATES)
    return Language(
        commands={name: frozenset(map(words, phrases)) for name, phrases in told.get("commands", {}).items()},
        corrections=corrections,
        clarifications=clarifications,
        repair=told.get("repair", ""),
        offer=told.get("offer", ""),
        **lists,
    )


def _faults(told: Mapping[object, object]) -> Iterator[str]:
    allowed = (*ABOUT, *OURS, *LISTS, *TEMPLATES, "commands")
    for key in told:
        if key not in allowed:
            yield f"{key}: unknown key{meant(nearest(str(key), allowed))}"
    for name in ("language", "name"):
        if not told.get(name) or not isinstance(told[name], str):
            yield f"{name}: needs text"
    for name in OURS:
        if not isinstance(told.get(name, ""), str):
            yield f"{name}: needs text"
    if told.get("reviewed") not in ("yes", "no"):
        yield "reviewed: needs yes or no"
    yield from _phrases("sources", told.get("sources"))
    for name in LISTS:
        yield from _phrases(name, told.get(name, []))
    commands = told.get("commands", {})
    if isinstance(commands, dict):
        for name, phrases in commands.items():
            if name not in COMMANDS:
                yield f"commands.{name}: unknown, known are {', '.join(COMMANDS)}"
            yield from _phrases(f"commands.{name}", phrases)
    else:
        yield "commands: is no mapping of names to phrases"
    for name, gaps in TEMPLATES.items():
        phrases = told.get(name, [])
        yield from _phrases(name, phrases)
        yield from _gaps(name, phrases, gaps)


def _phrases(name: str, told: object) -> Iterator[str]:
    if not isinstance(told, list):
        yield f"{name}: is no list of phrases"
        return
    for phrase in told:
        if not isinstance(phrase, str):
            yield f"{name}: {phrase!r} is no text"
        elif not words(phrase.replace("{", "").replace("}", "")):
            yield f"{name}: {phrase!r} has no word"


def _gaps(name: str, told: object, allowed: set[str]) -> Iterator[str]:
    for phrase in told if isinstance(told, list) else ():
        if not isinstance(phrase, str):
            continue
        try:
            strange = set(Template.read(phrase).gaps) - allowed
        except ValueError as error:
            yield f"{name}: {error}"
        else:
            known = ", ".join(sorted(allowed))
            yield from (f"{name}: '{phrase}' has the gap {gap!r}; known: {known}" for gap in sorted(strange))

"""The languages in which the device understands interruptions: a YAML file each, all that is wrong in one message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, product
from pathlib import Path
from typing import Any

import yaml

from edgeagent.config.faults import Fault, judged, refusal
from edgeagent.dialogue.language import COMMANDS, SETS, Language, mixed
from edgeagent.dialogue.manner import MANNER
from edgeagent.dialogue.phrases import LONGEST, words
from edgeagent.dialogue.template import Template
from edgeagent.errors import ConfigError, meant, nearest
from edgeagent.turn.cue_words import CueWords

FOLDER = Path(__file__).parents[1] / "languages"
"""Those of this release."""

LISTS = SETS
PERHAPS = ("stranding", "asking")
"""Of these, lists that a language may do without."""

TEMPLATES = {
    "corrections": {"wrong", "right", "what"},
    "clarifications": {"what", "other", "more"},
    "proposals": {"more"},
}
"""Lists of phrases with gaps, and the names that a gap may have."""

NAMED = {"commands": COMMANDS, "adjustments": MANNER}
"""Lists by names, and the names there are."""

FLOOR = ("takes", "listens")
"""Words that say something about the floor while nothing else is known; may be missing (`turn.cue_words`)."""

FLOOR_WORDS = 2
"""In a phrase of these, at most."""

OURS = ("repair", "offer", "okay")
"""What the device says itself; may be missing."""

WRITTEN = "written_out"
"""What short words are when they are written out, as some recognisers do and some people speak: "don't", "do not". Each
phrase with one of them is in its list both ways. May be missing."""

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
    """Whose each phrase is: those that are named have phrases of `of`, and the last all the others."""

    of: Mapping[str, Mapping[str, tuple[str, ...]]]
    """By source and list, the phrases that are attributed to it."""

    lists: Language
    floor: CueWords

    @property
    def missing(self) -> tuple[str, ...]:
        """The lists that are empty."""
        empty = [name for name in (*LISTS, *TEMPLATES, *OURS) if name not in PERHAPS and not getattr(self.lists, name)]
        return (*empty, *(name for name in NAMED if not any(getattr(self.lists, name).values())))


def known() -> list[str]:
    """The codes of the languages of this release."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def language(codes: Sequence[str]) -> Language:
    """All of `codes` at once. Raises ConfigError with all that is wrong with any of them."""
    if faults := [*unknown(codes), *broken(codes)]:
        raise refusal("languages", faults)
    return mixed(read(FOLDER / f"{code}.yaml").lists for code in codes)


def unknown(codes: Sequence[str]) -> Iterator[Fault]:
    """Those of `codes` that no file is there for."""
    for code in dict.fromkeys(codes):
        if code not in known():
            yield Fault("dialogue.languages", f"'{code}' is unknown. Known are {', '.join(known())}")


def broken(codes: Sequence[str]) -> Iterator[Fault]:
    """Every fault in the files of those that are known."""
    for code in sorted({*codes} & {*known()}):
        yield from judged("dialogue.languages", lambda code=code: read(FOLDER / f"{code}.yaml"))  # type: ignore[misc]


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
    if faults := list(_faults(told)):
        raise refusal(str(path), faults)
    sources = [source if isinstance(source, dict) else {"of": source} for source in told["sources"]]
    of = {source["of"]: {name: tuple(source[name]) for name in source if name != "of"} for source in sources}
    return Source(
        told["language"], told["name"], told["reviewed"] == "yes", tuple(of), of, _language(told), _floor(told)
    )


def floor_words(code: str) -> CueWords:
    """The words that say something about the floor, in one language of this release. Raises ConfigError."""
    return read(FOLDER / f"{code}.yaml").floor


def _floor(told: Mapping[str, Any]) -> CueWords:
    given = told.get("floor", {})
    return CueWords(*(frozenset(phrase.lower() for phrase in given.get(name, ())) for name in FLOOR))


def _language(told: Mapping[str, Any]) -> Language:
    out = told.get(WRITTEN, {})
    lists = {name: frozenset(map(words, _both_ways(told.get(name, ()), out))) for name in LISTS}
    corrections, clarifications, proposals = (
        tuple(map(Template.read, _both_ways(told.get(name, ()), out))) for name in TEMPLATES
    )
    commands, adjustments = (
        {name: frozenset(map(words, _both_ways(phrases, out))) for name, phrases in told.get(key, {}).items()}
        for key in NAMED
    )
    return Language(
        commands=commands,
        adjustments=adjustments,
        repair=told.get("repair", ""),
        offer=told.get("offer", ""),
        okay=told.get("okay", ""),
        corrections=corrections,
        clarifications=clarifications,
        proposals=proposals,
        **lists,
    )


def _both_ways(phrases: Iterable[str], out: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Each of them, and with its short words written out; none twice."""
    ways = (product(*((word, *out.get(word, ())) for word in phrase.split())) for phrase in phrases)
    yield from dict.fromkeys(map(" ".join, chain.from_iterable(ways)))


def _faults(told: Mapping[object, object]) -> Iterator[Fault]:
    allowed = (*ABOUT, *OURS, *LISTS, *TEMPLATES, *NAMED, "floor", WRITTEN)
    for key in told:
        if key not in allowed:
            yield Fault(str(key), f"unknown key{meant(nearest(str(key), allowed))}")
    for name in ("language", "name"):
        if not told.get(name) or not isinstance(told[name], str):
            yield Fault(name, "needs text")
    if told.get("reviewed") not in ("yes", "no"):
        yield Fault("reviewed", "needs yes or no")
    for name in OURS:
        if not isinstance(told.get(name, ""), str):
            yield Fault(name, "needs text")
    yield from _sources(told)
    for name in LISTS:
        yield from _phrases(name, told.get(name, []))
    for key, names in NAMED.items():
        yield from _named(key, told.get(key, {}), names)
    yield from _on_floor(told.get("floor", {}))
    yield from _out(told.get(WRITTEN, {}))
    for name, gaps in TEMPLATES.items():
        phrases = told.get(name, [])
        yield from _phrases(name, phrases)
        yield from _gaps(name, phrases, gaps)


def _sources(told: Mapping[object, object]) -> Iterator[Fault]:
    """Each phrase is somebody's: of a source that names it, or of one that names none and has all the others."""
    sources = told.get("sources")
    if not isinstance(sources, list) or not sources:
        yield Fault("sources", "needs a list of texts, and of mappings of `of` and the phrases that are of it")
        return
    named: set[tuple[object, str]] = set()
    for source in sources:
        if isinstance(source, dict) and isinstance(source.get("of"), str):
            yield from _attributed(told, source, named)
        elif not isinstance(source, str) or not source.strip():
            yield Fault("sources", f"{source!r} is neither text nor has the key `of`")
    if any(isinstance(source, str) for source in sources):
        return
    for name in (*OURS, *LISTS, *TEMPLATES, *NAMED):
        phrases = told.get(name, [])
        strays = [one for one in (phrases if isinstance(phrases, list) else [phrases]) if (name, str(one)) not in named]
        if strays:
            yield Fault(name, f"of whom is {strays[0]!r}? Add a text to `sources`, for all the others")


def _attributed(
    told: Mapping[object, object], source: Mapping[str, object], named: set[tuple[object, str]]
) -> Iterator[Fault]:
    """The phrases of one source, which must be in the file's lists, too. They are added to `named`."""
    for name, phrases in source.items():
        there = told.get(name)
        if name == "of":
            continue
        if name not in LISTS or not isinstance(there, list) or not isinstance(phrases, list):
            yield Fault(f"sources.{name}", "is no list of phrases that the file has, too")
            continue
        for phrase in phrases:
            named.add((name, str(phrase)))
            if phrase not in there:
                yield Fault(f"sources.{name}", f"{phrase!r} is not in the list {name}")


def _named(key: str, told: object, names: Sequence[str]) -> Iterator[Fault]:
    if not isinstance(told, dict):
        yield Fault(key, "is no mapping of names to phrases")
        return
    for name, phrases in told.items():
        if name not in names:
            yield Fault(f"{key}.{name}", f"unknown; known are {', '.join(names)}")
        yield from _phrases(f"{key}.{name}", phrases)


def _out(told: object) -> Iterator[Fault]:
    if not isinstance(told, dict):
        yield Fault(WRITTEN, "is no mapping of words to phrases")
        return
    for word, phrases in told.items():
        yield from _phrases(f"{WRITTEN}.{word}", phrases)


def _on_floor(told: object) -> Iterator[Fault]:
    faults = list(_named("floor", told, FLOOR))
    yield from faults
    if faults or not isinstance(told, dict):
        return
    takes, listens = (list(told.get(name, [])) for name in FLOOR)
    for phrase in (*takes, *listens):
        if len(phrase.split()) > FLOOR_WORDS:
            yield Fault("floor", f"{phrase!r} has more than {FLOOR_WORDS} words")
    for phrase in filter(set(listens).__contains__, takes):
        yield Fault("floor", f"{phrase!r} cannot both take the floor and listen")


def _phrases(name: str, told: object) -> Iterator[Fault]:
    if not isinstance(told, list):
        yield Fault(name, "is no list of phrases")
        return
    for phrase in told:
        if not isinstance(phrase, str):
            yield Fault(name, f"{phrase!r} is no text")
        elif not (found := words(phrase.replace("{", "").replace("}", ""))):
            yield Fault(name, f"{phrase!r} has no word")
        elif len(found) > LONGEST:
            yield Fault(name, f"{phrase!r} has more than {LONGEST} words")


def _gaps(name: str, told: object, allowed: set[str]) -> Iterator[Fault]:
    for phrase in told if isinstance(told, list) else ():
        if not isinstance(phrase, str):
            continue
        try:
            strange = set(Template.read(phrase).gaps) - allowed
        except ValueError as error:
            yield Fault(name, str(error))
        else:
            for gap in sorted(strange):
                yield Fault(name, f"'{phrase}' has the gap {gap!r}; known: {', '.join(sorted(allowed))}")

"""From a YAML file to checked `Settings`.

Types and ranges are pydantic's work, over the plain dataclasses of `edgeagent.settings`; the words are ours. Validation
is pydantic's strict JSON mode: there a list may become a tuple, but "500" is no number and 1 is not true.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from edgeagent.config.contradictions import contradictions
from edgeagent.config.document import Document, parse, read_text
from edgeagent.config.faults import Fault, refusal
from edgeagent.config.former import instead
from edgeagent.config.keys import Key, sections
from edgeagent.config.named_files import homeless, missing
from edgeagent.credential import variable
from edgeagent.errors import ConfigError, meant, nearest
from edgeagent.settings import Settings

LONGEST_SHOWN = 40
"""Characters of a wrong value that a message repeats."""

SECRETS = {"mqtt": "mqtt-password", "page": "page-token", "replier": "chat-key"}
"""The credential of each section that has one."""

SECRET = re.compile(r"(.*_)?(pass(word|wd|phrase)?|secret|token|(api_?)?key)", re.IGNORECASE)
"""Names under which people write a password into a configuration."""

Tree = dict[str, dict[str, object]]


def load(path: Path | str, *, files: bool = True) -> Settings:
    """The settings in the file; see `loads`."""
    return loads(read_text(Path(path)), str(path), files=files)


def loads(text: str, name: str = "configuration", *, files: bool = True) -> Settings:
    """The settings in `text`; `name` heads the message. An empty text means every default. files: false to leave to the
    caller whether what is named is there, and a key where one is needed. Raises ConfigError that lists all that is
    wrong."""
    document = parse(text, name)
    faults = list(document.duplicates)
    doubts: set[str] = set()
    tree = _known(document, faults, doubts)
    for section, key, value in _wrong(tree):
        faults.append(Fault(sections()[section][key].path, _complaint(sections()[section][key], value)))
        del tree[section][key]
    for look in (_cut_short, homeless):  # before anybody looks there
        for fault in look(tree):
            faults.append(fault)
            section, _, key = fault.key.partition(".")
            del tree[section][key]
    settings = _settings().validate_json(json.dumps(tree, default=str), strict=True)
    doubts = doubts - document.order.keys() | {fault.key for fault in faults}
    faults += [
        fault
        for fault in (*contradictions(settings), *(missing(settings) if files else ()))
        if not any(_doubted(key, doubts) for key in (fault.key, *fault.of))
    ]
    if faults:
        raise refusal(name, sorted(faults, key=lambda fault: _place(fault.key, document)))
    return settings


def _doubted(key: str, doubts: Collection[str]) -> bool:
    """Whether nobody knows what that key was to be: it is at fault, or its section, or the kind on which it depends."""
    section = key.partition(".")[0]
    return any(known in doubts for known in (key, section, f"{section}.kind"))


def _place(key: str, document: Document) -> int:
    """Where in the file the key stands, or its section if it is missing, or the end."""
    order = document.order
    return order.get(key, order.get(key.partition(".")[0], len(order)))


@functools.cache
def _settings() -> TypeAdapter[Settings]:
    return TypeAdapter(Settings)


def _known(document: Document, faults: list[Fault], doubts: set[str]) -> Tree:
    """The document without what no setting is named for; each such key is a fault, and what it may be meant to
    be, a doubt."""
    data = document.data or {}
    if not isinstance(data, dict):
        raise ConfigError(f"{document.name}: needs sections with keys, as in\n  audio:\n    volume_percent: 80")
    tree: Tree = {}
    for section, given in data.items():
        if section not in sections():
            faults.append(Fault(str(section), _dotted(str(section)) or "unknown section" + _told(str(section))))
            doubts.add(_meant(str(section)))
        elif not isinstance(given, dict | None):
            faults.append(Fault(section, f"needs keys below it{_form(given)}: " + ", ".join(sections()[section])))
        else:
            known = sections()[section]
            tree[section] = {key: _plain(value) for key, value in (given or {}).items() if key in known}
            unknown = [str(key) for key in given or {} if key not in known]
            faults += [Fault(f"{section}.{key}", "unknown key" + _told(key, section)) for key in unknown]
            doubts |= {_meant(key, section) for key in unknown}
    return tree


def _form(given: object) -> str:
    """What is wrong with keys that YAML does not take for any."""
    if isinstance(given, str) and ":" in given:
        return ", with a blank behind each colon"
    dashed = isinstance(given, list) and any(isinstance(one, dict) for one in given)
    return ", without dashes" if dashed else ""


def _plain(value: object) -> object:
    """With keys that are text all the way down: YAML knows others, such as dates."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _meant(wrong: str, section: str = "") -> str:
    """The nearest section or key (dotted), in the section first, then anywhere; "" for none."""
    here = sections().get(section, {})
    anywhere = {name: key.path for keys in sections().values() for name, key in keys.items()}
    if near := nearest(wrong, here or sections()):
        return here[near].path if here else near
    return anywhere.get(nearest(wrong, anywhere), "")


def _told(wrong: str, section: str = "") -> str:
    """What to write in its place; or what was meant, without the name of its own section; or all there are."""
    if section in SECRETS and SECRET.fullmatch(wrong):
        name = SECRETS[section]
        return f". It belongs elsewhere: `export {variable(name)}=...`, or `LoadCredential={name}:FILE` in the unit"
    near = _meant(wrong, section).removeprefix(f"{section}.")
    every = ", ".join(sections().get(section, sections()))
    return instead(f"{section}.{wrong}") or meant(near) or f". There are: {every}"


def _dotted(wrong: str) -> str:
    """How a key is written that is given as it is called here; "" for what is none."""
    section, _, key = wrong.partition(".")
    return f"is written in two: `{section}: {{{key}: ...}}`" if key in sections().get(section, {}) else ""


def _wrong(tree: Tree) -> Iterator[tuple[str, str, object]]:
    """Section, key and value of each value of the wrong type or out of range, once each."""
    try:
        _settings().validate_json(json.dumps(tree, default=str), strict=True)
    except ValidationError as error:
        for section, key in dict.fromkeys((str(e["loc"][0]), str(e["loc"][1])) for e in error.errors()):
            yield section, key, tree[section][key]


def _cut_short(tree: Tree) -> list[Fault]:
    """Text that holds a NUL: to the system it would end there, so no path, program or address may."""
    return [
        Fault(sections()[section][key].path, "holds a NUL, \\0, which no text here may. Take it out")
        for section, keys in tree.items()
        for key, value in keys.items()
        if any(isinstance(each, str) and "\0" in each for each in (value if isinstance(value, list) else [value]))
    ]


def _complaint(key: Key, value: object) -> str:
    if value is None:
        return f"empty: needs {key.needs}; or leave the line out"
    complaint = f"{_shown(key, value)}: needs {key.needs}"
    if isinstance(value, bool) and key.needs == "text":
        return complaint + ". YAML reads on, off, yes, no as true or false: put the word in quotes"
    return complaint + (instead(key.path, value) or meant(nearest(str(value), key.choices)))


def _shown(key: Key, value: object) -> str:
    """The value as a message may repeat it. Groups are named, not shown: anything may hide in them."""
    match value:
        case _ if key.private:
            return "what is given (not shown)"
        case dict():
            return "a group of keys"
        case list():
            return "a list" if not all(isinstance(item, int | float) for item in value) else str(value)
        case bool():
            return str(value).lower()
        case str():
            return repr(value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "...")
        case _:
            return str(value)

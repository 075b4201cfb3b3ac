"""The rules of a script as a person writes them, read and judged: every fault at once, each with its line.

opening: Welcome. Ask me about rooms and tickets.
slots:
  room: {lions: room three, paintings: room five upstairs}
rules:
  - when: ["where are the {room}", "the {room}"]
    say: The {room} are in {room.is}.
  - when: ticket
    kind: [question, request]
    say: [A ticket is five euros., "As I said: five euros."]
  - kind: correction
    say: "{right}, then."
fallback: I know about rooms and tickets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edgeagent.dialogue.kinds import Kind
from edgeagent.dialogue.phrases import words
from edgeagent.dialogue.rules import OURS, Rule, Rules, gaps
from edgeagent.dialogue.template import Template
from edgeagent.errors import meant, nearest
from edgeagent.services.lined_yaml import Lined, Place, read_lined, refused

KEYS = ("opening", "slots", "rules", "fallback")
RULE = ("when", "kind", "say")


@dataclass(frozen=True, slots=True)
class Script:
    """opening: what is said before anybody asks, "" for nothing."""

    opening: str
    rules: Rules


def read_rules(file: str) -> Script:
    """Raises ConfigError with every fault of the file."""
    lined = read_lined(file, "script.rules")
    told = lined.data
    if not isinstance(told, dict):
        raise refused(file, [lined.fault((), "needs rules; see docs/dialogue.md")])
    if faults := [*lined.faults, *_faults(lined, told)]:
        raise refused(file, faults)
    slots = {name: {words(key): value or key for key, value in _slot(has).items()} for name, has in _map(told, "slots")}
    rules = tuple(_rule(rule) for rule in told.get("rules") or ())
    return Script(told.get("opening") or "", Rules(rules, slots, tuple(_many(told.get("fallback")))))


def _map(told: dict[Any, Any], key: str) -> Iterator[tuple[str, Any]]:
    has = told.get(key) or {}
    yield from has.items() if isinstance(has, dict) else ()


def _slot(has: object) -> dict[str, str]:
    """A list of words, or words with what they stand for."""
    return has if isinstance(has, dict) else dict.fromkeys(_many(has), "")


def _many(one: object) -> list[Any]:
    """What may be one or a list of them."""
    return [] if one is None else one if isinstance(one, list) else [one]


def _rule(told: dict[str, Any]) -> Rule:
    when = tuple(Template.read(phrase) for phrase in _many(told.get("when")))
    return Rule(when, frozenset(Kind(kind) for kind in _many(told.get("kind"))), tuple(_many(told.get("say"))))


def _faults(lined: Lined, told: dict[Any, Any]) -> Iterator[str]:
    for key in told:
        if key not in KEYS:
            near = meant(nearest(str(key), KEYS)) or f". There are: {', '.join(KEYS)}"
            yield lined.fault((str(key),), f"unknown key '{key}'{near}")
    if not isinstance(told.get("opening") or "", str):
        yield lined.fault(("opening",), "opening needs one sentence, as text")
    slots = told.get("slots") or {}
    if not isinstance(slots, dict):
        yield lined.fault(("slots",), "slots needs names, each with its words")
        slots = {}
    for name, has in slots.items():
        yield from _slot_faults(lined, name, has)
    rules = told.get("rules") or []
    if not isinstance(rules, list):
        yield lined.fault(("rules",), "rules needs a list")
        rules = []
    for number, rule in enumerate(rules):
        yield from _rule_faults(lined, ("rules", number), rule, set(map(str, slots)))
    if not rules and not told.get("fallback"):
        yield lined.fault((), "has neither rules nor a fallback: it would never say anything")
    yield from _says(lined, ("fallback",), told.get("fallback"), set(OURS))


def _slot_faults(lined: Lined, name: object, has: object) -> Iterator[str]:
    place: Place = ("slots", str(name))
    if not isinstance(name, str):  # of YAML "on" and "yes" are True, and the gap would take any words
        yield lined.fault(place, f"slot {name!r} is no text. Put its name in quotes")
    elif not name.isalpha():
        yield lined.fault(place, f"'{name}' is no name of a slot: letters only")
    entries = list(has.items()) if isinstance(has, dict) else [(entry, "") for entry in _many(has)]
    if not entries:
        yield lined.fault(place, f"slot '{name}' needs words")
    for key, value in entries:
        if not isinstance(key, str) or not words(key):
            yield lined.fault(place, f"slot '{name}': {key!r} is no word. Put it in quotes")
        if not isinstance(value or "", str):
            yield lined.fault((*place, str(key)), f"slot '{name}': what '{key}' stands for needs text")


def _rule_faults(lined: Lined, place: Place, rule: object, slots: set[str]) -> Iterator[str]:
    if not isinstance(rule, dict):
        yield lined.fault(place, "a rule needs 'when' and 'say'")
        return
    for key in rule:
        if key not in RULE:
            yield lined.fault((*place, str(key)), f"unknown key '{key}'{meant(nearest(str(key), RULE))}")
    if not rule.get("when") and not rule.get("kind"):
        yield lined.fault(place, "a rule needs 'when' or 'kind'; what fits nothing else is the fallback")
    for kind in _many(rule.get("kind")):
        if str(kind) not in list(Kind):
            known = ", ".join(Kind)
            yield lined.fault((*place, "kind"), f"'{kind}' is no kind. There are: {known}")
    common: set[str] | None = None
    for phrase in _many(rule.get("when")):
        try:
            found = set(Template.read(_text(phrase)).gaps)
        except (ValueError, TypeError) as error:
            yield lined.fault((*place, "when"), f"{error}")
            continue
        common = found if common is None else common & found
    if not rule.get("say"):
        yield lined.fault((*place, "say"), "missing: say")
    has = common or set()
    yield from _says(lined, (*place, "say"), rule.get("say"), has | {f"{name}.is" for name in has & slots} | set(OURS))


def _text(phrase: object) -> str:
    if not isinstance(phrase, str):
        raise TypeError(f"{phrase!r} is no text. Put it in quotes")
    return phrase


def _says(lined: Lined, place: Place, said: object, known: set[str]) -> Iterator[str]:
    for number, reply in enumerate(_many(said)):
        here = (*place, number) if isinstance(said, list) else place
        if not isinstance(reply, str) or not reply.strip():
            yield lined.fault(here, f"{reply!r} is no text. Put it in quotes")
            continue
        for gap in gaps(reply):
            if gap not in known:
                yield lined.fault(
                    here, f"'{{{gap}}}' is in no phrase of this rule. There are: {', '.join(sorted(known))}"
                )

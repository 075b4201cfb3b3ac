"""Constants of the policy under other values, for as long as it takes."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from edgeagent.errors import EdgeAgentError
from edgeagent.turn import policy

Values = Mapping[str, Any]

OTHERS = ("HOP", "UNJUDGED", "OWN", "NOTHING")
"""Names in capitals that are no choices."""

KNOWN = {
    name: value
    for name, value in vars(policy).items()
    if name.isupper() and name not in OTHERS and isinstance(value, int | float | tuple)
}
"""All that there are, as they are."""


def values(text: str) -> dict[str, Any]:
    """ "VERDICT=18 MEANT=0" to what it says. Raises EdgeAgentError."""
    found: dict[str, Any] = {}
    for part in text.split():
        name, _, value = part.partition("=")
        if name not in KNOWN:
            remedy = f"take one of {', '.join(sorted(KNOWN))}"
            raise EdgeAgentError(f"--try: the policy has no constant {name!r}", remedy)
        try:
            found[name] = literal_eval(value)
        except (ValueError, SyntaxError):
            raise EdgeAgentError(f"--try: {part!r} is no value", "write NAME=NUMBER, without a blank") from None
        if not _alike(found[name], KNOWN[name]):
            raise EdgeAgentError(f"--try: {name} is {KNOWN[name]!r}", "give a value of the same kind, without a blank")
    return found


def _alike(value: object, known: object) -> bool:
    """Whether both are numbers, or tuples of what is alike: of numbers as many, of tuples (ASKED) any number."""
    if not isinstance(known, tuple):
        return isinstance(value, int | float) and not isinstance(value, bool)
    many = bool(value) if isinstance(known[0], tuple) else isinstance(value, tuple) and len(value) == len(known)
    return isinstance(value, tuple) and many and all(_alike(each, known[0]) for each in value)


@contextmanager
def changed(to: Values) -> Iterator[None]:
    """The policy of this process decides by these. Others keep what they took from it when they were loaded."""
    before = {name: getattr(policy, name) for name in to}
    try:
        for name, value in to.items():
            setattr(policy, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(policy, name, value)

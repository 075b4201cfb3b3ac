"""What a server or a program says is wrong, as it stands in a line of ours: whoever says it may say anything, at any
length, in several lines and in colours, and the line goes into journals and to terminals."""

from __future__ import annotations

import json
import re
from contextlib import suppress

TOLD = 200
"""Characters of a complaint that are passed on."""

COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
"""And whatever else a terminal takes in that form."""

NAMES = ("error", "message", "detail", "msg", "text")
"""Under which servers say in JSON what is wrong, one within the other."""


def one_line(text: str, secret: str = "") -> str:
    """`text` on one line, of what can be printed; without the secret, and only then cut."""
    plain = "".join(c if c.isprintable() else " " for c in COLOURS.sub("", text))
    return hidden(" ".join(plain.split()), secret)[:TOLD]


def complaint(text: str, secret: str = "") -> str:
    """The same of what a server says, in JSON or not; "" for a page, which is for a browser."""
    said: object = text
    with suppress(ValueError, RecursionError):
        said = json.loads(text)
    while not isinstance(said, str):
        within = _within(said)
        if within is None:
            said = text  # says it under a name of its own
            break
        said = within
    line = one_line(said, secret)
    return "" if line.startswith("<") else line


def hidden(text: str, secret: str) -> str:
    """The text with stars where the secret stands."""
    return text.replace(secret, "***") if secret else text


def _within(said: object) -> object:
    """What is said there, None for nothing known."""
    if isinstance(said, list):
        return said[0] if said else None
    return next((said[name] for name in NAMES if said.get(name)), None) if isinstance(said, dict) else None

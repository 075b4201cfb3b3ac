"""Finds a device by (part of) its name. Never by index: the order of sound cards changes between boots."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from edgeagent.errors import DeviceError

NUMBER = re.compile(r"\(hw:\d+,")
"""What PortAudio puts behind a name."""


def unnumbered(name: str) -> str:
    """A name of PortAudio's without the card's number, which changes between boots."""
    return NUMBER.sub("(hw:", name)


def pick(wanted: str, names: Sequence[str], kind: str) -> int:
    """The index of the one name that is `wanted`, or else contains it, whatever the case, or else is it but for the
    card's number: who has copied all of `USB PnP: Audio (hw:1,0)` finds it as hw:2,0 after the next boot.

    Raises DeviceError when there is none or more than one; `kind` ("input device") is for the message.
    """
    folded = [name.casefold() for name in names]
    for matches in (
        [i for i, name in enumerate(names) if name == wanted],
        [i for i, name in enumerate(folded) if name == wanted.casefold()],
        [i for i, name in enumerate(folded) if wanted.casefold() in name],
        [i for i, name in enumerate(folded) if unnumbered(name) == unnumbered(wanted.casefold())],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            several = ", ".join(f"'{names[i]}'" for i in matches)
            raise DeviceError(f"{len(matches)} {kind}s are called '{wanted}'", f"give more of the name: {several}")
    if not names:
        raise DeviceError(f"there is no {kind}", "plug one in; `arecord -l` and `aplay -l` list what the kernel knows")
    close = get_close_matches(wanted.casefold(), folded, n=1)
    hint = f"did you mean '{names[folded.index(close[0])]}'? " if close else ""
    listed = ", ".join(f"'{name}'" for name in names)
    raise DeviceError(f"there is no {kind} '{wanted}'", f"{hint}There are: {listed}")

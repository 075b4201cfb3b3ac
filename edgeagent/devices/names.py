"""Finds a device by (part of) its name. Never by index: the order of sound cards changes between boots."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from edgeagent.errors import DeviceError


def pick(wanted: str, names: Sequence[str], kind: str) -> int:
    """The index of the one name that is `wanted`, or else contains it, whatever the case.

    Raises DeviceError when there is none or more than one; `kind` ("input device") is for the message.
    """
    folded = [name.casefold() for name in names]
    for matches in (
        [i for i, name in enumerate(names) if name == wanted],
        [i for i, name in enumerate(folded) if name == wanted.casefold()],
        [i for i, name in enumerate(folded) if wanted.casefold() in name],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            several = ", ".join(f"'{names[i]}'" for i in matches)
            raise DeviceError(f"{len(matches)} {kind}s are called '{wanted}'", f"give more of the name: {several}")
    if not names:
        raise DeviceError(f"there is no {kind}", "plug one in, or check `arecord -l` and `aplay -l`")
    close = get_close_matches(wanted.casefold(), folded, n=1)
    hint = f"did you mean '{names[folded.index(close[0])]}'? " if close else ""
    listed = ", ".join(f"'{name}'" for name in names)
    raise DeviceError(f"there is no {kind} '{wanted}'", f"{hint}There are: {listed}")

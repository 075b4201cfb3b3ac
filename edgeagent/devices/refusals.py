"""Why ALSA would not open a device, from what it wrote to stderr, in words a person can act on."""

from __future__ import annotations

import re

from edgeagent.errors import DeviceBusy, DeviceError

BUSY = "Device or resource busy"

REASONS = {
    "Permission denied": ("not permitted", "`sudo usermod -aG audio $USER`, then log in again"),
    BUSY: ("busy", "another program holds it: `sudo fuser -v /dev/snd/*` names it"),
    "No such device": ("gone", "plug it in again"),
}
"""What ALSA writes, and what it means."""


UNREADABLE = re.compile(r"(\S+) may be old or corrupted")
"""What ALSA writes of a file of its own settings; then it has no device at all, whichever is asked for."""


def unreadable(said: str) -> DeviceError | None:
    """The error where ALSA cannot read its own settings; None where it can."""
    if (file := UNREADABLE.search(said)) is None:
        return None
    return DeviceError(f"ALSA cannot read {file[1]}", "`aplay -L` says in which line: mend it, or move the file away")


def known(said: str) -> bool:
    """Whether `said` holds a reason that we can explain."""
    return any(words in said for words in REASONS)


def refusal(device: str, said: str, otherwise: str = "") -> DeviceError:
    """The error for a device that would not open; `otherwise` where `said` holds no known reason."""
    if (settings := unreadable(said)) is not None:
        return settings
    for words, (state, remedy) in REASONS.items():
        if words in said:
            kind = DeviceBusy if words == BUSY else DeviceError
            return kind(f"sound device '{device}' is {state}", remedy)
    return DeviceError(f"sound device '{device}' does not open: {otherwise}", "`edgeagent devices` lists what there is")

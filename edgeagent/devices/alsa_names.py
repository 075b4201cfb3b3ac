"""ALSA's own device names, as `arecord -L` and `aplay -L` list them, for the card that goes through these programs; and
the kernel's cards by the names that stay."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgeagent.devices.names import pick
from edgeagent.devices.refusals import unreadable
from edgeagent.errors import DeviceError, NotInstalled

Program = Literal["arecord", "aplay"]

KIND = {"arecord": "input device", "aplay": "output device"}

ANSWER_S = 5
"""How long a listing may take; a USB bus in trouble holds it up."""


CARDS = Path("/proc/asound")


@dataclass(frozen=True, slots=True)
class KernelCard:
    """A card as the kernel knows it. id: its stable name, as in plughw:CARD=id. number: changes between boots. text:
    what it calls itself. captures, plays: whether it has that direction."""

    id: str
    number: int
    text: str
    captures: bool
    plays: bool


def kernel_cards(folder: Path = CARDS) -> tuple[KernelCard, ...]:
    """All cards, by number; none where the kernel has no sound."""
    found = []
    for path in sorted(folder.glob("card[0-9]*"), key=lambda path: int(path.name[4:])):
        try:
            name = (path / "id").read_text().strip()
        except OSError:  # pulled this moment
            continue
        listed = re.search(rf"^ *{path.name[4:]} \[.*\]: (.*)$", _read(folder / "cards"), re.MULTILINE)
        text = listed[1].rpartition(" - ")[2] if listed else name
        ways = (any(path.glob(f"pcm*{way}")) for way in "cp")
        found.append(KernelCard(name, int(path.name[4:]), text, *ways))
    return tuple(found)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def names_of(program: Program) -> tuple[str, ...]:
    """The names of one direction; `arecord` the inputs. Raises DeviceError without alsa-utils, and where ALSA's own
    settings cannot be read."""
    try:
        done = subprocess.run([program, "-L"], capture_output=True, errors="replace", timeout=ANSWER_S, check=False)
    except FileNotFoundError as missing:
        raise NotInstalled(f"{program} is not installed", "sudo apt install alsa-utils") from missing
    except subprocess.TimeoutExpired as slow:
        raise DeviceError(f"{program} -L does not answer", "unplug the sound card and plug it in again") from slow
    if (settings := unreadable(done.stderr)) is not None:
        raise settings
    return tuple(line for line in done.stdout.splitlines() if line and not line[0].isspace())


def devices_of(program: Program) -> tuple[str, ...]:
    """The same without `null`, which is no device. Raises DeviceError."""
    return tuple(name for name in names_of(program) if name != "null")


def find(name: str, program: Program) -> str:
    """The device called so, or containing it. A name with a colon (`plughw:CARD=USB`) is ALSA's own way to say which
    device and how; it is taken as it is. Raises DeviceError with the names there are."""
    names = devices_of(program)
    if ":" in name or (name == "default" and names):  # a system may have a default without listing it
        return name
    return names[pick(name, names, KIND[program])]

"""Who owns a pin of the header: asked of the kernel, through lgpio, and of the device tree that was booted.

The kernel's name for the user of a line (`sdmode`, `power`) says little; the node of the device tree that claims the
pin is the overlay that a person wrote into config.txt. Both are only looked at: nothing is claimed.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeagent.devices.gpio import INSTALL, NO_PINS, driver
from edgeagent.errors import DeviceError

DEV = Path("/dev")
TREE = Path("/proc/device-tree")

HEADER = re.compile(r"pinctrl-(rp1|bcm)")
"""Label of the chip that drives the header; the others of a Pi drive its own LEDs and its camera."""

KERNEL = 1
"""Flag of a line that is in use."""

DEEPEST = 3
"""Levels of the device tree below which no overlay of a sound card, a lamp or a button puts anything."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One GPIO controller. number: of /dev/gpiochipN. name: as the kernel calls it. label: of its driver."""

    number: int
    name: str
    label: str
    lines: int

    @property
    def header(self) -> bool:
        """Whether the pins of the header are its."""
        return bool(HEADER.match(self.label))


@dataclass(frozen=True, slots=True)
class Claim:
    """A node of the device tree that wants a pin. node: its name, such as max98357a. role: sdmode, mute, reset ..."""

    pin: int
    node: str
    role: str


def chips(dev: Path = DEV) -> tuple[Chip, ...]:
    """Every controller, each really opened. Raises DeviceError with the remedy where lgpio is missing, empty, or may
    not open one."""
    lgpio = _lgpio()
    found = []
    numbers = sorted(int(path.name[8:]) for path in dev.glob("gpiochip*") if path.name[8:].isdigit())
    if not numbers:
        raise DeviceError(f"the kernel shows no {dev}/gpiochip*", NO_PINS)
    for number in numbers:
        with _opened(lgpio, number, dev) as handle:
            _, lines, name, label = lgpio.gpio_get_chip_info(handle)
            found.append(Chip(number, _text(name), _text(label), int(lines)))
    return tuple(found)


def user_of(pin: int, chip: int, dev: Path = DEV) -> str:
    """What the kernel calls the user of a line; "" where it is free. Raises DeviceError."""
    lgpio = _lgpio()
    with _opened(lgpio, chip, dev) as handle:
        _, _, flags, _, user = lgpio.gpio_get_line_info(handle, pin)
    return (_text(user) or "the kernel") if flags & KERNEL else ""


def claims(tree: Path = TREE) -> tuple[Claim, ...]:
    """Every pin of the header that a node of the booted device tree wants; nothing on machines without one."""
    controller = _controller(tree)
    return tuple(dict.fromkeys(_walk(tree, controller, DEEPEST))) if tree.is_dir() else ()


def nodes(compatible: str, tree: Path = TREE) -> tuple[str, ...]:
    """Names of the nodes right below the root that are such a device, for example maxim,max98357a."""
    if not tree.is_dir():
        return ()
    wanted = compatible.encode()
    found = (path.parent.name for path in tree.glob("*/compatible") if wanted in _read(path).split(b"\0"))
    return tuple(sorted(found))


def _lgpio() -> Any:
    try:
        return driver()
    except ImportError as error:
        raise DeviceError(f"lgpio is not installed ({error})", INSTALL) from error


@contextmanager
def _opened(lgpio: Any, number: int, dev: Path) -> Iterator[int]:
    path = dev / f"gpiochip{number}"
    try:
        handle = lgpio.gpiochip_open(number)
    except Exception as error:  # lgpio.error derives from Exception alone
        if not os.access(path, os.R_OK | os.W_OK):
            remedy = "sudo usermod -aG gpio $USER, then log in again"
            raise DeviceError(f"{path} is not for you", remedy) from error
        raise DeviceError(f"{path} does not open: {error}", "sudo apt full-upgrade; sudo reboot") from error
    try:
        yield handle
    finally:
        lgpio.gpiochip_close(handle)


def _text(name: object) -> str:
    """lgpio gives bytes or text, by version."""
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _controller(tree: Path) -> bytes:
    """The phandle of the header's controller; b"" where the tree does not tell."""
    place = _read(tree / "__symbols__" / "gpio").rstrip(b"\0").decode(errors="replace").lstrip("/")
    return _read(tree / place / "phandle") if place else b""


def _walk(folder: Path, controller: bytes, depth: int) -> Iterator[Claim]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            if depth > 1 and not entry.name.startswith("__"):
                yield from _walk(entry, controller, depth - 1)
        elif match := re.fullmatch(r"(?:(.*)-)?gpios?", entry.name):
            yield from _wanted(entry, match[1] or folder.name, controller)


def _wanted(path: Path, role: str, controller: bytes) -> Iterator[Claim]:
    """Of a property of (controller, pin, flags), big-endian, over and over."""
    data = _read(path)
    if _read(path.parent / "status").rstrip(b"\0") in (b"disabled", b"fail"):
        return
    for at in range(0, len(data) - len(data) % 12, 12):
        owner, pin = data[at : at + 4], struct.unpack(">I", data[at + 4 : at + 8])[0]
        if not controller or owner == controller:
            yield Claim(pin, path.parent.name, role)

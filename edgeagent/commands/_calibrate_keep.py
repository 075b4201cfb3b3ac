"""The settings that a calibration has found, put into a file: now, or later, when a person has looked at them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, count
from os.path import lexists
from pathlib import Path

import yaml

from edgeagent.config import amend
from edgeagent.config.document import read_text
from edgeagent.errors import ConfigError
from edgeagent.store.disk import replace_kept

Found = Mapping[str, int | bool]
"""Settings by dotted key."""

KINDS: Mapping[str, type[int]] = {"audio.volume_percent": int, "echo.drift": bool}
"""All that a calibration sets, and what kind of value each is."""


def keep(file: Path, found: Found) -> Path:
    """Put them into the file, and nothing else; where the old one is kept. Raises ConfigError or OSError."""
    text = amend(read_text(file), found, str(file))
    file = file.resolve()  # beside a link nothing may be writable
    dated = f"{file.name}.{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    names = (f"{dated}{again}.bak" for again in chain([""], (f"-{number}" for number in count(2))))
    backup = next(free for name in names if not lexists(free := file.with_name(name)))  # two may be of one second
    replace_kept(file, text, backup)
    return backup


def may_keep(file: Path) -> bool:
    """Whether we may write there: the file is replaced by a new one."""
    return os.access(file, os.W_OK) and os.access(file.resolve().parent, os.W_OK)


def typed(file: Path | None, found: Found) -> str:
    """The line that does it, from whatever folder."""
    sudo = "" if file is None or may_keep(file) else "sudo "
    named = "FILE" if file is None else shlex.quote(str(file.absolute()))
    return f"{sudo}edgeagent calibrate --config {named} --keep {' '.join(pairs(found))}"


def pairs(found: Found) -> list[str]:
    """As `taken` reads them."""
    return [f"{key}={yaml.safe_dump(value).partition(chr(10))[0]}" for key, value in found.items()]


def taken(given: Sequence[str]) -> dict[str, int | bool]:
    """Settings from KEY=VALUE, as a person has typed or copied them. Raises ConfigError."""
    found: dict[str, int | bool] = {}
    for pair in given:
        key, _, text = pair.partition("=")
        if key not in KINDS:
            raise ConfigError(f"--keep {pair}: a calibration does not set that", f"it sets {', '.join(KINDS)}")
        value = {"true": True, "false": False}.get(text, int(text) if text.isdecimal() else None)
        if type(value) is not KINDS[key] or (KINDS[key] is int and not 1 <= value <= 100):
            kind = "true or false" if KINDS[key] is bool else "a whole number from 1 to 100"
            raise ConfigError(f"--keep {pair}: not a value for it", f"give {kind}")
        found[key] = value
    return found


def known(settings: object) -> dict[str, int | bool]:
    """Those of `settings`, as far as a calibration sets them: for what a program says, not a person."""
    if not isinstance(settings, dict):
        return {}
    return {key: value for key, value in settings.items() if type(value) is KINDS.get(key)}

"""The family of errors a person may see, each with its remedy.

An `EdgeAgentError` is written for the person at the terminal: one line that says what is wrong and what to do. Facts of
the audio path (overruns, drift, echo trouble) are no exceptions; they are counted and journalled.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable
from pathlib import Path


class EdgeAgentError(Exception):
    """Something a person can mend. The command line prints it as one line and leaves with `exit_code`."""

    exit_code = 2

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}; {self.remedy}" if self.remedy else self.problem


class ConfigError(EdgeAgentError):
    """The configuration is wrong; the message lists every fault at once."""


class SoundFileError(EdgeAgentError):
    """A sound file is missing, damaged, or of a kind that cannot be read."""


class SceneError(EdgeAgentError):
    """A scene folder is incomplete or contradicts its format."""


class SessionError(EdgeAgentError):
    """A recorded session is incomplete or was made by another version."""


class ModelError(EdgeAgentError):
    """A model file is missing, altered, or of another version."""


class DeviceError(EdgeAgentError):
    """A sound card, pin or lamp is missing, busy, or not permitted."""


class DeviceBusy(DeviceError):
    """A sound card or pin that somebody else holds: perhaps the device itself, which runs already."""


class NotInstalled(DeviceError):
    """A program or library that a card, pin or lamp needs is not there: it will not appear by itself."""


class DeviceHung(DeviceError):
    """The sound library no longer answers; only a new process helps. 75 is EX_TEMPFAIL: systemd restarts us."""

    exit_code = 75


class ServiceError(EdgeAgentError):
    """A talker, recogniser or replier cannot start or has died."""


class RingError(LookupError):
    """Samples were asked for that the ring no longer holds or does not hold yet: a fault of ours, never stale sound."""


def install(extra: str) -> str:
    """The remedy where a library is missing that this extra brings; the package is in no index, and
    the pip on the path may be another Python's."""
    has = _installed_with()
    if has and extra not in has:
        return f"sudo bash tools/install.sh --extras {','.join([*has, extra])} in the checkout"
    return install_package(f"'.[{extra}]'") + " in the checkout"


def install_package(package: str) -> str:
    """The remedy where a package is missing that no extra brings."""
    return f"{'sudo ' if _installed_with() else ''}{sys.executable} -m pip install {package}"


def _installed_with() -> list[str]:
    """The extras of an environment that tools/install.sh has made, from its list there; none of any other."""
    try:
        done = Path(sys.prefix).with_name("installed").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    found = re.search(r"^extras (\S+)$", done, re.MULTILINE)
    return found[1].split(",") if found else []


def nearest(wrong: str, known: Iterable[str]) -> str:
    """The one of `known` that a person who wrote `wrong` probably meant; "" if none is near."""
    return next(iter(difflib.get_close_matches(wrong.lower(), sorted(known), n=1)), "")


def meant(near: str) -> str:
    """The end of a message about a name that does not exist, when `near` is the nearest that does; "" for none."""
    return f". Did you mean '{near}'?" if near else ""

"""The installed service as root's `check` sees it: what it is given, as whom it runs, and what it may do.

Root sees another environment than the service and may do what the service may not, so neither may be asked of the
process that checks.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from fnmatch import fnmatch
from grp import getgrall, getgrgid
from pathlib import Path
from pwd import getpwnam, struct_passwd

from edgeagent.credential import given
from edgeagent.errors import EdgeAgentError

UNIT = Path("/etc/systemd/system/edgeagent.service")

STATE = Path("/var/lib/edgeagent")
"""What `StateDirectory=` of the unit names, the service's home as well."""

RESTART = "sudo systemctl restart edgeagent"

DROP_INS = f"{UNIT}.d"

OURS = "zz-check.conf"
"""The drop-in of our remedies: the last by its name, so that it counts."""

YES = ("yes", "y", "true", "t", "on", "1")

HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
"""What `ProtectHome=` hides."""

MAY = {0o1: "enter", 0o2: "write in", 0o4: "read"}
"""What a right is to, as the mode of others has it."""

BYTES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
"""systemd's units of a limit."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Of a file: numbers of user and group, the group's name, and who may do what."""

    user: int
    group: int
    group_name: str
    mode: int


class Installed:
    """The unit with its drop-ins, as they were when it was made."""

    def __init__(self, unit: Path) -> None:
        parts = [unit, *sorted(unit.with_name(unit.name + ".d").glob("*.conf"))]
        text = "\n".join(part.read_text(encoding="utf-8", errors="replace") for part in parts)
        self._text = text.replace("\\\n", " ")

    @property
    def user(self) -> str:
        return self._last("User") or "root"

    @property
    def absent(self) -> str:
        """The line that makes the service's user, "" where there is one."""
        made = f"sudo useradd --system --home-dir {STATE} --no-create-home --shell /usr/sbin/nologin {self.user}"
        groups = f"for group in audio gpio spi i2c; do sudo usermod -aG $group {self.user}; done"  # all that there are
        return "" if self._known() else f"{made}; {groups}; {RESTART}"

    def gives(self, credential: str) -> bool:
        """Whether the service gets this credential."""
        return any(value.partition(":")[0] == credential for value in self._values(r"\w*Credential(?:Encrypted)?"))

    def path(self, name: str) -> Path:
        """What a path of the configuration is for the service."""
        return STATE / re.sub(r"^~(?=/|$)", str(STATE), name)

    def denies(self, folder: Path) -> str:
        """Why the service cannot write into `folder`, which exists; "" if it can."""
        given = (path for value in self._values("ReadWritePaths") for path in _paths(value))
        writable = [STATE, *self._made(), *(Path(path.lstrip("-+")) for path in given)]
        if self._last("ProtectSystem") == "strict" and not any(folder.is_relative_to(path) for path in writable):
            return f"the service may write in {STATE} alone (ProtectSystem=strict)"
        return self._refused(folder, 0o2)

    def makes(self, folder: Path) -> bool:
        """Whether systemd makes `folder`, or one above it, whenever the service starts."""
        return any(folder.is_relative_to(made) for made in self._made())

    def hides(self, path: Path) -> str:
        """Why the service cannot read `path`; "" if it can."""
        hidden = self._last("ProtectHome").lower() in (*YES, "tmpfs")
        if hidden and any(path.is_relative_to(home) for home in HOMES):
            return f"the service does not see {path} (ProtectHome=yes)"
        if not path.exists():
            return f"the service looks for it in {path}, where nothing is"
        ways = (self._refused(folder, 0o1) for folder in reversed(path.parents))
        return next(filter(None, ways), "") or self._refused(path, 0o4)

    def elsewhere(self, key: str, name: str, denied: Path) -> str:
        """The line after which the service can write what a setting names; denied: where it could not."""
        if self.absent:
            return self.absent
        if denied.is_relative_to(STATE):
            return f"sudo chown -R {self.user}: {STATE}; sudo chmod 700 {STATE}"
        return f"set {key}: {STATE / name}, then {RESTART}"

    def limit(self, name: str) -> float:
        """`LimitNAME=`, of bytes in bytes; 0 where none is set: what then holds is too little."""
        value = self._last(f"Limit{name}").partition(":")[0]
        if value == "infinity":
            return float("inf")
        found = re.fullmatch(r"(\d+)([KMGT]?)", value)
        return int(found[1]) * BYTES[found[2]] if found else 0.0

    def says(self, key: str) -> bool:
        """Whether the unit has a switch on."""
        return self._last(key).lower() in YES

    def closes(self, device: Path, kind: str) -> bool:
        """Whether the unit keeps the service from a device node, whoever owns it. kind: the kernel's, such as alsa."""
        allowed = [value.split() for value in self._values("DeviceAllow")]
        policy = self._last("DevicePolicy") or "auto"
        if policy == "auto" and not allowed:
            return False
        may = (words[0] for words in allowed if {"r", "w"} <= set("".join(words[1:]) or "rwm"))
        return not any(fnmatch(name, pattern) for pattern in may for name in (str(device), f"char-{kind}"))

    def refuses(self, device: Path) -> str:
        """Why the service's user may not read and write a device node; "" if they may."""
        return self._refused(device, 0o6)

    def _refused(self, path: Path, wanted: int) -> str:
        """wanted: as the mode of others."""
        known = self._known()
        if known is None:
            return f"the service's user {self.user} does not exist"
        of = owner(path)
        shift = 6 if of.user == known.pw_uid else 3 if of.group in self._groups(known) else 0
        if known.pw_uid == 0 or of.mode >> shift & wanted == wanted:
            return ""
        return f"the service's user {self.user} may not {MAY.get(wanted, 'use')} {path}"

    def _made(self) -> list[Path]:
        return [Path("/run") / name for value in self._values("RuntimeDirectory") for name in value.split()]

    def _known(self) -> struct_passwd | None:
        try:
            return getpwnam(self.user)
        except KeyError:
            return None

    def _groups(self, known: struct_passwd) -> set[int]:
        """Numbers: those of the user, and those that the unit adds."""
        named = {self._last("Group"), *" ".join(self._values("SupplementaryGroups")).split()}
        numbers = {group.gr_gid for group in getgrall() if known.pw_name in group.gr_mem or group.gr_name in named}
        return numbers | {known.pw_gid} | {int(name) for name in named if name.isdecimal()}

    def _last(self, key: str) -> str:
        return ([*self._values(key)] or [""])[-1]

    def _values(self, key: str) -> list[str]:
        """What the unit gives to a key. An empty one takes all before it back, as systemd has it."""
        values: list[str] = []
        for value in re.findall(rf"^[ \t]*{key}[ \t]*=[ \t]*(.*?)[ \t]*$", self._text, re.MULTILINE):
            values = [*values, value] if value else []
        return values


def _paths(value: str) -> list[str]:
    """Each may stand in quotes."""
    try:
        return shlex.split(value)
    except ValueError:  # a quote without its other one, of which systemd complains itself
        return value.split()


def drop_in(*lines: str) -> str:
    """The command that gives the unit such lines."""
    text = r"\n".join(("[Service]", *lines, ""))
    written = f"sudo mkdir -p {DROP_INS}; printf '{text}' | sudo tee -a {DROP_INS}/{OURS}"
    return f"{written}; sudo systemctl daemon-reload; {RESTART}"


def owner(path: Path) -> Owner:
    """Raises OSError."""
    about = path.stat()
    try:
        group = getgrgid(about.st_gid).gr_name
    except KeyError:
        group = str(about.st_gid)
    return Owner(about.st_uid, about.st_gid, group, about.st_mode & 0o777)


def installed() -> Installed | None:
    """The service, where root checks for it; None where somebody checks for themselves. Raises EdgeAgentError."""
    if os.geteuid() != 0 or not UNIT.exists():
        return None
    try:
        return Installed(UNIT)
    except OSError as error:
        raise EdgeAgentError(f"{error.filename}: {error.strerror}", f"ls -l {error.filename}") from error


def place(name: str) -> Path:
    """What a path of the configuration is for the device: the service, where root asks, has another home. Raises
    EdgeAgentError."""
    service = installed()
    return service.path(name) if service else Path(name).expanduser()


def theirs(path: Path) -> bool:
    """Whether `path` is the service's, and somebody else than root asks: then it is neither seen nor to be moved."""
    return os.geteuid() != 0 and UNIT.exists() and path.is_relative_to(STATE)


held: frozenset[str] = frozenset()
"""Credentials that the device has which has asked for this check: no child of its gets them."""


def has(credential: str) -> bool:
    """Whether the device gets this credential: the one that asks, or the service, where root checks for it. Raises
    EdgeAgentError."""
    service = installed()
    return given(credential) or credential in held or (service is not None and service.gives(credential))

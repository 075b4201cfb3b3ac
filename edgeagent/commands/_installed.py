"""The installed service as root's `check` sees it: what it is given, as whom it runs, and where it may write.

Root sees another environment than the service and may write where the service may not, so neither may be asked of the
process that checks.
"""

from __future__ import annotations

import os
import re
from grp import getgrall
from pathlib import Path
from pwd import getpwnam

from edgeagent.credential import given
from edgeagent.errors import EdgeAgentError

UNIT = Path("/etc/systemd/system/edgeagent.service")

STATE = Path("/var/lib/edgeagent")
"""What `StateDirectory=` of the unit names, the service's home as well."""


class Installed:
    """The unit with its drop-ins, as they were when it was made."""

    def __init__(self, unit: Path) -> None:
        parts = [unit, *sorted(unit.with_name(unit.name + ".d").glob("*.conf"))]
        self._text = "\n".join(part.read_text(encoding="utf-8", errors="replace") for part in parts)

    def gives(self, credential: str) -> bool:
        """Whether the service gets this credential."""
        return any(value.partition(":")[0] == credential for value in self._values(r"\w*Credential(?:Encrypted)?"))

    def path(self, name: str) -> Path:
        """What a path of the configuration is for the service."""
        return STATE / re.sub(r"^~(?=/|$)", str(STATE), name)

    def denies(self, folder: Path) -> str:
        """Why the service cannot write into `folder`, which exists; "" if it can."""
        writable = [
            STATE,
            *(Path(path.lstrip("-+")) for value in self._values("ReadWritePaths") for path in value.split()),
        ]
        if "strict" in self._values("ProtectSystem") and not any(folder.is_relative_to(path) for path in writable):
            return f"the service may write in {STATE} alone (ProtectSystem=strict)"
        user = ([*self._values("User")] or ["root"])[-1]
        try:
            known = getpwnam(user)
        except KeyError:
            return f"the service's user {user} does not exist"
        about = folder.stat()
        groups = {known.pw_gid, *(group.gr_gid for group in getgrall() if user in group.gr_mem)}
        of = 0o200 if about.st_uid == known.pw_uid else 0o020 if about.st_gid in groups else 0o002
        return "" if known.pw_uid == 0 or about.st_mode & of else f"the service's user {user} may not write in {folder}"

    def _values(self, key: str) -> list[str]:
        return re.findall(rf"^{key}=(.+?)\s*$", self._text, re.MULTILINE)


def installed() -> Installed | None:
    """The service, where root checks for it; None where somebody checks for themselves. Raises EdgeAgentError."""
    if os.geteuid() != 0 or not UNIT.exists():
        return None
    try:
        return Installed(UNIT)
    except OSError as error:
        raise EdgeAgentError(f"{error.filename}: {error.strerror}", "see who owns it") from error


held: frozenset[str] = frozenset()
"""Credentials that the device has which has asked for this check: no child of its gets them."""


def has(credential: str) -> bool:
    """Whether the device gets this credential: the one that asks, or the service, where root checks for it. Raises
    EdgeAgentError."""
    service = installed()
    return given(credential) or credential in held or (service is not None and service.gives(credential))

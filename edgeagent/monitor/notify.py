"""The service manager's protocol (sd_notify): lines of text to the datagram socket that NOTIFY_SOCKET names.

Written here rather than taken from a library: it is a socket and a join, and no library for it is both kept up and free
of a compiler. Nothing blocks and nothing raises: a manager that does not listen must not hold the sound up.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping

SOCKET, WATCHDOG_USEC, WATCHDOG_PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
"""Variables in which a manager says where it listens, within how many microseconds it wants to be fed, and by whom."""


class Manager:
    """Whoever started us and wants to know how we are. Any thread."""

    def __init__(self, address: str, watchdog_s: float = 0.0) -> None:
        """address: a path, or `@` and an abstract name. watchdog_s: within which it wants to be fed; 0 for never."""
        self.watchdog_s = watchdog_s
        self.missed = 0
        """Messages that it did not take."""
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)

    def tell(self, **fields: str | int) -> bool:
        """Such as READY=1, STATUS="listens"; one datagram. False if it was not taken; the next may be."""
        lines = (f"{name}={' '.join(str(value).splitlines())}" for name, value in fields.items())
        try:
            self._socket.sendto("\n".join(lines).encode(errors="replace"), self._address)
        except OSError:  # it is away, or has too much to do
            self.missed += 1
            return False
        return True

    def close(self) -> None:
        self._socket.close()


def manager(environment: MutableMapping[str, str] | None = None) -> Manager | None:
    """The one that started us, None without one. The variables are taken away: they are not for our children."""
    known = os.environ if environment is None else environment
    address, microseconds, pid = (known.pop(name, "") for name in (SOCKET, WATCHDOG_USEC, WATCHDOG_PID))
    if address[:1] not in ("/", "@"):
        return None
    ours = pid in ("", str(os.getpid())) and microseconds.isdecimal()
    return Manager(address, int(microseconds) / 1e6 if ours else 0.0)

"""Home Assistant finds the satellite by itself: mDNS, service `_wyoming._tcp.local.`.

Registering asks the network three times whether the name is free, so it is done on a thread of its own; what goes wrong
there is told, and the satellite can still be added by its address.
"""

from __future__ import annotations

import socket
import uuid
from contextlib import suppress
from threading import Thread
from typing import Any, Protocol

from edgeagent.errors import ServiceError, install

SERVICE = "_wyoming._tcp.local."

ANY = ("0.0.0.0", "::")

CLOSING_S = 2.0


class Note(Protocol):
    """Takes a line of trouble, on any thread."""

    def __call__(self, text: str, *, trouble: bool = False) -> None: ...


class Discovery:
    """Registers from its making to `close`."""

    def __init__(self, name: str, address: str, port: int, note: Note, interfaces: Any = None) -> None:
        """name: of the satellite. address: where it listens, 0.0.0.0 for everywhere. interfaces: addresses to tell it
        at, instead of that one. Raises ServiceError when the library is missing."""
        try:
            import zeroconf
        except ImportError as missing:
            raise ServiceError("satellite.discovery needs the library zeroconf", install("zeroconf")) from missing
        self._library = zeroconf
        self._note = note
        self._interfaces = interfaces or (zeroconf.InterfaceChoice.Default if address in ANY else [address])
        host = _own_address() if address in ANY else address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._service = zeroconf.ServiceInfo(
            SERVICE,
            f"{uuid.getnode():012x}.{SERVICE}",  # what Home Assistant knows it by: it outlives a new name
            addresses=[socket.inet_pton(family, host)],
            port=port,
            properties={"name": name},
        )
        self._zeroconf: Any = None
        self._thread = Thread(target=self._register, name="zeroconf", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take it back, in bounded time. Idempotent."""
        self._thread.join(CLOSING_S)
        known, self._zeroconf = self._zeroconf, None
        if known is not None:
            ending = Thread(target=known.close, name="zeroconf-end", daemon=True)  # takes back what was registered
            ending.start()
            ending.join(CLOSING_S)

    def _register(self) -> None:
        try:
            self._zeroconf = self._library.Zeroconf(interfaces=self._interfaces)
            self._zeroconf.register_service(self._service, allow_name_change=True)
        except (OSError, self._library.Error) as error:
            self._note(f"Home Assistant cannot find it by itself: {error or type(error).__name__}", trouble=True)
            if self._zeroconf is not None:
                with suppress(OSError):
                    self._zeroconf.close()
                self._zeroconf = None


def _own_address() -> str:
    """The address from which the network is reached; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("224.0.0.251", 5353))
        except OSError:
            return "127.0.0.1"
        return str(asking.getsockname()[0])

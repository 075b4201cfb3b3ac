"""Home Assistant finds the satellite by itself: mDNS, service `_wyoming._tcp.local.`.

Registering asks the network three times whether the name is free, so it is done on a thread of its own; what goes wrong
there is told once and tried again, for a device starts before its network does. A router that starts anew may give
another address; then it is registered anew. The satellite can always be added by its address.
"""

from __future__ import annotations

import socket
import uuid
from contextlib import suppress
from threading import Event, Thread
from typing import Any, Protocol

from edgeagent.errors import ServiceError, install

SERVICE = "_wyoming._tcp.local."

ANY = ("0.0.0.0", "::")

NOWHERE = "127.0.0.1"
"""Our address while there is no network. Nobody finds us there."""

AGAIN_S = 5.0
"""Between two attempts."""

LOOK_S = 30.0
"""Between two looks whether the address is another."""

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
        self._told = (name, address, port)
        self._zeroconf: Any = None
        self._over = Event()
        self._thread = Thread(target=self._run, name="zeroconf", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take it back, in bounded time. Idempotent."""
        self._over.set()
        self._thread.join(CLOSING_S)
        ending = Thread(target=self._take_back, name="zeroconf-end", daemon=True)
        ending.start()
        ending.join(CLOSING_S)

    def _run(self) -> None:
        told = False
        while not self._over.is_set():
            host = self._host()
            if why_not := self._register(host):
                if not told:
                    self._note(f"Home Assistant cannot find it by itself: {why_not}; it is tried again", trouble=True)
                told = True
                self._over.wait(AGAIN_S)
                continue
            if told:
                self._note("Home Assistant can find it by itself now")
                told = False
            while not self._over.wait(LOOK_S):
                if self._host() not in (host, NOWHERE):
                    self._take_back()
                    break

    def _host(self) -> str:
        """Our address; NOWHERE without a network."""
        address = self._told[1]
        return _own_address() if address in ANY else address

    def _register(self, host: str) -> str:
        """Why not; "" once it is."""
        name, address, port = self._told
        if address in ANY and host == NOWHERE:
            return "there is no network"
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        node = f"{uuid.getnode():012x}"
        service = self._library.ServiceInfo(
            SERVICE,
            f"{node}.{SERVICE}",  # what Home Assistant knows it by: it outlives a new name
            # A host of its own. Where service and host share a name both are asked for at once, and an answer that
            # has the address before the host it belongs to is lost on the library that asks.
            server=f"edgeagent-{node}.local.",
            addresses=[socket.inet_pton(family, host)],
            port=port,
            properties={"name": name},
        )
        try:
            self._zeroconf = self._library.Zeroconf(interfaces=self._interfaces)
            self._zeroconf.register_service(service, allow_name_change=True)
        except Exception as error:  # for an address of IPv6 that is not there yet it is a RuntimeError
            self._take_back()
            return str(error) or type(error).__name__
        return ""

    def _take_back(self) -> None:
        """What is registered, if anything is."""
        known, self._zeroconf = self._zeroconf, None
        if known is not None:
            with suppress(Exception):  # nothing more is wanted of it
                known.close()


def _own_address() -> str:
    """The address from which the network is reached; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("224.0.0.251", 5353))
        except OSError:
            return NOWHERE
        return str(asking.getsockname()[0])

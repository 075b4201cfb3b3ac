"""A connection that speaks Wyoming, the protocol of Home Assistant's voice services, cut off in milliseconds.

The protocol has no cancel: what is not wanted any more is cut by shutting the connection down, which the other side
sees at once. (`synthesize-stop` of newer servers means "finish", not "stop".)
"""

from __future__ import annotations

import io
import select
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from edgeagent.errors import ServiceError, install

CONNECT_S = 5.0
"""Seconds for a connection: a server in the next room answers in milliseconds."""


class Incoming(io.RawIOBase):
    """What comes from a socket. While `now`, nothing is waited for: what is not there yet is not there."""

    def __init__(self, connected: socket.socket) -> None:
        self.now = self.ended = False
        self._socket = connected

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.now and not select.select([self._socket], [], [], 0)[0]:
            return None
        count = self._socket.recv_into(buffer)
        self.ended = count == 0
        return count


class WyomingLink:
    """One thread, but for `cut`."""

    def __init__(self, uri: str, stall_s: float) -> None:
        """uri: tcp://host:port or unix:///path. stall_s: seconds of silence after which the server has failed. Nothing
        is connected yet. Raises ServiceError."""
        try:
            from wyoming import event
        except ImportError as missing:
            raise ServiceError("the library wyoming is not installed", install("wyoming")) from missing
        self._protocol = event
        self._uri = uri
        self._stall_s = stall_s
        self._socket: socket.socket | None = None
        self._incoming: Incoming
        self._reader: Any = None
        self._writer: Any = None

    def connect(self) -> None:
        """Raises ServiceError."""
        try:
            self._socket = _connected(self._uri)
        except OSError as error:
            why = error.strerror or str(error)
            raise ServiceError(f"{self._uri}: {why}", "start the server, or mend its address") from error
        self._socket.settimeout(self._stall_s)
        self._incoming = Incoming(self._socket)
        self._reader, self._writer = io.BufferedReader(self._incoming), self._socket.makefile("wb")

    def send(self, kind: str, data: Mapping[str, object] | None = None, payload: bytes | None = None) -> None:
        """An event. Raises ServiceError."""
        try:
            self._protocol.write_event(self._protocol.Event(kind, dict(data or {}), payload), self._writer)
            self._writer.flush()
        except (OSError, ValueError) as error:
            raise ServiceError(f"{self._uri} has closed the connection", "see what the server says") from error

    def events(self) -> Iterator[Any]:
        """What the server sends, until it closes or `cut`. Raises ServiceError where it stalls, or tells an error."""
        while True:
            try:
                event = self._protocol.read_event(self._reader)
            except TimeoutError as error:
                raise ServiceError(f"{self._uri} does not answer", "see whether it is overloaded") from error
            except (OSError, ValueError, KeyError, AttributeError, TypeError):
                return
            if event is None:
                return
            if event.type == "error":
                raise ServiceError(f"{self._uri}: {' '.join(str(event.data.get('text', '')).split())}")
            yield event

    def waiting(self) -> Iterator[Any]:
        """As `events`, those that have come already. One whose rest is still under way is waited for."""
        events = self.events()
        while self._has_come() and (event := next(events, None)) is not None:
            yield event

    @property
    def ended(self) -> bool:
        """Whether the server has been seen to have closed the connection."""
        return self._incoming.ended

    def _has_come(self) -> bool:
        self._incoming.now = True
        try:
            return bool(self._reader.peek(1))
        except (OSError, ValueError):
            self._incoming.ended = True
            return False
        finally:
            self._incoming.now = False

    def cut(self) -> None:
        """End it, from any thread, at once. Idempotent."""
        if (connected := self._socket) is not None:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give everything back."""
        self.cut()
        for part in (self._writer, self._reader, self._socket):
            if part is not None:
                with suppress(OSError, ValueError):
                    part.close()


def _connected(uri: str) -> socket.socket:
    parts = urlsplit(uri)
    if parts.scheme == "unix":
        connected = socket.socket(socket.AF_UNIX)
        try:
            connected.settimeout(CONNECT_S)
            connected.connect(parts.path)
        except OSError:
            connected.close()
            raise
        return connected
    connected = socket.create_connection((parts.hostname or "", parts.port or 0), CONNECT_S)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected

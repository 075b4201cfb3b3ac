"""A connection that speaks Wyoming, the protocol of Home Assistant's voice services, cut off in milliseconds.

The protocol has no cancel: what is not wanted any more is cut by shutting the connection down, which the other side
sees at once. (`synthesize-stop` of newer servers means "finish", not "stop".)
"""

from __future__ import annotations

import io
import json
import select
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from edgeagent.errors import ServiceError, install
from edgeagent.services.complaint import one_line
from edgeagent.services.wyoming_wire import Breaks, Message, read

CONNECT_S = 5.0
"""Seconds for a connection: a server in the next room answers in milliseconds."""

LONGEST_SOUND = 4 << 20
"""Bytes that a voice may send in one message: a minute and a half at 22.05 kHz. Some send a sentence in one piece."""

AT_ONCE = 64
"""Messages that `waiting` hands out before it lets its caller do something else: a server may never pause."""


class Incoming(io.RawIOBase):
    """What comes from a socket. It is waited for until `due`, seconds, monotonic; then TimeoutError, even where
    something comes. While `now`, nothing is waited for: what is not there yet is not there."""

    def __init__(self, connected: socket.socket) -> None:
        self.now = self.ended = False
        self.due = 0.0
        self._socket = connected
        self._poll = select.poll()
        self._poll.register(connected, select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = 0.0 if self.now else self.due - monotonic()
        if left_s < 0 or not self._poll.poll(1000 * left_s):
            if self.now:
                return None
            raise TimeoutError
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
        plain = json.dumps(dict(data or {}), ensure_ascii=False).encode(errors="replace")  # half an emoji is no text
        try:
            self._protocol.write_event(self._protocol.Event(kind, json.loads(plain), payload), self._writer)
            self._writer.flush()
        except (OSError, ValueError) as error:
            raise ServiceError(f"{self._uri} has closed the connection", "see what the server says") from error

    def events(self, *kinds: str) -> Iterator[Message]:
        """What the server sends of these kinds, until it closes or `cut`. Raises ServiceError where none of them comes
        for `stall_s`, or it tells an error, or sends what is no Wyoming."""
        self._expect()
        while (message := self._next()) is not None:
            if message.kind in kinds:
                yield message
                self._expect()

    def waiting(self) -> Iterator[Message]:
        """Of all kinds, what has come already, AT_ONCE at most. One whose rest is still under way is waited for."""
        for _ in range(AT_ONCE):
            if not self._has_come():
                return
            self._expect()
            if (message := self._next()) is None:
                return
            yield message

    def _expect(self) -> None:
        """A message must be here, whole, `stall_s` from now."""
        self._incoming.due = monotonic() + self._stall_s

    def _next(self) -> Message | None:
        """None where the connection has ended."""
        try:
            message = read(self._reader, LONGEST_SOUND)
        except TimeoutError as error:
            raise ServiceError(f"{self._uri} does not answer", "see whether it is overloaded") from error
        except (OSError, Breaks):
            return None
        except ValueError as error:
            raise ServiceError(
                f"{self._uri} sends what is no Wyoming ({error})",
                "see what listens there: `journalctl -e` where it runs",
            ) from error
        if message is not None and message.kind == "error":
            raise ServiceError(f"{self._uri}: {one_line(message.text('text')) or 'an error'}")
        return message

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

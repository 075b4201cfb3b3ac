"""The port at which Home Assistant finds the satellite: connections, each with a thread that reads and one that writes.

Anybody may ask what we are (`describe`): Home Assistant does so on a connection of its own. Who says `run-satellite` is
the one whom the satellite serves, as long as it gives signs of life; another is refused meanwhile. What is no message
ends its connection and nothing else.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from queue import Empty, Full, Queue
from threading import Lock, Thread
from typing import BinaryIO, Protocol, cast

from edgeagent.services.wyoming_wire import LONGEST_DATA, Message, encoded, read

MOST = 8
"""Connections at a time: Home Assistant has one, and one more when it asks what there is."""

WAITING = 2048
"""Messages that may wait for a client: two minutes of sound. One that is so far behind is given up."""

STALL_S = 10.0
"""Seconds that a client may take for one message of ours."""

QUIET_S, DEAD_S = 4.0, 12.0
"""Seconds without a message from whom we serve: then it is asked, and then given up. Home Assistant pings every two."""

ECHOED = 256
"""Characters of a ping that are sent back, more than anybody asks for: what waits for a client that reads nothing must
stay small."""

CLOSING_S = 1.0

Clock = Callable[[], float]


class Served(Protocol):
    """What the connections are for; every method is called on threads of theirs."""

    def info(self) -> Message:
        """What we are."""

    def adopt(self, connection: Connection) -> bool:
        """It wants to be served; whether it is."""

    def take(self, connection: Connection, message: Message) -> None:
        """Something else that it says."""

    def lost(self, connection: Connection, reason: str) -> None:
        """It is over."""


class Connection:
    """`send` and `cut` are for any thread."""

    def __init__(self, ours: socket.socket, peer: str, served: Served, clock: Clock) -> None:
        self.peer = peer
        self.kept = False
        """Whether it is, or was, the one that is served."""

        self.heard_at = clock()
        """When it last said anything."""

        self.why = ""
        """Why it was cut, where it was we who did."""

        self._socket = ours
        self._served = served
        self._clock = clock
        self._waiting: Queue[Message | None] = Queue(WAITING)
        ours.settimeout(None)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(STALL_S), 0))  # not of reading
        with suppress(OSError):
            ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.threads = tuple(Thread(target=work, name="satellite", daemon=True) for work in (self._read, self._write))

    def start(self) -> None:
        for thread in reversed(self.threads):  # the one that reads waits for the other at its end
            thread.start()

    def send(self, messages: Iterable[Message]) -> None:
        """In this order; at once. A client that is too far behind is given up."""
        for message in messages:
            try:
                self._waiting.put_nowait(message)
            except Full:
                self.cut("it does not take what it is sent")
                return

    def cut(self, why: str = "") -> None:
        """End it, at once. Idempotent."""
        self.why = self.why or why
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with suppress(Full):
            self._waiting.put_nowait(None)

    def leave(self) -> None:
        """End it behind what has been sent."""
        with suppress(Full):
            self._waiting.put_nowait(None)

    def _read(self) -> None:
        reason = "it has closed the connection"
        source = cast(BinaryIO, self._socket.makefile("rb"))
        try:
            while (message := read(source, longest_data=LONGEST_DATA)) is not None:
                self.heard_at = self._clock()
                if not self._answer(message):
                    break
        except ValueError as garbage:
            reason = f"it says what is no Wyoming: {garbage}"
        except OSError as error:
            reason = error.strerror or str(error)
        finally:
            self._served.lost(self, self.why or reason)
            self.leave()
            self.threads[1].join(STALL_S)
            self.cut()
            with suppress(OSError):
                source.close()
            self._socket.close()

    def _answer(self, message: Message) -> bool:
        match message.kind:
            case "describe":
                self.send([self._served.info()])
            case "ping":
                self.send([Message("pong", {"text": message.text("text")[:ECHOED] or None})])
            case "run-satellite":
                if not self._served.adopt(self):
                    self.send([Message("error", {"text": "this satellite serves another", "code": "in-use"})])
                    return False
                self.kept = True
            case _:
                self._served.take(self, message)
        return True

    def _write(self) -> None:
        try:
            while (message := self._next()) is not None:
                self._socket.sendall(message)
        except BlockingIOError:
            self.cut("it does not take what it is sent")
        except OSError:
            self.cut()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _next(self) -> bytes | None:
        """What waits, in one piece; None at the end."""
        first = self._waiting.get()
        if first is None:
            return None
        found = [encoded(first)]
        with suppress(Empty):
            while len(found) < 16:
                if (more := self._waiting.get_nowait()) is None:
                    self._waiting.put_nowait(None)
                    break
                found.append(encoded(more))
        return b"".join(found)


def _plain(address: str) -> str:
    """One way to write it: where we listen at all addresses, IPv4 comes as ::ffff:192.168.1.5."""
    known = ip_address(address.partition("%")[0])
    return str((known.ipv4_mapped if isinstance(known, IPv6Address) else None) or known)


class SatelliteServer:
    """Listens from `start` to `close`, in a thread of its own."""

    def __init__(
        self,
        listening: socket.socket,
        allow: Iterable[str],
        served: Served,
        refused: Callable[[str], None],
        clock: Clock = time.monotonic,
    ) -> None:
        """listening: is closed with the server. allow: addresses that may connect, none for all. refused: gets the
        address of one that may not, on our thread."""
        self._listening = listening
        self._allow = frozenset(map(_plain, allow))
        self._served = served
        self._refused = refused
        self._clock = clock
        self._connections: list[Connection] = []
        self._changing = Lock()  # of `_connections`
        self._closing = False
        self._thread = Thread(target=self._accept, name="satellite-port", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listening.getsockname()[1])

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """No more connections, in bounded time. Idempotent."""
        self._closing = True
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # ends `accept`
        if self._thread.is_alive():
            self._thread.join(CLOSING_S)
        self._listening.close()
        with self._changing:
            connections = list(self._connections)
        for connection in connections:
            connection.leave()  # what has been sent still goes out
        for connection in connections:
            connection.threads[1].join(CLOSING_S)
            connection.cut()
            connection.threads[0].join(CLOSING_S)

    def _accept(self) -> None:
        while not self._closing:
            try:
                ours, address = self._listening.accept()
            except OSError:
                if not self._closing:
                    time.sleep(CLOSING_S)  # out of files: others may give some back
                continue
            self._welcome(ours, _plain(str(address[0])))

    def _welcome(self, ours: socket.socket, peer: str) -> None:
        with self._changing:
            self._connections = [one for one in self._connections if one.threads[0].is_alive()]
            for one in self._connections:  # whoever only connects must not keep others out
                if not one.kept and self._clock() - one.heard_at > DEAD_S:
                    one.cut("it says nothing")
            full = sum(not one.why for one in self._connections) >= MOST
            if full or (self._allow and peer not in self._allow):
                ours.close()
            else:
                connection = Connection(ours, peer, self._served, self._clock)
                self._connections.append(connection)
                connection.start()
                return
        self._refused(peer)

"""Server-sent events over HTTP, cut off in milliseconds whatever the other side does.

The request runs in a thread of its own (`feed`). A cancel shuts the socket down: a read that hangs ends at once, and
the other side sees the connection closed and stops generating. (`close` of the usual HTTP clients waits for what is
stalled.) WHATWG HTML, 9.2.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from math import inf
from time import monotonic
from urllib.parse import SplitResult, urlsplit

from edgeagent.errors import ServiceError
from edgeagent.services.complaint import complaint, hidden
from edgeagent.services.feed import Feed

WAITING = 256
"""Events that may wait for their reader; then the server waits, for TCP's windows are full."""

LINE = 65_536
"""Bytes of a line at most; a server that sends more is none."""

LONGEST_EVENT = 1 << 20
"""Characters of an event at most, which may have many lines."""

FIELDS = ("data", "error")
"""Of an event, that are read. The latter is in no standard, and is how llama.cpp says what ends an answer."""

CONNECT_S = 5.0
"""Seconds for a connection: a server in the next room answers in milliseconds."""


class EventStream:
    """One POST and the events that answer it. Iterate once, in one thread; `cancel` from any."""

    def __init__(
        self, url: str, body: Mapping[str, object], headers: Mapping[str, str], stall_s: float, secret: str = ""
    ) -> None:
        """stall_s: seconds without a byte, and behind an event without another one, after which the server has failed:
        what only keeps a connection alive is no answer. secret: is in no complaint, though servers
        repeat what they refuse. Returns at once."""
        self._url = urlsplit(url)
        self._body = json.dumps(body).encode()
        self._headers = {"Content-Type": "application/json", "Accept": "text/event-stream", **headers}
        self._stall_s = stall_s
        self._secret = secret
        self._socket: socket.socket | None = None
        self._feed: Feed[str] = Feed("event-stream", self._work, WAITING)
        self._feed.start()

    def __iter__(self) -> Iterator[str]:
        """The data of each event, until the server closes. Raises ServiceError."""
        return iter(self._feed)

    def cancel(self) -> None:
        """No more of it. Any thread, at once."""
        self._feed.cancel()
        self._shut()

    def _shut(self) -> None:
        if (connected := self._socket) is not None:
            shut(connected)

    def _work(self, put: Callable[[str], bool]) -> None:
        with explained(self._name, self._secret):
            self._receive(put)

    def _receive(self, put: Callable[[str], bool]) -> None:
        context = _context() if self._url.scheme == "https" else None
        connection = connecting(self._url, CONNECT_S, context)
        try:
            self._connect(connection, context)
            if self._feed.cancelled.is_set():
                return
            path = self._url.path + (f"?{self._url.query}" if self._url.query else "")
            connection.request("POST", path, self._body, self._headers)
            with connection.getresponse() as response:
                if response.status != http.client.OK:
                    raise refused(self._name, response.status, response.read(LINE), self._secret)
                for event in _events(response, self._stall_s):
                    if not put(event):
                        return
        finally:
            self._shut()
            connection.close()

    def _connect(self, connection: http.client.HTTPConnection, context: ssl.SSLContext | None) -> None:
        """In place of its own `connect`, which hands out no socket before TLS has been agreed on: a server may stall in
        that, so `cancel` must know each socket before anything is waited for."""
        plain = socket.create_connection((connection.host, connection.port), connection.timeout)
        self._socket = connection.sock = plain
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None and not self._feed.cancelled.is_set():
            secure = context.wrap_socket(plain, do_handshake_on_connect=False, server_hostname=connection.host)
            self._socket = connection.sock = secure
            if not self._feed.cancelled.is_set():
                secure.do_handshake()
        connection.sock.settimeout(self._stall_s)

    @property
    def _name(self) -> str:
        return name_of(self._url)


def name_of(url: SplitResult) -> str:
    """The server, without whatever secrets its address may hold."""
    return f"{url.scheme}://{url.hostname}" + (f":{url.port}" if url.port else "")


def connecting(url: SplitResult, timeout_s: float, context: ssl.SSLContext | None = None) -> http.client.HTTPConnection:
    """To the server, not connected yet. context: of https, None for the library's own."""
    host = url.hostname or ""  # with a port, or the library takes the end of an address of IPv6 for one
    if url.scheme == "https":
        return http.client.HTTPSConnection(host, url.port or 443, timeout=timeout_s, context=context)
    return http.client.HTTPConnection(host, url.port or 80, timeout=timeout_s)


def shut(connected: socket.socket) -> None:
    """Ends whatever waits for the other side, from any thread."""
    with suppress(OSError):  # the socket's own: that of TLS takes its keys from under the thread that reads
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


@contextmanager
def explained(name: str, secret: str = "") -> Iterator[None]:
    """What goes wrong with a server as ServiceError. name: of the server. secret: see `EventStream`."""
    try:
        yield
    except ssl.SSLError as error:
        raise ServiceError(
            f"{name}: {error.reason or error}".lower(), "check the address and its certificate"
        ) from error
    except TimeoutError as error:
        raise ServiceError(f"{name} does not answer", "see whether it is overloaded") from error
    except UnicodeError as error:
        raise ServiceError(f"{name} is no name of a server", "mend its address") from error
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", "") or error or type(error).__name__
        raise ServiceError(hidden(f"{name}: {why}", secret), "start it, or mend its address") from error


def bearer(key: str) -> dict[str, str]:
    """The header that carries a key; none for "". Raises ServiceError for one that cannot be sent."""
    if not key.isascii():
        raise ServiceError("the chat key has letters that no key has", "copy it anew")
    return {"Authorization": f"Bearer {key}"} if key else {}


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _events(response: http.client.HTTPResponse, stall_s: float) -> Iterator[str]:
    """The data of each event; fields other than FIELDS and comments count for nothing here. JSON in place of events is
    one: some servers stream nothing, and many say so what is wrong. Raises TimeoutError for a server that sends nothing
    but comments for `stall_s` where it had begun."""
    data: list[str] = []
    length, due = 0, inf
    while line := response.readline(LINE):
        if len(line) >= LINE:
            raise ServiceError("the server sends a line without end")
        text = line.decode("utf-8", errors="replace").rstrip("\r\n")
        if text.startswith("{"):
            yield text + response.read(LONGEST_EVENT).decode("utf-8", errors="replace")
            return
        field, _, value = text.partition(":")
        if field in FIELDS:
            data.append(value.removeprefix(" "))
            if (length := length + len(text)) > LONGEST_EVENT:
                raise ServiceError("the server sends an event without end")
        elif not text and data:
            yield "\n".join(data)
            data, length = [], 0
            due = monotonic() + stall_s  # from when it was taken: a slow reader is no slow server
        elif monotonic() > due:
            raise TimeoutError
    if data:
        yield "\n".join(data)


def refused(name: str, status: int, body: bytes, secret: str = "") -> ServiceError:
    """What an answer other than 200 means to a person."""
    said = complaint(body.decode("utf-8", errors="replace"), secret)
    said = f": {said}" if said else ""
    match status:
        case 301 | 302 | 303 | 307 | 308:  # not followed: whoever is there would get the key
            return ServiceError(f"{name} has moved ({status}){said}", "set url to where it is now, perhaps with https")
        case 401 | 403:
            return ServiceError(f"{name} refuses the key ({status}){said}", "set the key anew")
        case 404:
            return ServiceError(f"{name} does not know that address or model (404){said}", "check url and model")
        case 429:
            return ServiceError(f"{name} has too much to do (429){said}", "wait, or take another server")
    return ServiceError(f"{name} failed ({status} {http.client.responses.get(status, '')}){said}".replace(" )", ")"))

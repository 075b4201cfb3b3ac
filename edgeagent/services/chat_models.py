"""Which models a chat server has: whether it is there, takes the key, and knows the model that is wanted.

`GET /models` of OpenAI's interface makes no server load or generate anything. Ollama, llama.cpp and vLLM have it.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from threading import Event, Timer
from urllib.parse import SplitResult, urlsplit

from edgeagent.errors import ServiceError
from edgeagent.services.complaint import hidden
from edgeagent.services.event_stream import bearer, connecting, explained, name_of, refused, shut

MOST_BYTES = 4 << 20
"""Of the list: a server that sells the models of others has some hundreds."""

REFUSED = (http.client.UNAUTHORIZED, http.client.FORBIDDEN)

NO_LIST = (http.client.NOT_FOUND, http.client.METHOD_NOT_ALLOWED, http.client.NOT_IMPLEMENTED)

ANY_NAME = "llamacpp"
"""Owner of the model of a llama.cpp server, which has one and answers to every name."""

LATEST = ":latest"
"""What Ollama puts behind a name without a tag."""


class KeyRefused(ServiceError):
    """The server does not talk without a key, or with this one."""


@dataclass(frozen=True, slots=True)
class Models:
    """names: what the server calls them; None where it does not tell. any_name: it answers to every name."""

    names: tuple[str, ...] | None
    any_name: bool = False

    def knows(self, model: str) -> bool:
        """Whether it takes that name, as far as it tells."""
        return self.any_name or self.names is None or model in self.names or model + LATEST in self.names


def models(url: str, key: str, patience_s: float) -> Models:
    """Asks the server at `url` (up to and with /v1), and takes so many seconds at most for it. key: "" for none; it is
    in no complaint. Raises ServiceError, KeyRefused where it is for the key."""
    where = urlsplit(url.rstrip("/") + "/models")
    with explained(name_of(where), key):
        status, body = _got(where, bearer(key), patience_s)
    if status in NO_LIST:
        return Models(None)
    if status != http.client.OK:
        complaint = refused(name_of(where), status, body, key)
        raise KeyRefused(complaint.problem, complaint.remedy) if status in REFUSED else complaint
    try:
        listed = [dict(entry) for entry in json.loads(body)["data"]]
        names = tuple(hidden(str(entry["id"]), key) for entry in listed)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ServiceError(f"{name_of(where)} sends what is no list of models", "check replier.url") from None
    return Models(names, any(entry.get("owned_by") == ANY_NAME for entry in listed))


def _got(where: SplitResult, headers: dict[str, str], patience_s: float) -> tuple[int, bytes]:
    """Status and body of the list."""
    with closing(connecting(where, patience_s)) as connection:
        connection.connect()
        with _cut_after(patience_s, connection.sock):
            connection.request("GET", where.path, headers={"Accept": "application/json", **headers})
            with connection.getresponse() as response:
                body = response.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise ServiceError(f"{name_of(where)} sends a list without end", "check replier.url")
    return response.status, body


@contextmanager
def _cut_after(seconds: float, connected: socket.socket) -> Iterator[None]:
    """Whatever is read there within ends after so long, with TimeoutError: a server that sends a byte now and then
    never runs into the socket's own time-out."""
    late = Event()

    def cut() -> None:
        late.set()
        shut(connected)

    timer = Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise TimeoutError if late.is_set() else error from None
    finally:
        timer.cancel()
    if late.is_set():
        raise TimeoutError

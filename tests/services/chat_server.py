"""A chat server as OpenAI's, on loopback, that does what it is told and notices when its client leaves."""

from __future__ import annotations

import json
import select
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import monotonic
from typing import Any

Act = Callable[["Talking"], None]


class Talking:
    """One request being answered."""

    def __init__(self, handler: BaseHTTPRequestHandler, body: dict[str, Any], server: ChatServer) -> None:
        self.body = body
        self.server = server
        self.headers = handler.headers
        self._handler = handler

    def begin(self, status: int = 200, kind: str = "text/event-stream") -> None:
        self._handler.send_response(status)
        self._handler.send_header("Content-Type", kind)
        self._handler.end_headers()

    def raw(self, text: str) -> None:
        self._handler.wfile.write(text.encode())
        self._handler.wfile.flush()

    def say(self, text: str, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
        told = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
        self.raw(f"data: {json.dumps(told)}\n\n")

    def call(self, index: int | None, identity: str | None, name: str | None, arguments: object) -> None:
        """A piece of a tool call."""
        function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
        delta = {"index": index, "id": identity, "type": "function", "function": function}
        delta = {key: value for key, value in delta.items() if value is not None}
        choice = {"index": 0, "delta": {"tool_calls": [delta]}, "finish_reason": None}
        told = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
        self.raw(f"data: {json.dumps(told)}\n\n")

    def done(self) -> None:
        self.say("", "stop")
        self.raw("data: [DONE]\n\n")

    def gone(self, timeout: float) -> bool:
        """Whether the client leaves within so many seconds."""
        peer: socket.socket = self._handler.connection
        ready, _, _ = select.select([peer], [], [], timeout)
        with suppress(OSError):
            return bool(ready) and socket.socket.recv(peer, 1, socket.MSG_PEEK) == b""  # beneath TLS, too
        return True


def having(*models: str, key: str = "", owner: str = "library") -> Act:
    """Lists these models, to whoever has the key."""

    def act(talking: Talking) -> None:
        if key and talking.headers["Authorization"] != f"Bearer {key}":
            talking.begin(401, "application/json")
            talking.raw(json.dumps({"error": {"message": f"Incorrect: {talking.headers['Authorization']}"}}))
            return
        talking.begin(200, "application/json")
        entries = [{"id": model, "object": "model", "created": 0, "owned_by": owner} for model in models]
        talking.raw(json.dumps({"object": "list", "data": entries}))

    return act


class ChatServer:
    """`act` answers each request, `listing` those for the list of models; `left` is when a client was seen to have
    gone, time.monotonic()."""

    def __init__(self, act: Act, context: ssl.SSLContext | None = None) -> None:
        """context: for TLS."""
        self.act = act
        self.listing = having("m")
        self.looked: list[tuple[str, str | None]] = []
        """Path and key of each request for the list."""
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.left: float | None = None
        self.asked = Event()
        self.gone = Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append(body)
                outer.keys.append(self.headers["Authorization"])
                outer.asked.set()
                talking = Talking(self, body, outer)
                try:
                    outer.act(talking)
                except OSError:
                    outer.leave()

            def do_GET(self) -> None:
                outer.looked.append((self.path, self.headers["Authorization"]))
                with suppress(OSError):
                    outer.listing(Talking(self, {}, outer))

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.url = f"http{'s' * (context is not None)}://127.0.0.1:{self._server.server_address[1]}/v1"

    def leave(self) -> None:
        if self.left is None:
            self.left = monotonic()
        self.gone.set()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def start(self) -> None:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@contextmanager
def serving(act: Act, context: ssl.SSLContext | None = None) -> Iterator[ChatServer]:
    server = ChatServer(act, context)
    server.start()
    try:
        yield server
    finally:
        server.close()


def sentences(*texts: str) -> Act:
    """Says these, word by word, and ends."""

    def act(talking: Talking) -> None:
        talking.begin()
        for text in texts:
            for word in text.split():
                talking.say(word + " ")
        talking.done()

    return act


def flowing(talking: Talking) -> None:
    """Never stops talking while somebody listens."""
    talking.begin()
    while not talking.gone(0.001):
        talking.say("word " * 5)
    talking.server.leave()


def stalled(talking: Talking) -> None:
    """Says one word and nothing more."""
    talking.begin()
    talking.say("word ")
    silent(talking)


def silent(talking: Talking) -> None:
    """Does not even begin."""
    if talking.gone(10):
        talking.server.leave()


def dying(talking: Talking) -> None:
    """Ends in the middle."""
    talking.begin()
    talking.say("Half ")
    talking.server.leave()


def babbling(talking: Talking) -> None:
    """Goes on with what is no chat."""
    talking.begin()
    while not talking.gone(0):
        talking.raw("data: {\n\n")
    talking.server.leave()


def calling(*rounds: tuple[str, ...], name: str = "lamp", spoken: str = "", last: str = "Done.") -> Act:
    """Asks for a tool, with these arguments a round, a few letters at a time; then says `last`."""

    def act(talking: Talking) -> None:
        answered = sum(
            message["role"] == "assistant" and "tool_calls" in message for message in talking.body["messages"]
        )
        talking.begin()
        if answered >= len(rounds) or talking.body.get("tool_choice") == "none":
            talking.say(last)
            talking.done()
            return
        if spoken:
            talking.say(spoken)
        for index, arguments in enumerate(rounds[answered]):
            talking.call(index, f"call-{answered}-{index}", name, "")
            for at in range(0, len(arguments), 3):
                talking.call(index, None, None, arguments[at : at + 3])
        talking.say("", "tool_calls")
        talking.raw("data: [DONE]\n\n")

    return act

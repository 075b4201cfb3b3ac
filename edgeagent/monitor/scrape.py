"""Answers Prometheus: one request at a time, on a thread of its own. A client that dawdles is dropped."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Thread, Timer
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.registry import Collector

from edgeagent.monitor.places import welcome

PATIENCE_S = 5.0
"""For a client to send its request and take the answer; others wait meanwhile."""

CLOSING_S = 2.0
LOOK_S = 0.5
"""Between two looks whether to end."""

Start = Callable[..., Any]


class _Handler(WSGIRequestHandler):
    """Logs nothing: a journal has no use for a line every 15 s."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def handle(self) -> None:
        """One request; a client that goes away meanwhile is no error of ours."""
        patience = Timer(PATIENCE_S, self._end)
        patience.daemon = True
        patience.start()
        with suppress(OSError):
            super().handle()
        patience.cancel()

    def _end(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class _Server(WSGIServer):
    over = False
    asking: socket.socket | None = None
    """The last who asked."""

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Nobody is answered any more once it is over."""
        self.asking = request  # before looking: whoever ends it sees this one, or is seen
        return not self.over

    def hang_up(self) -> None:
        """Wait for nobody's request. Any thread."""
        self.over = True
        if self.asking is not None:
            with suppress(OSError):
                self.asking.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing is printed for a client that went away."""


class Scrape:
    """Listens on `ours` from `start` to `close`."""

    def __init__(self, ours: socket.socket, figures: Collector, name: str = "") -> None:
        """name: a further host name to answer to."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(figures)
        answer = make_wsgi_app(registry)

        def guarded(environ: dict[str, Any], start: Start) -> Any:
            if not welcome(environ.get("HTTP_HOST", ""), name):
                start("421 Misdirected Request", [("Content-Type", "text/plain; charset=utf-8")])
                return [b"Ask for an address, or for this machine's own name.\n"]
            if environ.get("PATH_INFO") != "/metrics":
                start("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
                return [b"The figures are at /metrics.\n"]
            return answer(environ, start)

        self._server = _Server(ours.getsockname()[:2], _Handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = ours
        self._server.server_name, self._server.server_port = ours.getsockname()[:2]
        self._server.setup_environ()
        self._server.set_app(guarded)
        self._thread = Thread(target=self._server.serve_forever, args=(LOOK_S,), name="metrics", daemon=True)

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def close(self) -> None:
        """Answer no more, in bounded time. Idempotent."""
        if self._thread.is_alive():
            self._server.hang_up()
            self._server.shutdown()
            self._thread.join(CLOSING_S)
        self._server.server_close()

"""The tests' own Wyoming server leaves nothing open, whoever comes while it closes."""

from __future__ import annotations

import gc
from socket import create_connection, socket
from threading import Event, Thread

import pytest

pytest.importorskip("wyoming", reason="needs the extra [wyoming]")

from tests.services.wyoming_server import serving

TIMES = 8
SEVERAL = 20


def come(host: str, port: int, clients: list[socket], several: Event) -> None:
    """Until nobody listens there."""
    try:
        while len(clients) < 100 * SEVERAL:
            clients.append(create_connection((host, port)))
            if len(clients) == SEVERAL:
                several.set()
    except OSError:
        return


def test_who_comes_while_it_closes_is_not_left_open() -> None:
    for _ in range(TIMES):
        clients: list[socket] = []
        several = Event()
        with serving() as server:
            host, _, port = server.uri.removeprefix("tcp://").partition(":")
            crowd = Thread(target=come, args=(host, int(port), clients, several))
            crowd.start()
            assert several.wait(10)
        crowd.join()
        for client in clients:
            client.close()
    gc.collect()  # a warning, and so an error, for each connection that nobody closed

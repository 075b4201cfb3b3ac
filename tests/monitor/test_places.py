"""A device whose network is not there yet: nobody has its address (192.0.2.0/24 is for documents)."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import ExitStack

import pytest

from edgeagent.app.satellite import build_satellite
from edgeagent.commands._monitors import Monitors
from edgeagent.errors import ServiceError
from edgeagent.monitor.places import awaited, listening
from edgeagent.settings import Metrics, Page, Satellite, Settings
from tests.monitor.broker import free_port

AWAY, AWAY_6 = "192.0.2.7", "2001:db8::7"


@pytest.mark.parametrize("address", [AWAY, AWAY_6])
def test_an_address_that_is_yet_to_come_is_listened_at_by_who_waits(address: str) -> None:
    if address == AWAY_6 and not socket.has_ipv6:
        pytest.skip("no IPv6")
    with pytest.raises(ServiceError, match=r"page\.port .*; set page\.address to one of this machine's"):
        listening(address, 0, "page.port")
    with listening(address, 0, "page.port", early=True) as ours:
        assert ours.getsockname()[0] == address
    assert awaited(address, "page.address").startswith(f"page.address: {address} is no address of this machine yet;")


def test_an_address_that_is_there_is_not_waited_for() -> None:
    assert [awaited(address, "page.address") for address in ("127.0.0.1", "0.0.0.0")] == ["", ""]


def test_a_port_that_is_taken_is_refused_whoever_waits() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ServiceError, match="a port that is free"):
        listening("127.0.0.1", taken.getsockname()[1], "page.port", early=True)


def test_a_service_starts_before_its_network_and_says_so() -> None:
    for library in ("prometheus_client", "starlette", "uvicorn"):
        pytest.importorskip(library, reason="needs the extras [metrics,page]")
    settings = Settings(metrics=Metrics(port=free_port(), address=AWAY), page=Page(port=free_port(), address=AWAY))
    with pytest.raises(ServiceError) as refused:
        Monitors(settings, print)
    assert len(str(refused.value).splitlines()) == 2
    said: list[str] = []
    with Monitors(settings, said.append, wait=True):
        assert [line.partition(":")[0] for line in said] == ["metrics.address", "page.address"]


def test_a_satellite_that_waits_for_its_card_waits_for_its_network_as_well() -> None:
    settings = Settings(satellite=Satellite(enabled=True, address=AWAY, port=free_port()))
    with ExitStack() as closing:
        with pytest.raises(ServiceError, match=os.strerror(errno.EADDRNOTAVAIL)):
            build_satellite(settings, closing)
        assert build_satellite(settings, closing, early=True) is not None

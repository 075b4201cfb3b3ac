"""Whether Home Assistant finds the satellite by itself, over mDNS on the loopback interface."""

from __future__ import annotations

import gc
import os
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from edgeagent.services import satellite_zeroconf
from edgeagent.services.satellite_zeroconf import Discovery

zeroconf: Any = pytest.importorskip("zeroconf", reason="needs the extra [zeroconf]")

Eventually = Callable[[Callable[[], object]], None]


class Notes:
    """Takes lines of trouble."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str, *, trouble: bool = False) -> None:
        self.notes.append(f"{'! ' if trouble else ''}{text}")


def test_home_assistant_finds_it_while_it_is_there(eventually: Eventually) -> None:
    outside = Notes()
    seen: dict[str, Any] = {}

    class Listener(zeroconf.ServiceListener):  # type: ignore[misc]
        def add_service(self, known: Any, kind: str, name: str) -> None:
            seen[name] = known.get_service_info(kind, name)

        def remove_service(self, _known: object, _kind: str, name: str) -> None:
            seen.pop(name)

        def update_service(self, _known: object, _kind: str, _name: str) -> None: ...

    looking = zeroconf.Zeroconf(interfaces=["127.0.0.1"])
    zeroconf.ServiceBrowser(looking, "_wyoming._tcp.local.", Listener())
    discovery = Discovery("kitchen", "127.0.0.1", 10700, outside.note)
    eventually(lambda: any(info is not None for info in seen.values()))
    (info,) = seen.values()
    assert (info.port, info.parsed_addresses()) == (10700, ["127.0.0.1"])
    assert info.properties == {b"name": b"kitchen"}
    discovery.close()
    eventually(lambda: not seen)
    discovery.close()
    looking.close()
    assert not outside.notes


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])  # of no interface of this machine
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the library leaves its socket open
def test_a_network_that_takes_no_news_is_told_and_costs_nothing_else(address: str, eventually: Eventually) -> None:
    outside = Notes()
    discovery = Discovery("kitchen", address, 10700, outside.note)
    eventually(lambda: outside.notes)
    assert outside.notes[0].startswith("! Home Assistant cannot find it by itself")
    assert discovery._thread.is_alive()  # and tries again
    discovery.close()
    gc.collect()


def test_a_device_that_is_there_before_its_network_is_found_all_the_same(
    eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = 0x02_00_00_00_00_00 + os.getpid()  # others may test here, too
    addresses = iter(["127.0.0.1", "127.0.0.1"])
    monkeypatch.setattr(uuid, "getnode", lambda: node)
    monkeypatch.setattr(satellite_zeroconf, "AGAIN_S", 0.01)
    monkeypatch.setattr(satellite_zeroconf, "_own_address", lambda: next(addresses, "192.0.2.7"))
    outside = Notes()
    discovery = Discovery("kitchen", "0.0.0.0", 10700, outside.note, interfaces=["127.0.0.1"])
    eventually(lambda: len(outside.notes) == 2)
    assert outside.notes == [
        "! Home Assistant cannot find it by itself: there is no network; it is tried again",
        "Home Assistant can find it by itself now",
    ]
    looking = zeroconf.Zeroconf(interfaces=["127.0.0.1"])
    found = looking.get_service_info("_wyoming._tcp.local.", f"{node:012x}._wyoming._tcp.local.", timeout=20_000)
    assert found.parsed_addresses() == ["192.0.2.7"]
    # Were the host named as the service, one asker of five would never learn the address.
    assert found.server == f"edgeagent-{node:012x}.local."
    discovery.close()
    looking.close()


def test_an_address_that_changes_is_told(eventually: Eventually, monkeypatch: pytest.MonkeyPatch) -> None:
    node = 0x04_00_00_00_00_00 + os.getpid()
    addresses = iter(["192.0.2.7", "192.0.2.7", "127.0.0.1"])  # and a network that is gone for a while is no other one
    monkeypatch.setattr(uuid, "getnode", lambda: node)
    monkeypatch.setattr(satellite_zeroconf, "LOOK_S", 0.01)
    monkeypatch.setattr(satellite_zeroconf, "_own_address", lambda: next(addresses, "192.0.2.8"))
    outside = Notes()
    discovery = Discovery("kitchen", "0.0.0.0", 10700, outside.note, interfaces=["127.0.0.1"])
    looking = zeroconf.Zeroconf(interfaces=["127.0.0.1"])

    def addressed() -> list[str]:
        found = looking.get_service_info("_wyoming._tcp.local.", f"{node:012x}._wyoming._tcp.local.", timeout=1000)
        return found.parsed_addresses() if found else []

    eventually(lambda: addressed() == ["192.0.2.8"])
    discovery.close()
    looking.close()
    assert not outside.notes

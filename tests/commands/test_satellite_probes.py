"""What a configuration with a satellite is told, by `check` and at the start."""

from __future__ import annotations

import socket
import sys

import pytest

from edgeagent.commands._finding import Finding, Grade
from edgeagent.commands._satellite_probes import satellite
from edgeagent.config.load import loads
from edgeagent.errors import ConfigError, ServiceError
from edgeagent.monitor.places import listening
from edgeagent.ports import Voiced
from edgeagent.services.satellite import Satellite as Running
from edgeagent.services.satellite_zeroconf import Discovery
from edgeagent.settings import Satellite, Settings


class Nobody:
    """See `services.satellite.Outside`."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def announce(self, _said: Voiced) -> bool:
        return False

    def note(self, text: str, *, trouble: bool = False) -> None:
        self.notes.append(f"{'! ' if trouble else ''}{text}")

    def reach(self, there: bool) -> None: ...


def found(**wanted: object) -> list[Finding]:
    findings = list(satellite(Settings(satellite=Satellite(enabled=True, **wanted))))  # type: ignore[arg-type]
    assert all(bool(finding.fix) == (finding.grade is not Grade.OK) for finding in findings)
    return findings


def test_nobody_asked() -> None:
    assert not list(satellite(Settings()))


def test_a_port_that_is_free_taken_by_another_or_by_a_device_that_runs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        taken.close()
        assert found(port=port)[0].text == f"port {port} at 127.0.0.1 is free"
    running = Running(Satellite(enabled=True), listening("127.0.0.1", 0, "satellite.port"))
    assert running.port != port
    running.start(Nobody())
    assert "a device that runs" in found(port=running.port)[0].text
    port = running.port
    running.close()
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0.1)
        port = other.getsockname()[1]
        assert (found(port=port)[0].grade, port > 0) == (Grade.FAIL, True)


def test_a_device_that_runs_is_no_fault_though_only_home_assistant_may_connect() -> None:
    running = Running(Satellite(enabled=True, allow=("192.0.2.7",)), listening("127.0.0.1", 0, "satellite.port"))
    running.start(Nobody())
    findings = found(port=running.port, allow=("192.0.2.7",))
    assert findings[0].grade is Grade.OK
    assert "satellite.allow" in findings[0].text
    assert found(port=running.port)[0].grade is Grade.FAIL  # where anybody may, whoever hangs up is another
    running.close()


def test_who_may_reach_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "only a Home Assistant on this machine" in found()[1].text
    assert "whoever reaches port 10700" in found(address="0.0.0.0")[1].text
    assert len(found(address="0.0.0.0", allow=("192.0.2.7",))) == 1
    monkeypatch.setattr("edgeagent.commands._satellite_probes.find_spec", lambda _name: None)
    assert "zeroconf" in found(address="0.0.0.0", allow=("192.0.2.7",), discovery=True)[1].text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("satellite: {enabled: true}\nreplier: {kind: command, command: true}", "replier.kind"),
        ("satellite: {enabled: true}\ncapture: {on_turn: cat}", "capture.on_turn"),
        ("satellite: {enabled: true}\nrecogniser: {kind: wyoming}", "recogniser.kind"),
        ("satellite: {address: here}", "satellite.address"),
        ("satellite: {allow: [homeassistant.local]}", "satellite.allow"),
        ("satellite: {discovery: true}", "satellite.discovery"),
        ("satellite: {port: 0}", "from 1 to 65535"),
        ("satellite: {patience_ms: 1}", "from 500 to 60000 ms"),
        ("satellite: {enabeld: true}", "enabled"),
        ("script: {reading: a.txt}", "capture.on_turn"),
    ],
)
def test_a_contradiction_is_refused_by_the_key_that_mends_it(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        loads(text, "test.yaml")


def test_it_is_refused_without_the_library_that_makes_it_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zeroconf", None)
    with pytest.raises(ServiceError, match=r"\[zeroconf\]"):
        Discovery("kitchen", "0.0.0.0", 10700, Nobody().note)

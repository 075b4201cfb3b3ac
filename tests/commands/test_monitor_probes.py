"""What `check` says of figures, broker and page before anything runs, and beside a device that does."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from edgeagent.commands import _monitor_probes
from edgeagent.commands._finding import Finding, Grade
from edgeagent.commands._monitor_probes import monitors
from edgeagent.errors import ServiceError
from edgeagent.monitor.places import listening
from edgeagent.settings import Metrics, Mqtt, Page, Settings
from tests.commands.test_monitors import Start, start, until_it_speaks
from tests.monitor.broker import free_port

__all__ = ["start"]  # a fixture

for library in ("prometheus_client", "starlette", "uvicorn", "paho.mqtt.client"):
    pytest.importorskip(library, reason="needs the extras [metrics,mqtt,page]")


def found(settings: Settings) -> list[Finding]:
    findings = list(monitors(settings))
    assert all(bool(finding.fix) == (finding.grade is not Grade.OK) for finding in findings)
    return findings


def test_nobody_asked() -> None:
    assert found(Settings()) == []


def test_a_free_port_is_well_and_one_of_somebody_else_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_monitor_probes, "PATIENCE_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = (free_port(), taken.getsockname()[1])
        one, other = found(Settings(metrics=Metrics(port=ports[0]), page=Page(port=ports[1])))
    assert (one.grade, other.grade) == (Grade.OK, Grade.FAIL)
    assert "page.port" in other.fix


def test_a_port_of_a_device_that_runs_is_well(start: Start) -> None:
    metrics, page = free_port(), free_port()
    device = start(seconds=60, metrics={"port": metrics}, page={"port": page})
    until_it_speaks(device)
    findings = found(Settings(metrics=Metrics(port=metrics), page=Page(port=page)))
    assert [finding.grade for finding in findings] == [Grade.OK, Grade.OK]
    assert all("a device that runs" in finding.text for finding in findings)


def test_a_port_of_somebody_who_speaks_something_else_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:

        def greet() -> None:
            connection, _ = taken.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

        greeting = Thread(target=greet)
        greeting.start()
        (finding,) = found(Settings(metrics=Metrics(port=taken.getsockname()[1])))
        greeting.join()
    assert finding.grade is Grade.FAIL
    assert "metrics.port" in finding.fix


def test_a_port_of_a_camera_that_streams_for_ever_is_taken() -> None:
    sent = 0
    with socket.create_server(("127.0.0.1", 0)) as taken:

        def stream() -> None:
            nonlocal sent
            connection, _ = taken.accept()
            with connection, suppress(OSError):  # it is left
                connection.recv(4096)
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
                for sent in range(100):  # noqa: B007
                    connection.sendall(b"a picture" * 100_000)

        streaming = Thread(target=stream)
        streaming.start()
        (finding,) = found(Settings(page=Page(port=taken.getsockname()[1])))
        streaming.join()
    assert finding.grade is Grade.FAIL
    assert sent < 50


def test_a_device_that_runs_is_asked_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:

        def answer() -> None:
            connection, _ = taken.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nedgeagent_hears 1.0\n")

        answering = Thread(target=answer, daemon=True)
        answering.start()
        (finding,) = found(Settings(metrics=Metrics(port=taken.getsockname()[1])))
    assert finding.grade is Grade.OK


def test_a_page_for_others_wants_a_token_that_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = Settings(page=Page(port=free_port(), address="0.0.0.0"))
    assert [finding.grade for finding in found(settings)] == [Grade.OK, Grade.WARN]
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "page-token").touch()
    assert [finding.grade for finding in found(settings)] == [Grade.OK]


@pytest.mark.parametrize(
    ("host", "tls", "password", "grade"),
    [
        ("localhost", False, "", Grade.OK),
        ("localhost", False, "secret", Grade.OK),
        ("127.0.0.2", False, "", Grade.OK),
        ("127.0.0.2", False, "secret", Grade.WARN),
        ("127.0.0.2", True, "secret", Grade.OK),
    ],
)
def test_a_password_goes_to_nobody_in_the_clear_unsaid(
    monkeypatch: pytest.MonkeyPatch, host: str, tls: bool, password: str, grade: Grade
) -> None:
    monkeypatch.setenv("EDGEAGENT_MQTT_PASSWORD", password)
    with socket.create_server(("0.0.0.0", 0)) as broker:
        (finding,) = found(Settings(mqtt=Mqtt(host=host, port=broker.getsockname()[1], tls=tls)))
    assert finding.grade is grade
    assert "secret" not in finding.text


def test_a_broker_that_is_away_is_no_reason_not_to_start() -> None:
    (finding,) = found(Settings(mqtt=Mqtt(host="127.0.0.1", port=free_port())))
    assert finding.grade is Grade.WARN


def test_libraries_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_monitor_probes, "find_spec", lambda _name: None)
    settings = Settings(metrics=Metrics(port=9), mqtt=Mqtt(host="b"), page=Page(port=10))
    assert [finding.fix.partition("'")[2][:6] for finding in found(settings)] == [".[metr", ".[page", ".[mqtt"]


def test_an_address_of_another_machine_is_not_blamed_on_the_port() -> None:
    with pytest.raises(ServiceError, match=r"set page\.address to one of this machine's"):
        listening("192.0.2.1", free_port(), "page.port")

"""What cannot be meant like that is said before anything starts, all at once."""

from __future__ import annotations

import json
import sys

import pytest

from edgeagent import config
from edgeagent.commands._monitors import Monitors
from edgeagent.errors import ConfigError, ServiceError
from edgeagent.settings import Metrics, Mqtt, Page, Settings


def test_every_contradiction_at_once() -> None:
    text = """\
        metrics: {port: 9464, address: kitchen}
        page: {port: 9464}
        mqtt: {host: broker, prefix: a/#, device: /b, ca_file: ca.pem}
        """
    with pytest.raises(ConfigError) as refusal:
        config.loads(text)
    _head, *lines = str(refusal.value).splitlines()
    assert [line.split()[0] for line in lines] == [
        "metrics.address",
        "page.port",
        "mqtt.prefix",
        "mqtt.device",
        "mqtt.ca_file",
    ]


@pytest.mark.parametrize(
    "host", ["broker..local", ".local", "b" * 64, "mqtt://broker.local", "broker.local:1883", "the broker"]
)
def test_a_broker_that_nobody_can_look_up_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match=r"mqtt\.host +no name and no address"):
        config.loads(json.dumps({"mqtt": {"host": host}}))


@pytest.mark.parametrize("host", ["broker", "broker.local.", "192.168.1.5", "::1", "fe80::1%eth0", "bröker.local"])
def test_names_and_addresses_of_brokers_are_good(host: str) -> None:
    assert config.loads(json.dumps({"mqtt": {"host": host}})).mqtt.host == host


@pytest.mark.parametrize(
    ("settings", "library", "extra"),
    [
        (Settings(metrics=Metrics(port=9464)), "prometheus_client", "metrics"),
        (Settings(mqtt=Mqtt(host="broker")), "paho.mqtt.client", "mqtt"),
        (Settings(page=Page(port=8090)), "uvicorn", "page"),
        (Settings(page=Page(port=8090)), "starlette.routing", "page"),
    ],
)
def test_a_library_that_is_missing_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, library: str, extra: str
) -> None:
    ours = ("edgeagent.monitor.", "edgeagent.commands._status")
    for name in [name for name in sys.modules if name.startswith(ours)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ServiceError, match=rf"needs the librar.*\[{extra}\]"):
        Monitors(settings, print)


def test_all_that_is_missing_is_named_in_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("edgeagent.monitor.")]:
        monkeypatch.delitem(sys.modules, name)
    for library in ("prometheus_client", "paho.mqtt.client"):
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ServiceError) as refusal:
        Monitors(Settings(metrics=Metrics(port=9464), mqtt=Mqtt(host="broker")), print)
    assert len(str(refusal.value).splitlines()) == 2


def test_nothing_asked_for_is_nothing_built() -> None:
    with Monitors(Settings(), print) as monitors:
        assert monitors.tally is None
        assert monitors.stages is None

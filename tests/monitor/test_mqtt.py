"""What a real broker is told, and what happens while there is none."""

from __future__ import annotations

import gc
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from edgeagent.errors import ServiceError
from edgeagent.monitor import teller
from edgeagent.monitor.tally import Tally
from edgeagent.settings import Mqtt
from edgeagent.units import RATE
from edgeagent.vitals import Vitals
from tests.monitor.broker import Broker, Listener, until

pytest.importorskip("paho.mqtt.client", reason="needs the extra [mqtt]")

from edgeagent.monitor import mqtt

BASE = "home/kitchen"


class Device:
    """All that `run` builds for a broker."""

    def __init__(self, password: str = "", vitals_s: float = 0, **settings: object) -> None:
        self.warned: list[str] = []
        self.tally = Tally()
        form = Mqtt(host="127.0.0.1", **settings)  # type: ignore[arg-type]
        self.link = mqtt.PahoLink(form, BASE, password, self.warned.append)
        self.teller = teller.Teller(self.tally, self.link, BASE, vitals_s)
        self.link.connected = self.teller.again
        self.tally.listeners.append(self.teller.event)
        self.link.start()
        self.teller.start()

    def state(self, state: str, at: int = 0) -> None:
        self.teller.look(Vitals(at, state=state, light=state, hears=True))

    def held(self, at: int) -> None:
        """A doubt that ends well."""
        self.tally.write({"at": at, "event": "suspected", "onset": at})
        self.tally.write({"at": at, "event": "state", "state": "doubting", "from": "speaking"})
        self.tally.write({"at": at + 8000, "event": "judged", "verdict": "false_alarm", "likely": "backchannel"})
        self.tally.write({"at": at + 8000, "event": "state", "state": "speaking", "from": "doubting"})


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "AGAIN_S", (0.05, 0.1))


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as closing:
        yield closing


@pytest.fixture
def broker(tmp_path: Path, closing: ExitStack) -> Broker:
    broker = Broker(tmp_path)
    broker.start()
    closing.callback(broker.stop)
    return broker


Begin = Callable[..., Device]


@pytest.fixture
def begin(closing: ExitStack) -> Begin:
    def begin(**form: object) -> Device:
        device = Device(**form)  # type: ignore[arg-type]
        closing.callback(device.teller.close)
        return device

    return begin


def listen(broker: Broker, closing: ExitStack, **login: str) -> Listener:
    listener = Listener(broker.port, **login)
    closing.callback(listener.close)
    return listener


def test_events_come_in_their_order_and_the_state_stays(broker: Broker, begin: Begin, closing: ExitStack) -> None:
    listener = listen(broker, closing)
    device = begin(port=broker.port)
    device.state("speaking")
    device.held(3 * RATE)
    device.state("idle")
    assert listener.until(f"{BASE}/status")[1] == b"online"
    assert listener.facts(f"{BASE}/state", "speaking")["hears"] is True
    held = listener.facts(f"{BASE}/event/hold")
    assert (held["outcome"], held["after_s"], held["at_s"]) == ("held", 0.5, 3.5)
    assert held["likely"] == "backchannel"
    assert held["utc"].endswith("+00:00")
    assert listener.facts(f"{BASE}/state", "idle")["state"] == "idle"
    assert listen(broker, closing).until(f"{BASE}/state")[2]  # retained
    assert listen(broker, closing).until(f"{BASE}/status")[1:] == (b"online", True)


def test_who_ends_says_so_and_says_it_last(broker: Broker, begin: Begin, closing: ExitStack) -> None:
    listener = listen(broker, closing)
    device = begin(port=broker.port)
    listener.until(f"{BASE}/status", "online")
    device.state("muted")
    device.teller.close()
    listener.until(f"{BASE}/state", "muted")
    listener.until(f"{BASE}/status", "offline")
    assert listen(broker, closing).until(f"{BASE}/status")[1:] == (b"offline", True)


def test_a_report_comes_every_so_often(broker: Broker, begin: Begin, closing: ExitStack) -> None:
    listener = listen(broker, closing)
    device = begin(port=broker.port, vitals_s=60)
    for _ in range(50):
        device.teller.look(Vitals(RATE, erle_db=30.25, delay_ms=-1, lost=160))
    told = listener.facts(f"{BASE}/vitals")
    assert (told["erle_db"], told["lost_samples"], told["messages_dropped"]) == (30.25, 160, 0)
    assert "delay_ms" not in told
    device.held(0)
    assert listener.until(f"{BASE}/event/hold")
    assert device.tally.counts["mqtt", "sent"] < 10


def test_a_broker_that_is_away_costs_nothing_and_the_newest_is_kept(
    tmp_path: Path, begin: Begin, closing: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teller, "WAITING", 5)
    monkeypatch.setattr(teller, "RATE_HZ", 1000.0)
    broker = Broker(tmp_path)
    closing.callback(broker.stop)
    device = begin(port=broker.port)
    for number in range(100):
        device.teller.event("turn", {"turn": number})
    assert device.teller._queue.qsize() == 5
    assert 94 <= device.tally.counts["mqtt", "dropped"] <= 95  # one may be in the sender's hand
    broker.start()
    listener = listen(broker, closing)
    device.teller.event("turn", {"turn": 100})
    until(lambda: listener.until(f"{BASE}/event/turn", '"turn":100'), "the newest does not come")
    assert len(device.warned) >= 1
    assert "cannot be reached" in device.warned[0]


def test_a_broker_that_comes_back_is_told_what_waits_and_how_things_are(
    broker: Broker, begin: Begin, closing: ExitStack
) -> None:
    device = begin(port=broker.port)
    device.state("speaking")
    until(lambda: device.tally.counts["mqtt", "sent"], "nothing is sent")
    broker.stop()
    until(lambda: not device.link._connected, "the loss is not noticed")
    for number in range(3):
        device.teller.event("turn", {"turn": number})
    broker.start()
    listener = listen(broker, closing)
    got = [listener.facts(f"{BASE}/event/turn")["turn"] for _ in range(2)]  # the first may be faster than the listener
    assert got in ([0, 1], [1, 2])
    until(lambda: device.link._connected, "no second connection")
    device.state("speaking")  # no change, but the broker has forgotten it
    assert listener.facts(f"{BASE}/state")["state"] == "speaking"


def test_a_device_that_is_back_after_a_power_cut_is_not_said_to_be_offline(
    broker: Broker, begin: Begin, closing: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "machine-id").write_text("5d29fc01\n")
    monkeypatch.setattr(mqtt, "MACHINE", tmp_path / "machine-id")
    monkeypatch.setattr(mqtt, "KEEPALIVE_S", 1)
    listener = listen(broker, closing)
    gone = begin(port=broker.port)
    assert listener.until(f"{BASE}/status")[1] == b"online"
    gone.link._client.loop_stop()  # without a word: the broker waits for it still
    begin(port=broker.port)
    assert [listener.until(f"{BASE}/status")[1] for _ in range(2)] == [b"offline", b"online"]


def test_a_storm_is_told_in_part_and_counted(begin: Begin) -> None:
    device = begin(port=1)
    for at in range(1000):
        device.tally.write({"at": at, "event": "lost", "kind": "overflow", "frames": 1})
    assert device.teller._queue.qsize() <= teller.RATE_HZ + 1
    assert device.tally.counts["mqtt", "dropped"] >= 1000 - teller.RATE_HZ - 5


def test_a_password_is_asked_for_and_told_to_nobody(tmp_path: Path, begin: Begin, closing: ExitStack) -> None:
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(tmp_path / "users"), "pi", "right one"], check=True)
    broker = Broker(tmp_path, f"allow_anonymous false\npassword_file {tmp_path / 'users'}")
    broker.start()
    closing.callback(broker.stop)
    wrong = begin(port=broker.port, user="pi", password="wrong one")
    until(lambda: wrong.warned, "nobody is warned")
    assert "refuses us" in wrong.warned[0]
    assert "mqtt-password" in wrong.warned[0]
    assert "wrong one" not in "".join(wrong.warned)
    listener = listen(broker, closing, user="pi", password="right one")
    begin(port=broker.port, user="pi", password="right one")
    listener.until(f"{BASE}/status", "online")


def certificate(folder: Path, name: str) -> str:
    """Options of a broker that shows a certificate good for `name` alone, signed by itself in cert.pem."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    command += [
        "-addext",
        f"subjectAltName={name}",
        "-keyout",
        str(folder / "key.pem"),
        "-out",
        str(folder / "cert.pem"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return f"allow_anonymous true\ncertfile {folder / 'cert.pem'}\nkeyfile {folder / 'key.pem'}"


def test_encrypted_to_a_broker_with_the_right_certificate(tmp_path: Path, begin: Begin, closing: ExitStack) -> None:
    broker = Broker(tmp_path, certificate(tmp_path, "IP:127.0.0.1"))
    broker.start()
    closing.callback(broker.stop)
    device = begin(port=broker.port, tls=True, ca_file=str(tmp_path / "cert.pem"))
    device.state("idle")
    until(lambda: device.tally.counts["mqtt", "sent"], "nothing is sent")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the library leaves its socket to us
@pytest.mark.parametrize(("name", "believed"), [("DNS:other.example", True), ("IP:127.0.0.1", False)])
def test_a_broker_with_a_certificate_of_somebody_else_gets_nothing(
    tmp_path: Path, begin: Begin, closing: ExitStack, name: str, believed: bool
) -> None:
    broker = Broker(tmp_path, certificate(tmp_path, name))
    broker.start()
    closing.callback(broker.stop)
    device = begin(port=broker.port, tls=True, ca_file=str(tmp_path / "cert.pem") if believed else "")
    until(lambda: device.warned, "nobody is warned")
    assert "certificate" in device.warned[0]
    assert not device.link._connected
    device.teller.close()
    gc.collect()


def test_a_file_of_certificates_that_is_none_is_refused(tmp_path: Path) -> None:
    for file in (tmp_path / "none.pem", Path(__file__)):
        with pytest.raises(ServiceError, match=r"mqtt\.ca_file .*; give the PEM file"):
            Device(tls=True, ca_file=str(file))


def test_home_assistant_is_told_of_entities_whose_values_are_there(
    broker: Broker, begin: Begin, closing: ExitStack
) -> None:
    listener = listen(broker, closing)
    device = begin(port=broker.port, discovery="homeassistant", vitals_s=60)
    device.state("idle")
    found = listener.facts("homeassistant/device/edgeagent_home_kitchen/config")
    told = {topic: listener.facts(f"{BASE}/{topic}") for topic in ("state", "vitals")}
    assert found["availability_topic"] == f"{BASE}/status"
    assert len({part["unique_id"] for part in found["components"].values()}) == len(found["components"]) > 3
    for name, part in found["components"].items():
        key = part["value_template"].partition("value_json.")[2].split()[0]
        if name != "temperature":  # not every machine tells it
            assert key in told[part["state_topic"].rpartition("/")[2]]

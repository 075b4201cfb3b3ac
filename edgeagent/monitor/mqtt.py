"""The way to an MQTT broker: paho-mqtt, whose own thread connects, and connects again, for as long as it takes.

One message is under way at a time, at quality 1: the broker has it before the next is sent, so their order is kept over
a lost connection, and nothing gathers in the library.
"""

from __future__ import annotations

import json
import secrets
from collections import deque
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edgeagent.errors import ServiceError
from edgeagent.monitor.messages import discovery, identity
from edgeagent.settings import Mqtt

PORT, TLS_PORT = 1883, 8883

KEEPALIVE_S = 20
"""After one and a half of these without a word from us the broker says for us that we are offline."""

AGAIN_S = (1, 30)
"""Between two attempts to connect: at first, and at most."""

MACHINE = Path("/etc/machine-id")
"""What systemd names a machine by, for good."""

CONNECTING_S = 5.0
CLOSING_S = 1.0
"""For the last message, and for the library's thread."""


def client_id(base: str) -> str:
    """What the broker knows us by: after a power cut the same as before. For half a minute it holds the old one to be
    there, and by another name it would say of that one that it is gone when we are back. Machines that are copies of
    each other differ by `base`."""
    try:
        machine = MACHINE.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        machine = secrets.token_hex()
    return f"edgeagent-{sha256(f'{machine} {base}'.encode()).hexdigest()[:12]}"


class PahoLink:
    """See `teller.Link`. Connects from `start` on."""

    def __init__(self, mqtt: Mqtt, base: str, password: str, warn: Callable[[str], None]) -> None:
        """base: PREFIX/DEVICE. warn: gets a line about a broker that is away or refuses us, on another thread. Raises
        ServiceError."""
        self._mqtt = mqtt
        self._base = base
        self._warn = warn
        self.connected: Callable[[], None] = lambda: None
        """Called after every connection, on another thread. To be set before `start`."""
        self._news = Condition()
        self._taken: deque[int] = deque(maxlen=64)  # the newest messages that the broker has
        self._connected = self._over = False
        self._client = client = paho.Client(CallbackAPIVersion.VERSION2, client_id(base))
        client.connect_timeout = CONNECTING_S
        client.reconnect_delay_set(*AGAIN_S)
        client.will_set(f"{base}/status", "offline", qos=1, retain=True)
        if mqtt.user or password:
            client.username_pw_set(mqtt.user, password or None)
        if mqtt.tls:
            self._encrypt()
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_connect_fail, client.on_publish = self._on_failure, self._on_publish

    def start(self) -> None:
        """Connect, now or later."""
        port = self._mqtt.port or (TLS_PORT if self._mqtt.tls else PORT)
        self._client.connect_async(self._mqtt.host, port, KEEPALIVE_S)
        self._client.loop_start()

    def send(self, topic: str, payload: bytes, retain: bool) -> bool:
        """See `teller.Link`."""
        with self._news:
            self._news.wait_for(lambda: self._connected or self._over)
            if self._over:
                return False
        number = self._client.publish(topic, payload, qos=1, retain=retain).mid
        with self._news:
            self._news.wait_for(lambda: number in self._taken or self._over)
            return number in self._taken

    def close(self) -> None:
        """See `teller.Link`. Idempotent."""
        with self._news:
            over, connected, self._over = self._over, self._connected, True
            self._news.notify_all()
        if over:
            return
        if connected:
            number = self._client.publish(f"{self._base}/status", "offline", qos=1, retain=True).mid
            with self._news:
                self._news.wait_for(lambda: number in self._taken or not self._connected, CLOSING_S)
        self._client.disconnect()
        ending = Thread(target=self._client.loop_stop, name="mqtt-end", daemon=True)  # may wait for a name server
        ending.start()
        ending.join(CLOSING_S)

    def _encrypt(self) -> None:
        ca_file = self._mqtt.ca_file
        try:
            self._client.tls_set(str(Path(ca_file).expanduser()) if ca_file else None)
        except OSError as error:  # and ssl.SSLError
            remedy = "give the PEM file of who has signed the broker's certificate"
            raise ServiceError(f"mqtt.ca_file {ca_file}: {error.strerror or error}", remedy) from error

    # On the library's thread ------------------------------------------------------------------------------------------

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            remedy = "see mqtt.user and the credential mqtt-password"
            self._warn(f"the MQTT broker {self._mqtt.host} refuses us: {reason}; {remedy}")
            return
        client.publish(f"{self._base}/status", "online", retain=True)  # at quality 0: these must not gather
        if self._mqtt.discovery:
            topic = f"{self._mqtt.discovery}/device/{identity(self._base)}/config"
            client.publish(topic, json.dumps(discovery(self._base)), retain=True)
        self.connected()
        with self._news:
            self._connected = True
            self._news.notify_all()

    def _on_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        with self._news:
            self._connected = False
            self._news.notify_all()

    def _on_failure(self, _client: paho.Client, _data: Any) -> None:
        tls = " or its certificate is not good for that name," if self._mqtt.tls else ""
        self._warn(f"the MQTT broker {self._mqtt.host}: cannot be reached,{tls} and is tried again; messages wait")

    def _on_publish(self, _client: paho.Client, _data: Any, number: int, _reason: Any, _properties: Any) -> None:
        with self._news:
            self._taken.append(number)
            self._news.notify_all()

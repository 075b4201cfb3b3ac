"""Who may see how the device is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval

from edgeagent.settings.marks import Port


@dataclass(frozen=True, slots=True)
class Metrics:
    """Figures for Prometheus over HTTP (docs/monitoring.md)."""

    port: Port = 0
    """Port of http://ADDRESS:PORT/metrics, for example 9464; 0 for none."""

    address: str = "127.0.0.1"
    """IP address of this machine at which it answers. 0.0.0.0: at all of them, and whoever reaches it may read."""

    name: str = ""
    """Host name under which Prometheus reaches it, where that is neither an address nor the machine's own name, such as
    one with a domain."""


@dataclass(frozen=True, slots=True)
class Mqtt:
    """What happens, told to an MQTT broker. The password comes from elsewhere (docs/monitoring.md)."""

    host: str = ""
    """The broker's name or address; empty for none."""

    port: Port = 0
    """The broker's port. 0: 1883, and with tls 8883."""

    tls: bool = False
    """Encrypt, and believe only a broker whose certificate is good for `host`."""

    ca_file: str = ""
    """With tls: PEM file of who has signed the broker's certificate; empty for those whom the system believes."""

    user: str = ""
    """Name to log in with; empty for none."""

    prefix: str = "edgeagent"
    """Topics begin with PREFIX/DEVICE/."""

    device: str = ""
    """Name of this device in the topics; empty for the name of the machine."""

    vitals_s: Annotated[int, Interval(ge=0, le=86_400)] = 60
    """Seconds between two reports of levels, echo and load; 0 for none."""

    discovery: str = ""
    """Home Assistant finds the device where this is its discovery prefix (homeassistant); empty for none."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that shows the device in a browser (docs/monitoring.md)."""

    port: Port = 0
    """Port of http://ADDRESS:PORT/, for example 8090; 0 for none."""

    address: str = "127.0.0.1"
    """IP address of this machine at which it answers. At any but 127.0.0.1 it asks for a token."""

    name: str = ""
    """Host name under which browsers reach it, where that is not the machine's own: that of a proxy. With one it asks
    for a token."""

"""The device as a satellite of Home Assistant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval


@dataclass(frozen=True, slots=True)
class Satellite:
    """The device as a voice satellite of Home Assistant, which then understands and answers (docs/satellite.md)."""

    enabled: bool = False
    """Whether it is one. `recogniser`, `replier` and `capture.on_turn` then stay as they are; `talker` speaks what the
    device says by itself."""

    address: str = "127.0.0.1"
    """IP address of this machine at which Home Assistant reaches it. 0.0.0.0: all of them, and whoever reaches it may
    listen and speak, unless `allow` says who."""

    port: Annotated[int, Interval(ge=1, le=65_535)] = 10700
    """TCP port; Home Assistant's integration "Wyoming Protocol" asks for it."""

    allow: tuple[str, ...] = ()
    """IP addresses that may connect, such as Home Assistant's; empty for any."""

    name: str = ""
    """Name of the device in Home Assistant; empty for the name of the machine."""

    area: str = ""
    """Area that Home Assistant suggests for it; empty for none."""

    discovery: bool = False
    """Home Assistant on the same network finds it by itself (mDNS); needs an address other than 127.0.0.1."""

    patience_ms: Annotated[int, Interval(ge=500, le=60_000)] = 10_000
    """How long Home Assistant may take for each: the text of a turn, its reply, the next piece of its voice."""

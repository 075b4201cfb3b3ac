"""What `check` looks at where the device is a satellite of Home Assistant: the port, who may connect, the extra."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from typing import BinaryIO, cast

from edgeagent.commands._finding import Finding, fail, ok, warn
from edgeagent.errors import EdgeAgentError, install
from edgeagent.monitor.places import listening, loopback
from edgeagent.services.wyoming_wire import Message, encoded, read
from edgeagent.settings import Satellite, Settings

PATIENCE_S = 3.0
"""For a device that runs already."""


def satellite(settings: Settings) -> Iterator[Finding]:
    """Nothing where it is none."""
    wanted = settings.satellite
    if not wanted.enabled:
        return
    yield _port(wanted)
    if loopback(wanted.address):
        how = f"set satellite.address: 0.0.0.0, unless it runs here; now {wanted.address}"
        yield warn("satellite", "only a Home Assistant on this machine reaches it", how)
    elif not wanted.allow:
        how = "set satellite.allow: [192.168.1.10], with Home Assistant's address"
        yield warn("satellite", f"whoever reaches port {wanted.port} may listen to turns and speak", how)
    if wanted.discovery and find_spec("zeroconf") is None:
        yield fail("satellite", "satellite.discovery needs the library zeroconf", install("zeroconf"))


def _port(wanted: Satellite) -> Finding:
    try:
        listening(wanted.address, wanted.port, "satellite.port").close()
    except EdgeAgentError as taken:
        try:
            if _ours(wanted):
                return ok("satellite", f"a device that runs answers at port {wanted.port}")
        except OSError as ended:
            if isinstance(ended, ConnectionError) and wanted.allow:
                text = f"whoever has port {wanted.port} hangs up on us, as a device that runs does by satellite.allow"
                return ok("satellite", text)
        return fail("satellite", taken.problem, taken.remedy)
    return ok("satellite", f"port {wanted.port} at {wanted.address} is free")


def _ours(wanted: Satellite) -> bool:
    """Whether a satellite answers there. Raises OSError, and ConnectionError where somebody takes it and hangs up."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(wanted.address, wanted.address)
    try:
        asking = socket.create_connection((host, wanted.port), PATIENCE_S)
    except OSError:
        return False
    with suppress(TimeoutError, ValueError), asking, cast(BinaryIO, asking.makefile("rb")) as source:
        asking.sendall(encoded(Message("describe")))
        if (answer := read(source)) is None:
            raise ConnectionAbortedError
        return isinstance(answer.data.get("satellite"), dict)
    return False

"""What `check` looks at where the settings ask for figures, a broker or a page: libraries, ports, who may see them."""

from __future__ import annotations

import os
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path
from time import monotonic

from edgeagent.commands._finding import Finding, fail, ok, warn
from edgeagent.commands._installed import drop_in, has, installed
from edgeagent.errors import EdgeAgentError, install
from edgeagent.monitor.places import here, listening, loopback
from edgeagent.settings import Mqtt, Settings

PATIENCE_S = 3.0
"""For a broker, or for a device that runs already."""

LONGEST = 1 << 20
"""Bytes of an answer that are read: ours have some 20 kB."""

OURS = {"metrics": ("/metrics", b"edgeagent_"), "page": ("/style.css", b".lamp")}
"""By what a device that runs already is known."""

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""A proxy of the environment does not know what listens on this machine."""


def monitors(settings: Settings) -> Iterator[Finding]:
    """Nothing where nobody asked for any."""
    metrics, page = settings.metrics, settings.page
    if metrics.port:
        yield from _served("metrics", metrics.address, metrics.port, "prometheus_client")
        if not loopback(metrics.address):
            yield ok("metrics", f"whoever reaches {metrics.address} may read them; they hold no words and no sound")
    if page.port:
        yield from _served("page", page.address, page.port, "starlette", "uvicorn")
        if not loopback(page.address) and not has("page-token"):
            yield warn("page", "its token is made anew at every start and printed where logs may keep it", _kept())
    if settings.mqtt.host:
        yield from _broker(settings.mqtt)


def _kept() -> str:
    """The line that gives the page a token for good."""
    made = "python3 -c 'import secrets; print(secrets.token_urlsafe())'"
    if installed() is None:
        return f'export EDGEAGENT_PAGE_TOKEN="$({made})"'
    file = "/etc/edgeagent/keys/page-token"
    return f"{made} | sudo install -D -m 600 /dev/stdin {file}; {drop_in(f'LoadCredential=page-token:{file}')}"


def _served(key: str, address: str, port: int, *libraries: str) -> Iterator[Finding]:
    """What listens at a port of ours."""
    if missing := [library for library in libraries if find_spec(library) is None]:
        yield fail(key, f"{key}.port needs {' and '.join(missing)}", install(key))
        return
    try:
        listening(address, port, f"{key}.port").close()
    except EdgeAgentError as taken:
        if _ours(key, address, port):
            yield ok(key, f"a device that runs answers at port {port}")
        else:
            yield fail(key, taken.problem, taken.remedy)
        return
    yield ok(key, f"port {port} at {address} is free")


def _ours(key: str, address: str, port: int) -> bool:
    path, sign = OURS[key]
    return sign in fetched(address, port, path)


def fetched(address: str, port: int, path: str) -> bytes:
    """What a server on this machine answers; b"" for none. Of an answer without end, as a camera's, the beginning."""
    host = "127.0.0.1" if address == "0.0.0.0" else f"[{address}]" if ":" in address else address
    try:
        with closing(DIRECT.open(f"http://{host}:{port}{path}", timeout=PATIENCE_S)) as answer:
            found, until = b"", monotonic() + PATIENCE_S
            while len(found) < LONGEST and monotonic() < until and (some := answer.read1(LONGEST)):
                found += some
            return found
    except (OSError, ValueError, HTTPException):  # the last of one that speaks something else
        return b""


def _broker(mqtt: Mqtt) -> Iterator[Finding]:
    if find_spec("paho") is None:
        yield fail("mqtt", "mqtt.host needs paho-mqtt", install("mqtt"))
        return
    if mqtt.ca_file and not os.access(Path(mqtt.ca_file).expanduser(), os.R_OK):
        yield fail("mqtt", f"mqtt.ca_file: {mqtt.ca_file} cannot be read", "give the file of the broker's certificate")
        return
    port = mqtt.port or (8883 if mqtt.tls else 1883)
    try:
        socket.create_connection((mqtt.host, port), PATIENCE_S).close()
    except OSError as error:
        reason = error.strerror or error
        text = f"{mqtt.host} port {port}: {reason}; the device goes on without it"
        yield warn("mqtt", text, f"on {mqtt.host}: sudo systemctl start mosquitto; or set mqtt.host and mqtt.port anew")
        return
    password = "with a password" if has("mqtt-password") else "without a password"
    if mqtt.tls or not has("mqtt-password") or here(mqtt.host):
        yield ok("mqtt", f"{mqtt.host} port {port} answers; {password}")
    else:
        yield warn(
            "mqtt",
            f"the password goes to {mqtt.host} in the clear",
            "set mqtt.tls: true (its port is 8883, where the broker has a certificate)",
        )

"""Where a server of ours listens, and under which names it answers.

A page of somebody else's in a browser of ours can have its own name resolve to our address, and then reads what we
answer ("DNS rebinding", Jackson et al. 2007, "Protecting browsers from DNS rebinding attacks"). It cannot choose the
name that the browser sends with the request. So we answer to names that nobody else can have: addresses, `localhost`,
the name of this machine, and one that the owner gives.
"""

from __future__ import annotations

import errno
import re
import socket
from ipaddress import ip_address

from edgeagent.errors import ServiceError

WAITING = 8
"""Connections that the kernel keeps for a server that is busy."""

FREEBIND = {socket.AF_INET: (socket.SOL_IP, 15), socket.AF_INET6: (socket.IPPROTO_IPV6, 78)}
"""Level and option of Linux (ip(7), ipv6(7)) for an address that is yet to come; Python has no names for them."""

HOST = re.compile(r"(\[[0-9a-f:.%]+\]|[a-z0-9._-]+)(:\d+)?", re.ASCII)
"""A Host header in lower case: a name or an address, perhaps a port, and nothing else. RFC 9110, 7.2, without what no
device is called by. What follows behind a port would be taken for a path by whoever makes an address of it."""


def loopback(address: str) -> bool:
    """Whether only this machine reaches `address`, an IP address."""
    return ip_address(address).is_loopback


def here(host: str) -> bool:
    """Whether `host` is a name of this machine, so that nobody on the way reads what is sent there."""
    return host in ("localhost", "127.0.0.1", "::1")


def awaited(address: str, key: str) -> str:
    """What to say where `address` is none of this machine's now; "" where it is."""
    with socket.socket(_family(address), socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as ours:
        try:
            ours.bind((address, 0))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                return f"{key}: {address} is no address of this machine yet; it answers there once it is"
    return ""


def listening(address: str, port: int, key: str, *, early: bool = False) -> socket.socket:
    """A socket that listens. key: the setting that names the port. early: also where the address is none of this
    machine's yet, for a device that starts before its network. Raises ServiceError."""
    family = _family(address)
    ours = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        if early:
            ours.setsockopt(*FREEBIND[family], 1)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart shall not wait for old connections
        ours.bind((address, port))
        ours.listen(WAITING)
    except OSError as error:
        ours.close()
        remedy = f"set {key} to a port that is free and above 1023, or stop what listens there (ss -ltnp)"
        if error.errno == errno.EADDRNOTAVAIL:
            remedy = (
                f"set {key.rpartition('.')[0]}.address to one of this machine's (ip address), or to 0.0.0.0 for all"
            )
        raise ServiceError(f"{key} {port} at {address}: {error.strerror}", remedy) from error
    return ours


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET


def welcome(host: str, name: str = "") -> bool:
    """Whether to answer a request with this Host header. name: one that the owner gives, "" for none."""
    if (known := HOST.fullmatch(host.lower())) is None:
        return False
    asked = known[1].strip("[]")
    machine = socket.gethostname().lower()
    if asked in {"localhost", machine, f"{machine.partition('.')[0]}.local", name.lower()}:
        return True
    try:
        ip_address(asked)
    except ValueError:
        return False
    return True

"""The address of a language model, and whether it is one that wants a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

from edgeagent.config.faults import Fault
from edgeagent.credential import given, variable
from edgeagent.settings import Replier

KEY = "chat-key"
"""The credential."""

EXAMPLE = "Give one such as http://127.0.0.1:11434/v1"

HOW = f"`export {variable(KEY)}=KEY`, or `LoadCredential={KEY}:FILE` in the unit"
"""How a key is given; nowhere else, and never in the configuration."""

OURS = ("local", "lan", "home", "internal", "localhost", "home.arpa")
"""Ends of names that no server on the internet has (RFC 6761, 6762, 8375, and what routers make up)."""


def wrong_address(url: str) -> Iterator[Fault]:
    """What is wrong with `replier.url`. Nothing of a wrong one is repeated: it may hold a password."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  raises
    except ValueError:
        yield Fault("replier.url", f"no address. {EXAMPLE}")
        return
    if parts.username or parts.password:
        yield Fault("replier.url", f"holds a password, which would be shown. Use the variable {variable(KEY)}")
    elif parts.scheme not in ("http", "https") or not parts.hostname:
        yield Fault("replier.url", f"no address. {EXAMPLE}")
    elif parts.query or parts.fragment:
        yield Fault("replier.url", "goes on behind its path. Give it up to and with /v1; a key does not belong there")


def wants_key(replier: Replier) -> bool:
    """Whether there must be a key, as `replier.needs_key` says."""
    if replier.needs_key != "auto":
        return replier.needs_key == "always"
    with suppress(ValueError):
        parts = urlsplit(replier.url)
        return parts.scheme == "https" and not _ours(parts.hostname or "")
    return False


def missing_key(replier: Replier, has: Callable[[str], bool] = given) -> Iterator[Fault]:
    """Whether the key is missing. has: whether there is a credential."""
    if replier.kind == "chat" and wants_key(replier) and not has(KEY):
        how = f"{HOW}; where the server takes none: replier.needs_key: never"
        yield Fault("replier.url", f"that server wants a key, and there is none. {how}", ("replier.needs_key",))


def _ours(host: str) -> bool:
    """Whether it is in this house: an address that is not routed, or a name that only means something here."""
    with suppress(ValueError):
        return not ip_address(host).is_global
    name = host.lower().rstrip(".")
    return "." not in name or name.endswith(tuple(f".{end}" for end in OURS))

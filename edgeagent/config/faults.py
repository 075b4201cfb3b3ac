"""A fault in a configuration, and how a list of them reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeagent.errors import ConfigError

WIDEST_KEY = 32
"""Columns the keys may take before the messages; a longer key pushes only its own line."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with `key` (dotted, as in `audio.rate_hz`)."""

    key: str
    message: str


def refusal(name: str, faults: Sequence[Fault]) -> ConfigError:
    """One error with every fault, a line each, the messages aligned."""
    width = min(WIDEST_KEY, max(len(fault.key) for fault in faults))
    head = f"{name}: {len(faults)} problem" + "s" * (len(faults) > 1)
    return ConfigError("\n".join([head, *(f"  {fault.key:<{width}}  {fault.message}" for fault in faults)]))

"""A fault in a configuration, and how a list of them reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from edgeagent.errors import ConfigError, EdgeAgentError

WIDEST_KEY = 32
"""Columns the keys may take before the messages; a longer key pushes only its own line."""

TYPED = ("pip", "python3", "apt", "sudo")
"""Remedies that begin with one of these are typed as they stand."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with `key` (dotted, as in `audio.rate_hz`). of: other keys that it follows from: while one of them
    is wrong itself, nobody knows whether this is a fault."""

    key: str
    message: str
    of: tuple[str, ...] = ()


def refusal(name: str, faults: Sequence[Fault]) -> ConfigError:
    """One error with every fault, a line each, the messages aligned."""
    width = min(WIDEST_KEY, max(len(fault.key) for fault in faults))
    head = f"{name}: {len(faults)} problem" + "s" * (len(faults) > 1)
    return ConfigError("\n".join([head, *(f"  {fault.key:<{width}}  {fault.message}" for fault in faults)]))


def judged(key: str, look: Callable[[], object], of: tuple[str, ...] = ()) -> Iterator[Fault]:
    """What `look` refuses, as faults of `key`: one, or where it lists several, each. of: see `Fault`."""
    try:
        look()
    except EdgeAgentError as error:
        head, *rest = str(error).splitlines()
        if rest:
            file = head.rpartition(": ")[0]
            yield from (Fault(key, f"{file}, {' '.join(line.split())}", of) for line in rest)
        else:
            remedy = error.remedy
            if remedy.partition(" ")[0] not in TYPED:
                remedy = remedy[:1].upper() + remedy[1:]
            yield Fault(key, ". ".join(filter(None, (error.problem.removeprefix(f"{key}: "), remedy))), of)
    except OSError as error:  # a folder that may not be entered
        yield Fault(key, f"'{error.filename}': {error.strerror}. Let the device's user read it", of)

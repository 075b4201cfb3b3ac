"""What `check` looks at of rights: real time, memory, and the nodes of sound cards, pins and LEDs.

Where root checks for the installed service, the unit and its user are judged, not root, who may do everything.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from pwd import getpwuid

from edgeagent.commands._beside import NOBODY, Beside
from edgeagent.commands._finding import Finding, fail, ok, warn
from edgeagent.commands._installed import RESTART, Installed, drop_in, installed, owner
from edgeagent.commands._pin_probes import pins_of
from edgeagent.live.realtime import CARD_PRIORITY, may_lock_memory, urgent
from edgeagent.settings import Settings

DEV = Path("/dev")

LIMITS = (
    r"printf '@audio - rtprio 95\n@audio - memlock unlimited\n' | sudo tee /etc/security/limits.d/edgeagent.conf; "
    "sudo usermod -aG audio $USER, then log in again"
)

GAPS = "a busy machine will make gaps in the sound"
STALLS = "sound may stall while memory is paged in"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of device nodes. name: the kernel's, as units take it behind `char-`. subsystem: as udev calls it. group:
    that gets them on Raspberry Pi OS."""

    name: str
    subsystem: str
    group: str


SOUND, PINS, STRIP = Kind("alsa", "sound", "audio"), Kind("gpiochip", "gpio", "gpio"), Kind("spi", "spidev", "spi")


def real_time(_settings: Settings, beside: Beside = NOBODY) -> Iterator[Finding]:
    """Whether the audio threads may go before all others, and the memory may be kept from being paged out."""
    if service := installed():
        yield from _of_service(service)
        return
    inside = _inside(beside)
    with ThreadPoolExecutor(1) as pool:  # a thread that ends takes its priority with it
        permitted = pool.submit(urgent, CARD_PRIORITY).result()
    if permitted:
        yield ok("real time", f"SCHED_FIFO {CARD_PRIORITY} is permitted")
    else:
        fix = drop_in("LimitRTPRIO=30") if inside else LIMITS
        yield warn("real time", f"no permission for SCHED_FIFO: {GAPS}", fix)
    if may_lock_memory():
        yield ok("memory lock", "permitted")
    else:
        limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
        fix = drop_in("LimitMEMLOCK=infinity") if inside else LIMITS
        yield warn("memory lock", f"only {limit >> 20} MiB: {STALLS}", fix)


def _inside(beside: Beside) -> bool:
    """Whether we run as the service's child, with its rights: for the button of the page."""
    return beside.service and beside.has(os.getpid())


def _of_service(service: Installed) -> Iterator[Finding]:
    most = service.limit("RTPRIO")
    if service.says("RestrictRealtime"):
        yield warn("real time", f"the unit forbids it (RestrictRealtime): {GAPS}", drop_in("RestrictRealtime=no"))
    elif most < CARD_PRIORITY:
        text = f"the unit permits SCHED_FIFO up to {most:g}, {CARD_PRIORITY} is wanted (LimitRTPRIO): {GAPS}"
        yield warn("real time", text, drop_in("LimitRTPRIO=30"))
    else:
        yield ok("real time", f"the unit permits SCHED_FIFO {CARD_PRIORITY} (LimitRTPRIO)")
    locked = service.limit("MEMLOCK")
    if locked == float("inf"):
        yield ok("memory lock", "the unit permits it (LimitMEMLOCK)")
    else:
        text = f"the unit permits {locked / (1 << 20):.0f} MiB, no limit is wanted (LimitMEMLOCK): {STALLS}"
        yield warn("memory lock", text, drop_in("LimitMEMLOCK=infinity"))


def access(settings: Settings, beside: Beside = NOBODY) -> Iterator[Finding]:
    """Whether the nodes of what the settings use may be read and written; nothing of what is not there, which is told
    elsewhere."""
    service = installed()
    joins = _joins(service, beside)
    for kind, nodes in _wanted(settings).items():
        if not nodes:
            continue
        found = [finding for node in nodes if (finding := _refused(node, kind, service, joins))]
        who = f"the service's user {service.user} may" if service else "you may"
        yield found[0] if found else ok("access", f"{who} use {', '.join(_short(nodes))}")


def _wanted(settings: Settings) -> dict[Kind, list[Path]]:
    """The nodes that are there of each kind that is used."""
    pins = any(pins_of(settings).values())
    return {
        SOUND: sorted([*DEV.glob("snd/controlC*"), *DEV.glob("snd/pcmC*")]) if settings.audio.card != "wav" else [],
        PINS: sorted(DEV.glob("gpiochip*")) if pins else [],
        STRIP: sorted(DEV.glob(f"spidev0.{settings.lamp.spi_device}")) if settings.lamp.kind == "apa102" else [],
    }


def _short(nodes: list[Path]) -> list[str]:
    """Sound cards have many."""
    return [str(node) for node in nodes] if len(nodes) <= 2 else [f"{nodes[0].parent}/* ({len(nodes)})"]


def _joins(service: Installed | None, beside: Beside) -> Callable[[str], str]:
    """How the one who is judged gets into a group, and has it."""
    if service:
        return lambda group: service.absent or f"sudo usermod -aG {group} {service.user}; {RESTART}"
    if _inside(beside):
        return lambda group: f"sudo usermod -aG {group} {getpwuid(os.geteuid()).pw_name}; {RESTART}"
    return lambda group: f"sudo usermod -aG {group} $USER, then log in again"


def _refused(node: Path, kind: Kind, service: Installed | None, joins: Callable[[str], str]) -> Finding | None:
    """What is wrong with a node, and the line that mends it."""
    whose = f"which is the group {owner(node).group_name}'s"
    if service is None:
        usable = os.access(node, os.R_OK | os.W_OK)
        return None if usable else fail("access", f"you may not use {node}, {whose}", _granted(node, kind, joins))
    if why := service.refuses(node):
        return fail("access", f"{why}, {whose}", _granted(node, kind, joins))
    if service.says("PrivateDevices"):
        return fail("access", f"the unit hides {node} from the service (PrivateDevices)", drop_in("PrivateDevices=no"))
    if service.closes(node, kind.name):
        text = f"the unit keeps the service from {node} (DeviceAllow)"
        return fail("access", text, drop_in(f"DeviceAllow=char-{kind.name} rw"))
    return None


def _granted(node: Path, kind: Kind, joins: Callable[[str], str]) -> str:
    """By the node's group; where that is root's, or may do nothing either, by a rule that gives it to another."""
    of = owner(node)
    if of.group and of.mode & 0o060 == 0o060:
        return joins(of.group_name)
    rule = f'SUBSYSTEM=="{kind.subsystem}", GROUP="{kind.group}", MODE="0660"'
    made = f"sudo groupadd -fr {kind.group}; echo '{rule}' | sudo tee /etc/udev/rules.d/90-edgeagent-{kind.name}.rules"
    again = f"sudo udevadm control --reload; sudo udevadm trigger --subsystem-match={kind.subsystem}"
    return f"{made}; {again}; {joins(kind.group)}"

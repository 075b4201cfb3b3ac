"""What `check` says of a card or a pin that it cannot have: the running device has it, which is well, or somebody else
has, who is named."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence

from edgeagent.commands._beside import Beside
from edgeagent.commands._finding import Finding, fail, ok, warn
from edgeagent.devices.gpio import SIGNED, signature
from edgeagent.devices.holders import Process
from edgeagent.devices.portaudio import DEFAULT, Direction
from edgeagent.errors import DeviceError

TOPICS: dict[Direction, str] = {"input": "microphone", "output": "loudspeaker"}

UNMEASURED: dict[Direction, str] = {
    "input": "its rate, its level and how evenly it is read are not measured meanwhile",
    "output": "its rate and how evenly it is fed are not measured meanwhile",
}

SERVERS = {"pipewire": "pipewire.socket pipewire.service", "pulseaudio": "pulseaudio.socket pulseaudio.service"}
"""Sound servers, and what makes them come back when they are merely ended."""


def may_be_held(way: Direction, name: str, beside: Beside) -> bool:
    """Whether a name that PortAudio does not list may be missing because somebody holds it: what is held it cannot
    list, and ALSA does not always say why."""
    if name == DEFAULT:
        return any(pcm.full for pcm in beside.holders.pcms(way))
    return bool(beside.holders.held(name, way))


def held_card(way: Direction, name: str, busy: DeviceError, beside: Beside) -> Finding:
    """Of a device that is busy. Where the name leads to no card of the kernel's, such as `default`, it is the one that
    the running device holds, if that holds any; else any that is held that way."""
    meant = beside.holders.held(name, way)
    by = {pcm: beside.holders.of(pcm, way) for pcm in meant or beside.holders.pcms(way) if pcm.full}
    if not meant:
        by = {pcm: held for pcm, held in by.items() if beside.alone_has(held)} or by
    others = [process for held in by.values() for process in held if not beside.has(process.pid)]
    if not by:
        return fail(TOPICS[way], busy.problem, busy.remedy)
    cards = ", ".join(pcm.listed for pcm in by)
    if others:
        key = f"audio.{way}"
        return fail(TOPICS[way], f"{busy.problem}: {_named(others)} holds {cards}", _freed(others, key))
    if meant or name == DEFAULT or name.casefold() in beside.said.casefold():
        return ok(TOPICS[way], f"{cards}: held by {beside.name}; {UNMEASURED[way]}")
    text = f"no '{name}' is listed, while {beside.name} holds {cards}, which cannot be listed"
    return warn(TOPICS[way], text, beside.alone)


def held_pins(topic: str, pins: Collection[int], labels: Sequence[str], busy: DeviceError, beside: Beside) -> Finding:
    """Of pins that are taken. labels: what the kernel calls the user of each, "" for one that is free."""
    own = ("", signature())  # claimed a moment ago: gpiozero keeps a line until the end
    users = {pin: label for pin, label in zip(pins, labels, strict=True) if label not in own}
    strangers = {pin: label for pin, label in users.items() if not ours(label, beside)}
    if not users:
        return fail(topic, busy.problem, busy.remedy)
    if not strangers:
        return ok(topic, f"held by {beside.name}; not claimed meanwhile, so not tried")
    return fail(topic, *stranger(strangers, beside))


def stranger(users: dict[int, str], beside: Beside) -> tuple[str, str]:
    """Problem and fix of pins in use, with the user's name of each. Which program has a line the kernel does not tell,
    only the name that it gave: without a process in it those are named that have any line."""
    pins = " and ".join(f"GPIO {pin} is in use as '{label}'" for pin, label in users.items())
    signed = [int(found[1]) for label in users.values() if (found := SIGNED.fullmatch(label))]
    known = beside.holders.of_lines()
    having = [process for process in known if process.pid != os.getpid() and not beside.has(process.pid)]
    if named := [process for process in having if process.pid in signed]:
        return f"{pins}, by {_named(named)}", f"{_ended(named)}; or give another pin"
    if having:
        return (
            f"{pins}; programs that have pins: {_named(having)}",
            f"{_ended(having[:1])}, if it is that; or give another pin",
        )
    return pins, "`sudo gpioinfo` shows all that are in use; or give another pin"


def ours(label: str, beside: Beside) -> bool:
    """Whether the user of a pin is the running device."""
    found = SIGNED.fullmatch(label)
    return found is not None and beside.has(int(found[1]))


def _named(processes: Sequence[Process]) -> str:
    return ", ".join(f"{each.name} (pid {each.pid})" if each.pid else each.name for each in processes)


def _ended(processes: Sequence[Process]) -> str:
    pids = " ".join(str(each.pid) for each in processes if each.pid)
    return f"sudo kill {pids}" if pids else "`sudo fuser -v /dev/snd/*` names it"


def _freed(processes: Sequence[Process], key: str) -> str:
    """A sound server that is ended is started again by its socket."""
    for server, units in SERVERS.items():
        if any(re.search(rf"\b{server}\b", each.name) for each in processes):
            return f"as the user who runs it: systemctl --user mask --now {units}"
    return f"{_ended(processes)}; or give another {key}, from `edgeagent devices`"

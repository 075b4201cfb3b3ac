"""What is done to the service, and what it must do then."""

from __future__ import annotations

import errno
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from edgeagent.monitor.service import START_S
from tools.container.machine import Machine
from tools.container.room import Room

ECONNREFUSED = errno.ECONNREFUSED


@dataclass(frozen=True, slots=True)
class Fault:
    """name. lasts: seconds, from and to, that it lasts before it is mended. begin, mend: on the machine. deafens:
    whether nothing can be heard meanwhile. shown_s: within which lamp and journal must say so; again_s: within which it
    must listen again, once mended."""

    name: str
    begin: Callable[[Machine, Room], None]
    mend: Callable[[Machine, Room], None] = lambda _machine, _room: None
    lasts: tuple[float, float] = (0.0, 0.0)
    deafens: bool = True
    shown_s: float = 10.0
    again_s: float = 10.0


def send(number: signal.Signals, times: int = 1, rest_s: float = 0.0) -> Callable[[Machine, Room], None]:
    """That signal to the main process."""

    def begin(machine: Machine, _room: Room) -> None:
        for _ in range(times):
            machine.signal(number)
            time.sleep(rest_s)

    return begin


def knob(**values: int) -> Callable[[Machine, Room], None]:
    """Those knobs of the card."""

    def turn(machine: Machine, _room: Room) -> None:
        for name, value in values.items():
            setattr(machine.sim.state, name, value)

    return turn


def microphone(broken: str) -> Callable[[Machine, Room], None]:
    """It breaks like that, or works again."""

    def turn(_machine: Machine, room: Room) -> None:
        room.broken = broken

    return turn


def both(*acts: Callable[[Machine, Room], None]) -> Callable[[Machine, Room], None]:
    def act(machine: Machine, room: Room) -> None:
        for each in acts:
            each(machine, room)

    return act


def hold_up(machine: Machine, _room: Room) -> None:
    """The process gets no processor, again and again, for longer than the card buffers: a storm of xruns."""
    for _ in range(10):
        machine.signal(signal.SIGSTOP)
        time.sleep(0.1)
        machine.signal(signal.SIGCONT)
        time.sleep(0.05)


def kill_child(machine: Machine, _room: Room) -> None:
    """The voice's process dies."""
    main = machine.main()
    for pid, parent in machine.processes().items():
        if parent == main:
            machine.call("kill", "-KILL", str(pid), check=False)


def hang_without_card(waited_s: float) -> Callable[[Machine, Room], None]:
    """Unplugged until a new process waits for its card, which then hangs, waited_s after it was started."""

    def begin(machine: Machine, _room: Room) -> None:
        before = machine.main()
        machine.sim.state.unplugged = 1
        if not machine.until(lambda: machine.main() not in (0, before) and _deaf(machine)):
            raise RuntimeError("no new process waits for the card")
        waits = machine.main()
        started = int(machine.show("ExecMainStartTimestampMonotonic")["ExecMainStartTimestampMonotonic"]) / 1e6
        time.sleep(max(0.0, started + waited_s - time.monotonic()))
        if machine.main() != waits:
            raise RuntimeError("it was ended while it waited for its card, and moved on")
        machine.aim()
        machine.signal(signal.SIGSTOP)

    return begin


def _deaf(machine: Machine) -> bool:
    return machine.show("StatusText")["StatusText"].startswith("deaf")


FAULTS = (
    Fault("SIGKILL", send(signal.SIGKILL), again_s=1.2),
    Fault("SIGTERM", send(signal.SIGTERM)),
    Fault("SIGSEGV", send(signal.SIGSEGV)),
    Fault("SIGSTOP", send(signal.SIGSTOP), again_s=6.0),
    Fault("unplugged", knob(unplugged=1), knob(unplugged=0), (1.0, 4.0), shown_s=1.0, again_s=2.0),
    Fault("unplugged for long", knob(unplugged=1), knob(unplugged=0), (7.0, 12.0), shown_s=1.0, again_s=2.0),
    Fault("unplugged for a moment", knob(unplugged=1), knob(unplugged=0), (0.1, 0.9)),
    Fault(
        "killed, and the card busy", both(knob(refusal=errno.EBUSY), send(signal.SIGKILL)), knob(refusal=0), (0.5, 4)
    ),
    Fault("callbacks stop", knob(stalled=1), knob(stalled=0), (0.5, 4.0)),
    Fault("the sound server dies", knob(stalled=1, refusal=ECONNREFUSED), knob(stalled=0, refusal=0), (1.0, 6.0)),
    Fault("the sound library hangs", knob(stalled=1, hanging=1), knob(stalled=0, hanging=0), (4.0, 9.0)),
    Fault("frozen microphone", microphone("frozen"), microphone(""), (3.0, 9.0)),
    Fault("zero microphone", microphone("zeros"), microphone(""), (9.0, 12.0)),
    Fault("clipped microphone", microphone("clipped"), microphone(""), (3.0, 9.0)),
    Fault("xrun storm", hold_up, deafens=False),
    Fault("the voice's process dies", kill_child, deafens=False),
)

PATIENT = (
    Fault(
        "hangs while it waits for its card",
        hang_without_card(START_S + 15),
        knob(unplugged=0),
        (0.1, 1.0),
        shown_s=1.0,
        again_s=7.0,
    ),
    Fault(
        "hangs as soon as it waits for its card",
        hang_without_card(0.0),
        knob(unplugged=0),
        (0.1, 1.0),
        shown_s=1.0,
        again_s=START_S + 2,
    ),
)
"""More than a minute each, and so none of those at random. The first waits for longer than a start may take, and is
given up as soon as it hangs; the second only when the time is over that the last step was given (`monitor.service`)."""

"""A sensor on a GPIO that hints at a person: presence (PIR, radar) or a gesture (hand before the device, touch).

Such sensors drive their output high while they see something. It is told as it begins and again while it lasts, for a
hint fades. What is high as the device starts is told from its next rise on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeagent.devices.gpio import Factory, claiming
from edgeagent.turn.events import Hint

AGAIN_S = 0.5
"""Seconds between two hints while the output stays high; two thirds of what makes a hint half as heavy."""

BOUNCE_S = 0.02
"""Seconds a level must last to count: these outputs are clean, long wires are not."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """name: the hint's source. person, floor: nats that it brings each time."""

    name: str
    person: float
    floor: float


PRESENCE = Sensor("presence", 0.5, 0.0)
"""Somebody is in the room; of whether they want something it knows nothing. Lasting presence adds up to 1.4 nats, odds
of four to one."""

GESTURE = Sensor("gesture", 2.0, 1.0)
"""A hand before the device is meant for it, and mostly means "my turn"."""


class GpioHint:
    """tell: called from gpiozero's threads with a hint at sample 0, that is: now. Must not block."""

    def __init__(self, sensor: Sensor, pin: int, factory: Factory, tell: Callable[[Hint], object]) -> None:
        """Raises DeviceError."""
        from gpiozero import Button

        hint = Hint(0, sensor.name, sensor.person, sensor.floor)
        with claiming(f"GPIO {pin} ({sensor.name} sensor)"):
            self._input = Button(
                pin, pull_up=False, bounce_time=BOUNCE_S, hold_time=AGAIN_S, hold_repeat=True, pin_factory=factory
            )
        self._input.when_pressed = lambda: tell(hint)
        self._input.when_held = lambda: tell(hint)

    def close(self) -> None:
        self._input.close()

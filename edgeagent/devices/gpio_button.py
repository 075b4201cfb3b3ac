"""One push button to ground: a short press stops, a long one mutes.

A long press is told when it has lasted long enough, not when it ends, so the finger feels it. One press, one event.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from edgeagent import settings
from edgeagent.devices.gpio import Factory, claiming
from edgeagent.turn.events import ButtonLong, ButtonShort, Event

BOUNCE = 0.02
"""Seconds a level must last to count; push buttons bounce for 1 to 10 ms."""


class GpioButton:
    """tell: called from gpiozero's threads with ButtonShort or ButtonLong at sample 0, that is: now. Must not block."""

    def __init__(self, button: settings.Button, factory: Factory, tell: Callable[[Event], None]) -> None:
        """Raises DeviceError."""
        from gpiozero import Button

        self._tell = tell
        self._told = True
        self._one = Lock()  # the finger may leave at the very moment the press becomes long
        with claiming(f"GPIO {button.pin} (button)"):
            self._button = Button(
                button.pin, bounce_time=BOUNCE, hold_time=button.long_press_ms / 1000, pin_factory=factory
            )
        self._button.when_pressed = self._press
        self._button.when_held = lambda: self._end(ButtonLong(at=0))
        self._button.when_released = lambda: self._end(ButtonShort(at=0))

    def close(self) -> None:
        self._button.close()

    def _press(self) -> None:
        with self._one:
            self._told = False

    def _end(self, event: Event) -> None:
        """Tells what the press was, unless it has been told."""
        with self._one:
            if self._told:
                return
            self._told = True
        self._tell(event)

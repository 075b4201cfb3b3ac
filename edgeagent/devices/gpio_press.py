"""A push button to ground that means one thing, such as louder: told when it is pressed, and again while it is held."""

from __future__ import annotations

from collections.abc import Callable

from edgeagent.devices.gpio import Factory, claiming
from edgeagent.devices.gpio_button import BOUNCE

AGAIN_S = 0.5
"""Between two tellings of a button that is held: slow enough to let go in time."""


class GpioPress:
    """tell: called from gpiozero's threads. Must not block."""

    def __init__(self, name: str, pin: int, factory: Factory, tell: Callable[[], object]) -> None:
        """Raises DeviceError."""
        from gpiozero import Button

        with claiming(f"GPIO {pin} ({name} button)"):
            self._button = Button(pin, bounce_time=BOUNCE, hold_time=AGAIN_S, hold_repeat=True, pin_factory=factory)
        self._button.when_pressed = tell
        self._button.when_held = tell

    def close(self) -> None:
        self._button.close()

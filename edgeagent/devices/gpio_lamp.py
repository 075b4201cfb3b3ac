"""Lamps on GPIO pins: one LED, or one RGB LED."""

from __future__ import annotations

from edgeagent import settings
from edgeagent.devices.animator import Animator
from edgeagent.devices.gpio import Factory, claiming
from edgeagent.devices.lights import Glow
from edgeagent.errors import DeviceError
from edgeagent.turn.outputs import Light

LEAST = 0.01
"""Of full drive: what is less is dark, for gpiozero hands whole per cents to lgpio."""


class GpioLamp:
    """See `ports.Lamp`. One pin: the pattern alone tells the light; three (red, green, blue): colour and pattern do."""

    def __init__(self, lamp: settings.Lamp, factory: Factory) -> None:
        """Raises DeviceError."""
        if len(lamp.pins) != (1 if lamp.kind == "led" else 3):
            raise DeviceError(
                f"a lamp '{lamp.kind}' does not go with {len(lamp.pins)} pins",
                "set lamp.pins: [17] for led, lamp.pins: [17, 27, 22] for rgb",
            )
        from gpiozero import PWMLED

        self._brightness = lamp.brightness_percent / 100
        self._leds = []
        for pin in lamp.pins:
            with claiming(f"GPIO {pin} (lamp)"):
                self._leds.append(PWMLED(pin, pin_factory=factory))
        self._animator = Animator(self._draw)

    def show(self, light: Light, impaired: bool = False) -> None:
        self._animator.show(light, impaired)

    def close(self) -> None:
        """Leaves the lamp dark."""
        self._animator.close()
        for led in self._leds:
            led.close()

    def _draw(self, glow: Glow) -> None:
        colour = glow.colour if len(self._leds) == 3 else (1.0,)
        for led, part in zip(self._leds, colour, strict=True):
            drive = part * glow.level * self._brightness
            led.value = max(LEAST, drive) if drive else 0.0

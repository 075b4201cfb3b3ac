"""The LEDs of a lamp, one by one, for a person who looks whether each is there and of the right colour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from edgeagent import settings
from edgeagent.devices.apa102_lamp import Apa102Lamp, Spi, frame, lone_frame, open_spi
from edgeagent.devices.gpio import Factory, claiming
from edgeagent.devices.lights import RGB
from edgeagent.errors import DeviceError
from edgeagent.turn.colours import Colour

COLOURS = (Colour.RED, Colour.GREEN, Colour.BLUE)


@contextmanager
def lighting(what: str) -> Iterator[None]:
    """Turns whatever a driver raises while it lights `what` into DeviceError."""
    try:
        yield
    except Exception as error:
        remedy = "look at its wires, and whether the board sits firmly; `dmesg` may say more"
        raise DeviceError(f"{what} cannot be lit: {error}", remedy) from error


class LedWalk:
    """steps: name of each LED or colour, and what lights it alone, or raises DeviceError. Dark before the first and
    after `close`."""

    def __init__(self, lamp: settings.Lamp, factory: Factory | None, spi: Callable[[int], Spi] = open_spi) -> None:
        """Raises DeviceError. A lamp without LEDs has no steps."""
        self.steps: list[tuple[str, Callable[[], None]]] = []
        self._closing = ExitStack()
        try:
            if lamp.kind in ("led", "rgb"):
                self._add_pins(lamp, factory)
            elif lamp.kind == "apa102":
                self._add_strip(lamp, factory, spi)
        except BaseException:
            self._closing.close()
            raise

    def close(self) -> None:
        """Leaves everything dark. Idempotent."""
        self._closing.close()

    def _add_pins(self, lamp: settings.Lamp, factory: Factory | None) -> None:
        from gpiozero import PWMLED

        leds = []
        for pin in lamp.pins:
            with claiming(f"GPIO {pin} (lamp)"):
                leds.append(PWMLED(pin, pin_factory=factory))
            self._closing.callback(leds[-1].close)

        def light(which: int) -> None:
            with lighting("the lamp"):
                for at, led in enumerate(leds):
                    led.value = lamp.brightness_percent / 100 if at == which else 0

        names = [colour.value for colour in COLOURS] if lamp.kind == "rgb" else ["the LED"]
        for at, (name, pin) in enumerate(zip(names, lamp.pins, strict=True)):
            self.steps.append((f"{name} (GPIO {pin})", partial(light, at)))

    def _add_strip(self, lamp: settings.Lamp, factory: Factory | None, open_bus: Callable[[int], Spi]) -> None:
        bus = open_bus(lamp.spi_device)
        strip = Apa102Lamp(lamp, bus, factory)  # powers it, and leaves it dark
        self._closing.callback(strip.close)
        brightness = lamp.brightness_percent / 100

        def send(data: bytes) -> None:
            with lighting("the strip"):
                bus.writebytes2(data)

        def one(which: int) -> None:
            send(lone_frame(lamp.leds, which, RGB[Colour.WHITE], brightness))

        def all_in(colour: Colour) -> None:
            send(frame(lamp.leds, RGB[colour], 1.0, brightness))

        one(-1)
        for at in range(lamp.leds):
            self.steps.append((f"LED {at + 1} of {lamp.leds}, white", partial(one, at)))
        for colour in COLOURS:
            self.steps.append((f"all LEDs, {colour.value}", partial(all_in, colour)))

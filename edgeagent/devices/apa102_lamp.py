"""A strip of APA102 LEDs on SPI bus 0, as on the ReSpeaker HATs: all LEDs show the same.

A frame is 32 zero bits, then per LED 111 and five bits of current, blue, green, red, then at least half a clock per LED
so that the data reach the last one (APA102 data sheet; the zeros in between are for the SK9822, which shows a frame
only at the next one's start). A few bytes at 1 MHz; spidev is enough.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Protocol

from edgeagent import settings
from edgeagent.devices.animator import Animator
from edgeagent.devices.gpio import INSTALL, Factory, claiming
from edgeagent.devices.lights import Glow, Rgb
from edgeagent.errors import DeviceError
from edgeagent.turn.outputs import Light

CLOCK_HZ = 1_000_000
"""SPI clock: far below the strip's limit, so that long thin wires do."""

CURRENT_STEPS = 31


class Spi(Protocol):
    """The part of spidev.SpiDev that is used."""

    def writebytes2(self, data: bytes) -> None: ...

    def close(self) -> None: ...


def frame(leds: int, colour: Rgb, level: float, brightness: float) -> bytes:
    """The bytes that make `leds` LEDs show a colour at a level in [0, 1]. brightness: in (0, 1], by the LEDs' current,
    so that colours stay true in the dark."""
    current = max(1, round(brightness * CURRENT_STEPS))
    red, green, blue = (round(255 * part * level) for part in colour)
    led = bytes((0b1110_0000 | current, blue, green, red))
    return bytes(4) + led * leds + bytes(4 + (leds + 15) // 16)


def lone_frame(leds: int, which: int, colour: Rgb, brightness: float) -> bytes:
    """As `frame`, with LED `which` lit and the others dark; -1: none."""
    whole = bytearray(frame(leds, (0.0, 0.0, 0.0), 0.0, brightness))
    if which >= 0:
        whole[4 + 4 * which : 8 + 4 * which] = frame(1, colour, 1.0, brightness)[4:8]
    return bytes(whole)


def open_spi(device: int) -> Spi:
    """SPI bus 0 with chip select `device`. Raises DeviceError."""
    try:
        import spidev
    except ImportError as error:
        raise DeviceError("no driver for the LED strip: spidev is not installed", INSTALL) from error
    spi: Any = spidev.SpiDev()
    try:
        spi.open(0, device)
    except PermissionError as error:
        raise DeviceError(
            f"/dev/spidev0.{device} is not for you", "sudo usermod -aG spi $USER, then log in again"
        ) from error
    except OSError as error:
        remedy = "sudo raspi-config nonint do_spi 0 (or write dtparam=spi=on in config.txt and reboot)"
        remedy += "; or set lamp.spi_device to one of `ls /dev/spidev0.*`"
        raise DeviceError(f"there is no /dev/spidev0.{device}", remedy) from error
    spi.max_speed_hz = CLOCK_HZ
    opened: Spi = spi
    return opened


class Apa102Lamp:
    """See `ports.Lamp`."""

    def __init__(self, lamp: settings.Lamp, spi: Spi, factory: Factory | None = None) -> None:
        """spi: opened; closed with the lamp. factory: needed where a pin powers the strip. Raises DeviceError."""
        self._leds = lamp.leds
        self._brightness = lamp.brightness_percent / 100
        self._spi = spi
        self._power = None
        if lamp.power_pin >= 0:
            from gpiozero import OutputDevice

            with claiming(f"GPIO {lamp.power_pin} (lamp power)"):
                self._power = OutputDevice(lamp.power_pin, initial_value=True, pin_factory=factory)
        self._animator = Animator(self._draw)

    def show(self, light: Light, impaired: bool = False) -> None:
        self._animator.show(light, impaired)

    def close(self) -> None:
        """Leaves the strip dark, if it can be reached. Idempotent."""
        if self._leds:
            self._animator.close()
            with suppress(OSError):  # as with the animator: nobody needs a lamp to leave in good order
                self._spi.writebytes2(frame(self._leds, (0.0, 0.0, 0.0), 0.0, self._brightness))
            self._spi.close()
            self._leds = 0
        if self._power is not None:
            self._power.close()

    def _draw(self, glow: Glow) -> None:
        self._spi.writebytes2(frame(self._leds, glow.colour, glow.level, self._brightness))

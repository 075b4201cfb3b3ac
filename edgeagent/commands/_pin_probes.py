"""What `check` looks at on the GPIO header: the driver, and each pin that the settings name, claimed and given back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Protocol

from edgeagent.commands._finding import Finding, fail, ok, warn
from edgeagent.commands._probes import board
from edgeagent.devices.apa102_lamp import Apa102Lamp, open_spi
from edgeagent.devices.gpio import Factory, pin_factory
from edgeagent.devices.gpio_button import GpioButton
from edgeagent.devices.gpio_hint import GESTURE, PRESENCE, GpioHint
from edgeagent.devices.gpio_lamp import GpioLamp
from edgeagent.devices.gpio_mute import GpioMute
from edgeagent.errors import DeviceError
from edgeagent.settings import Settings


class Closable(Protocol):
    def close(self) -> None: ...


def pins(settings: Settings) -> Iterator[Finding]:
    """The driver, and lamp, button and mute pin where they are set."""
    wanted = _wanted(settings)
    try:
        factory = pin_factory() if wanted or board() else None
    except DeviceError as error:
        grade = fail if wanted else warn
        yield grade("pins", error.problem, error.remedy)
        return
    if factory is None:
        yield ok("pins", "none are configured, and this is no Raspberry Pi")
        return
    yield ok("pins", f"driver {type(factory).__name__}")
    for topic, claim in wanted.items():
        try:
            with closing(claim(factory)):
                yield ok(topic, "free and ours")
        except DeviceError as error:
            yield fail(topic, error.problem, error.remedy)
    factory.close()


def _wanted(settings: Settings) -> dict[str, Callable[[Factory], Closable]]:
    """How to claim what the settings name, by topic."""
    lamp, button, amplifier = settings.lamp, settings.button, settings.amplifier
    wanted: dict[str, Callable[[Factory], Closable]] = {}
    if amplifier.mute_pin >= 0:
        wanted["mute pin"] = lambda factory: GpioMute(amplifier, factory)
    if lamp.kind in ("led", "rgb"):
        wanted["lamp"] = lambda factory: GpioLamp(lamp, factory)
    if lamp.kind == "apa102":
        wanted["lamp"] = lambda factory: Apa102Lamp(lamp, open_spi(lamp.spi_device), factory)
    if button.pin >= 0:
        wanted["button"] = lambda factory: GpioButton(button, factory, lambda _event: None)
    if settings.hints.presence_pin >= 0:
        wanted["presence sensor"] = lambda f: GpioHint(PRESENCE, settings.hints.presence_pin, f, lambda _hint: None)
    if settings.hints.gesture_pin >= 0:
        wanted["gesture sensor"] = lambda f: GpioHint(GESTURE, settings.hints.gesture_pin, f, lambda _hint: None)
    return wanted

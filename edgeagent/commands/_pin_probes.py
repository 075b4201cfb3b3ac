"""What `check` looks at on the GPIO header: the driver, the chip, each pin that the settings name, claimed and given
back, and who owns the mute pin."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import Protocol

from edgeagent.commands._beside import NOBODY, Beside
from edgeagent.commands._finding import Finding, fail, ok, warn
from edgeagent.commands._held import held_pins, ours, stranger
from edgeagent.commands._probes import board
from edgeagent.devices import gpio_lines
from edgeagent.devices.apa102_lamp import Apa102Lamp, open_spi
from edgeagent.devices.gpio import CHOICE, Factory, pin_factory
from edgeagent.devices.gpio_button import GpioButton
from edgeagent.devices.gpio_hint import GESTURE, PRESENCE, GpioHint
from edgeagent.devices.gpio_lamp import GpioLamp
from edgeagent.devices.gpio_lines import Claim
from edgeagent.devices.gpio_mute import GpioMute
from edgeagent.devices.gpio_press import GpioPress
from edgeagent.errors import DeviceBusy, DeviceError
from edgeagent.settings import Lamp, Settings

CONFIG_TXT = "/boot/firmware/config.txt"

AMPLIFIER = "maxim,max98357a"
"""The one amplifier whose overlay takes a mute pin unasked (GPIO 4)."""


class Closable(Protocol):
    def close(self) -> None: ...


def pins(settings: Settings, beside: Beside = NOBODY) -> Iterator[Finding]:
    """The driver, and lamp, button and mute pin where they are set. What the running device drives is let be."""
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
    with closing(factory):
        yield _driver(factory)
        for topic, claim in wanted.items():
            if topic == "lamp" and settings.lamp.kind == "apa102" and (left := beside_strip(settings.lamp, beside)):
                yield left
                continue
            try:
                with closing(claim(factory)):
                    yield ok(topic, "free and ours")
            except DeviceBusy as busy:
                yield taken(topic, settings, busy, beside)
            except DeviceError as error:
                yield fail(topic, error.problem, error.remedy)


def beside_strip(lamp: Lamp, beside: Beside) -> Finding | None:
    """Why a strip is left alone: two programs may write to it, and the second would spoil what the device shows. None
    where nobody else does."""
    driven = beside.pid and beside.holders.opens(beside.pid, f"/dev/spidev0.{lamp.spi_device}")
    if driven:
        return ok("lamp", f"held by {beside.name}; not driven meanwhile, so not tried")
    if driven is None:
        return ok("lamp", f"perhaps held by {beside.name}, whose files only root may see; not driven meanwhile")
    return None


def taken(topic: str, settings: Settings, busy: DeviceBusy, beside: Beside) -> Finding:
    """Of the pins of a topic, one of which would not be claimed."""
    pins = pins_of(settings)[topic]
    if by := next((claim for claim in gpio_lines.claims() if claim.pin in pins), None):
        return fail(topic, f"GPIO {by.pin} belongs to the overlay of {by.node} (as {by.role})", _freed(by))
    try:
        labels = [gpio_lines.user_of(pin, _header()) for pin in pins]
    except DeviceError:  # told by `chip`
        labels = [""] * len(pins)
    return held_pins(topic, pins, labels, busy, beside)


def _header() -> int:
    """The number of the chip that the header's pins are of. Raises DeviceError."""
    return next((each.number for each in gpio_lines.chips() if each.header), 0)


def _driver(factory: Factory) -> Finding:
    """gpiozero takes another driver where lgpio fails, and says so in a warning that nobody sees; we do not. But a
    person may have asked for one, and have forgotten it."""
    name = type(factory).__name__
    if name == "LGPIOFactory" or not board():
        return ok("pins", f"driver {name}")
    text = f"driver {name}, because {CHOICE} is {os.environ.get(CHOICE)}"
    return warn("pins", f"{text}: {_unlike(name)}", f"unset {CHOICE}")


def _unlike(name: str) -> str:
    return "no pin is really driven" if name == "MockFactory" else "it does not work on every Pi"


def chip(settings: Settings) -> Iterator[Finding]:
    """Whether lgpio opens the controllers of the pins; gpiozero would only warn. Where pins are wanted, or there are
    any."""
    wanted = bool(_wanted(settings))
    if os.environ.get(CHOICE, "lgpio").lower() != "lgpio" or not (wanted or board()):
        return
    try:
        found = gpio_lines.chips()
    except DeviceError as error:
        yield (fail if wanted else warn)("gpio chip", error.problem, error.remedy)
        return
    header = [each for each in found if each.header] or list(found)
    text = ", ".join(f"gpiochip{each.number} ({each.label}, {each.lines} lines)" for each in header)
    yield ok("gpio chip", f"lgpio opens {text}")


def mute_owner(settings: Settings, beside: Beside = NOBODY) -> Iterator[Finding]:
    """Whose the mute pin is: an overlay's, another program's, the running device's, or ours."""
    pin = settings.amplifier.mute_pin
    claims = gpio_lines.claims()
    if pin < 0:
        yield from _unasked(claims)
        return
    by = next((claim for claim in claims if claim.pin == pin), None)
    if by is not None:
        yield fail("mute owner", f"GPIO {pin} belongs to the overlay of {by.node} (as {by.role})", _handed_over(by))
        return
    try:
        user = gpio_lines.user_of(pin, _header())
    except DeviceError:  # told by `chip`
        return
    if user and ours(user, beside):
        yield ok("mute owner", f"GPIO {pin} is held by {beside.name}")
    elif user:
        yield fail("mute owner", *stranger({pin: user}, beside))
    else:
        yield ok("mute owner", f"GPIO {pin} is nobody's: ours from the start of the device")


def _unasked(claims: Iterable[Claim]) -> Iterator[Finding]:
    """No pin is configured: does an overlay mute?"""
    amplifiers = gpio_lines.nodes(AMPLIFIER)
    by = next((claim for claim in claims if claim.node in amplifiers), None)
    if by is not None:
        text = f"the overlay of {by.node} (GPIO {by.pin}), which mutes whenever the sound stops"
        yield ok("mute owner", text)
    elif amplifiers:
        fix = f"write dtoverlay=max98357a, without no-sdmode, in {CONFIG_TXT} and reboot"
        fix += "; or wire SD_MODE to GPIO 4 and set amplifier.mute_pin: 4"
        yield warn("mute owner", "nobody: max98357a is loaded with no-sdmode, and amplifier.mute_pin is -1", fix)


def _handed_over(by: Claim) -> str:
    if by.node.startswith("max98357a"):
        return (
            "set amplifier.mute_pin: -1 (the overlay mutes whenever the sound stops); or write "
            f"dtoverlay=max98357a,no-sdmode in {CONFIG_TXT} and reboot"
        )
    return f"set amplifier.mute_pin: -1; or {_freed(by)}"


def _freed(by: Claim) -> str:
    return f"take the dtoverlay of {by.node} out of {CONFIG_TXT} and reboot"


def pins_of(settings: Settings) -> dict[str, tuple[int, ...]]:
    """The pins that the settings name, by topic."""
    lamp, button, hints = settings.lamp, settings.button, settings.hints
    named = {
        "mute pin": (settings.amplifier.mute_pin,),
        "lamp": (lamp.power_pin,) if lamp.kind == "apa102" else tuple(lamp.pins),
        "button": (button.pin,),
        "louder button": (button.louder_pin,),
        "softer button": (button.softer_pin,),
        "presence sensor": (hints.presence_pin,),
        "gesture sensor": (hints.gesture_pin,),
    }
    return {topic: tuple(pin for pin in pins if pin >= 0) for topic, pins in named.items()}


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
    for name, pin in (("louder", button.louder_pin), ("softer", button.softer_pin)):
        if pin >= 0:
            wanted[f"{name} button"] = partial(GpioPress, name, pin, tell=lambda: None)
    if settings.hints.presence_pin >= 0:
        wanted["presence sensor"] = lambda f: GpioHint(PRESENCE, settings.hints.presence_pin, f, lambda _hint: None)
    if settings.hints.gesture_pin >= 0:
        wanted["gesture sensor"] = lambda f: GpioHint(GESTURE, settings.hints.gesture_pin, f, lambda _hint: None)
    return wanted

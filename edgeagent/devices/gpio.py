"""The way to the pins: one pin factory for all, and what goes wrong with pins in words a person can use.

gpiozero falls back to another driver, or to none, with only a warning; here it is lgpio or nothing, unless
GPIOZERO_PIN_FACTORY names another on purpose (`mock` needs no hardware). gpiozero is imported when a pin is wanted and
not before: it takes a tenth of a second, and most people have no pins.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from edgeagent.errors import DeviceBusy, DeviceError, install

INSTALL = f"{install('pi')}, or apt install python3-gpiozero python3-lgpio in a --system-site-packages venv"

NO_PINS = "run on a Raspberry Pi, or set the pins to -1 (button.pin: -1, amplifier.mute_pin: -1) and lamp.kind: none"

CHOICE = "GPIOZERO_PIN_FACTORY"

FOLDER = "LG_WD"

SIGNED = re.compile(r"edgeagent (\d+)")
"""What the kernel shows as the user of our pins, with the process, so that `gpioinfo` and `check` can tell whose they
are. lgpio's own name would be `lg` for every program's."""

Factory = Any
"""A gpiozero.Factory; gpiozero has no types."""


def pin_factory() -> Factory:
    """The factory for every pin of this process; call it once. Raises DeviceError."""
    choice = os.environ.get(CHOICE, "lgpio").lower()
    try:
        if choice == "mock":
            from gpiozero.pins.mock import MockFactory, MockPWMPin

            return MockFactory(pin_class=MockPWMPin)
        if choice == "lgpio":
            driver()
            from gpiozero.pins.lgpio import LGPIOFactory

            return _signed(LGPIOFactory())
        from gpiozero import Device

        return Device._default_pin_factory()  # reads the same variable and takes nothing but what it names
    except ImportError as error:
        raise DeviceError(f"no driver for the GPIO pins: {error}", INSTALL) from error
    except DeviceError:
        raise
    except Exception as error:  # lgpio.error and others derive from Exception alone
        remedy = f"sudo usermod -aG gpio $USER, then log in again; elsewhere {NO_PINS}"
        raise DeviceError(f"no GPIO here ({error})", f"{remedy}; or set {CHOICE}=mock to try without") from error


def driver() -> Any:
    """lgpio. Raises ImportError, and DeviceError for an empty package.

    As it is imported it makes the folder of LG_WD the working one, where relative paths of the settings then would
    lead, and a pipe there, whose name is the same in every program and which it cannot open if it is another user's.
    So it gets a folder that nobody else has, and only until it has opened its pipe."""
    if "lgpio" not in sys.modules:
        here, given = os.open(".", os.O_PATH), os.environ.get(FOLDER)
        try:
            with tempfile.TemporaryDirectory(prefix="edgeagent-") as folder:
                os.environ[FOLDER] = folder
                try:
                    importlib.import_module("lgpio")
                finally:
                    os.fchdir(here)
        finally:
            os.close(here)
            os.environ.pop(FOLDER, None)
            os.environ.update({FOLDER: given} if given else {})
    lgpio = importlib.import_module("lgpio")
    if not hasattr(lgpio, "gpiochip_open"):
        raise DeviceError("the installed lgpio is an empty package", INSTALL)
    return lgpio


def let_go(factory: Factory, pin: Any) -> None:
    """Gives a gpiozero.Pin that is closed to whoever wants it next: gpiozero only makes an input of it, and keeps the
    line until the process ends."""
    if type(factory).__name__ == "LGPIOFactory":
        factory.pins.pop(pin.info, None)
        with suppress(Exception):  # lgpio.error derives from it alone
            importlib.import_module("lgpio").gpio_free(factory._handle, pin._number)


def signature() -> str:
    """Of this process."""
    return f"edgeagent {os.getpid()}"


def _signed(factory: Factory) -> Factory:
    """Gives our name to all that it will claim. lgpio's Python does not offer that, the C library below it does;
    without it the pins work as well, under another name."""
    try:
        library = ctypes.CDLL(importlib.import_module("_lgpio").__file__)
        library.lgGpioSetUser(factory._handle, signature().encode())
    except (ImportError, OSError, AttributeError):
        pass
    return factory


WHO = "`sudo edgeagent check --config FILE --machine` names who holds it"
"""Without a configuration `check` knows of no pins, and without --machine it looks at none."""


@contextmanager
def claiming(what: str, busy: str = WHO) -> Iterator[None]:
    """Turns what gpiozero and lgpio raise while `what` (`GPIO 4 (amplifier)`) is claimed into DeviceError."""
    try:
        yield
    except Exception as error:
        if isinstance(error, DeviceError):
            raise
        if type(error).__name__ == "GPIOPinInUse":
            raise DeviceError(
                f"{what} is used twice in the configuration",
                "set another pin for one of them: `pinctrl` lists those there are",
            ) from error
        if "busy" in str(error).lower():
            raise DeviceBusy(f"{what} is taken", busy) from error
        raise DeviceError(
            f"{what} cannot be used: {error}",
            "`pinctrl` lists the pins there are, by the BCM numbers that the settings take",
        ) from error

"""A button that means one thing."""

from __future__ import annotations

from queue import SimpleQueue
from typing import Any

import pytest

from edgeagent.devices.gpio_press import GpioPress
from edgeagent.errors import DeviceError


def test_each_press_is_told_as_it_begins_and_again_while_it_lasts(factory: Any) -> None:
    told: SimpleQueue[str] = SimpleQueue()
    button = GpioPress("louder", 5, factory, lambda: told.put("louder"))
    pin = factory.pin(5)
    pin.drive_low()
    assert [told.get(timeout=10) for _ in range(3)] == ["louder"] * 3
    pin.drive_high()
    button.close()


def test_a_pin_has_one_owner(factory: Any) -> None:
    button = GpioPress("louder", 5, factory, lambda: None)
    with pytest.raises(DeviceError, match="GPIO 5"):
        GpioPress("softer", 5, factory, lambda: None)
    button.close()

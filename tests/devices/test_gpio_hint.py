"""A sensor's level becomes hints, as long as it lasts."""

from __future__ import annotations

from queue import SimpleQueue
from typing import Any

import pytest

from edgeagent.devices.gpio_hint import GESTURE, PRESENCE, GpioHint, Sensor
from edgeagent.errors import DeviceError
from edgeagent.turn.events import Hint


@pytest.fixture
def told() -> SimpleQueue[Hint]:
    return SimpleQueue()


@pytest.mark.parametrize("sensor", [PRESENCE, GESTURE])
def test_a_high_level_hints_at_once_and_again_while_it_lasts(
    factory: Any, told: SimpleQueue[Hint], sensor: Sensor
) -> None:
    source = GpioHint(sensor, 22, factory, told.put)
    pin = factory.pin(22)
    assert pin.pull == "down"
    assert told.empty()
    pin.drive_high()
    for _ in range(3):
        hint = told.get(timeout=10)
        assert (hint.at, hint.source) == (0, sensor.name)
        assert hint.person > 0
    pin.drive_low()
    source.close()


def test_a_level_from_before_the_start_is_told_from_its_next_rise_on(factory: Any, told: SimpleQueue[Hint]) -> None:
    pin = factory.pin(22)
    pin.pull = "down"
    pin.drive_high()
    source = GpioHint(PRESENCE, 22, factory, told.put)
    pin.drive_low()
    assert told.empty()
    pin.drive_high()
    assert told.get(timeout=10).source == "presence"
    source.close()


def test_a_pin_used_twice(factory: Any, told: SimpleQueue[Hint]) -> None:
    source = GpioHint(PRESENCE, 22, factory, told.put)
    with pytest.raises(DeviceError, match="used twice"):
        GpioHint(GESTURE, 22, factory, told.put)
    source.close()

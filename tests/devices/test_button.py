"""One press, one event."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import Any

import pytest

from edgeagent import settings
from edgeagent.devices.gpio_button import BOUNCE, GpioButton
from edgeagent.errors import DeviceError
from edgeagent.turn.events import ButtonLong, ButtonShort, Event

SHORT_IS_LONG = settings.Button(pin=17, long_press_ms=1)  # config would refuse it: every press becomes long at once
NORMAL = settings.Button(pin=17, long_press_ms=60_000)


@pytest.fixture
def told() -> SimpleQueue[Event]:
    return SimpleQueue()


def test_a_short_press_is_told_when_it_ends(factory: Any, told: SimpleQueue[Event]) -> None:
    button = GpioButton(NORMAL, factory, told.put)
    pin = factory.pin(17)
    for _ in range(3):
        pin.drive_low()
        with pytest.raises(Empty):
            told.get_nowait()
        pin.drive_high()
        assert told.get(timeout=10) == ButtonShort(at=0)
    button.close()
    assert told.empty()


def test_a_long_press_is_told_while_it_lasts_and_only_once(factory: Any, told: SimpleQueue[Event]) -> None:
    button = GpioButton(SHORT_IS_LONG, factory, told.put)
    pin = factory.pin(17)
    for _ in range(3):
        pin.drive_low()
        assert told.get(timeout=10) == ButtonLong(at=0)
        pin.drive_high()
    button.close()
    assert told.empty()


def test_the_driver_debounces(factory: Any, told: SimpleQueue[Event]) -> None:
    button = GpioButton(NORMAL, factory, told.put)
    assert factory.pin(17).bounce == BOUNCE
    assert factory.pin(17).pull == "up"
    button.close()


def test_a_button_let_go_as_we_start_is_no_press(factory: Any, told: SimpleQueue[Event]) -> None:
    pin = factory.pin(17)
    pin.pull = "up"
    pin.drive_low()
    button = GpioButton(NORMAL, factory, told.put)
    pin.drive_high()
    button.close()
    assert told.empty()


def test_a_pin_used_twice(factory: Any, told: SimpleQueue[Event]) -> None:
    button = GpioButton(NORMAL, factory, told.put)
    with pytest.raises(DeviceError, match="used twice"):
        GpioButton(NORMAL, factory, told.put)
    button.close()


def test_a_pin_of_somebody_else_says_what_names_them(factory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the configuration `check` knows of no pins."""

    def busy(*_: object, **__: object) -> None:
        raise Exception("GPIO busy")  # lgpio.error derives from Exception alone

    monkeypatch.setattr(factory, "pin", busy)
    with pytest.raises(
        DeviceError, match=r"GPIO 17 \(button\) is taken; `sudo edgeagent check --config FILE --machine`"
    ):
        GpioButton(NORMAL, factory, lambda _event: None)

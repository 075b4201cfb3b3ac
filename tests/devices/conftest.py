"""Pins without a Raspberry Pi."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from edgeagent.devices import gpio
from edgeagent.errors import DeviceError

with suppress(ImportError, DeviceError):
    gpio.driver()  # before a test imports lgpio by itself, which leaves a pipe in the checkout


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """gpiozero's mock pins, chosen as a person would choose them."""
    pytest.importorskip("gpiozero", reason="gpiozero is not installed (extra pi)")
    monkeypatch.setenv(gpio.CHOICE, "mock")
    factory = gpio.pin_factory()
    yield factory
    factory.reset()

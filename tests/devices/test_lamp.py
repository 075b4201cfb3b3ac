"""The contract of `ports.Lamp`, kept by every lamp; and what each kind makes of a light."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations
from threading import Event
from time import monotonic, perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent import settings
from edgeagent.devices.animator import Animator
from edgeagent.devices.apa102_lamp import Apa102Lamp, frame, open_spi
from edgeagent.devices.fake_pins import RecordingLamp
from edgeagent.devices.gpio_lamp import GpioLamp
from edgeagent.devices.lights import LOOKS, Glow, glows
from edgeagent.devices.terminal_lamp import TerminalLamp
from edgeagent.errors import DeviceError
from edgeagent.ports import Lamp
from edgeagent.turn.outputs import Light

LED = settings.Lamp(kind="led", pins=(17,), brightness_percent=50)
RGB = settings.Lamp(kind="rgb", pins=(5, 6, 13), brightness_percent=100)
STRIP = settings.Lamp(kind="apa102", leds=3, brightness_percent=30)


def eventually(condition: Callable[[], object]) -> None:
    deadline = monotonic() + 10
    while not condition():
        assert monotonic() < deadline, "it never happened"
        Event().wait(0.002)


class FakeSpi:
    """A strip on the bus: the frames it was sent."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.closed = False

    def writebytes2(self, data: bytes) -> None:
        assert not self.closed
        self.frames.append(data)

    def close(self) -> None:
        self.closed = True


@pytest.fixture(params=["recording", "terminal", "led", "rgb", "apa102", "apa102 with power"])
def lamp(request: pytest.FixtureRequest) -> Iterator[Lamp]:
    kind = request.param
    if kind == "recording":
        lamp: Lamp = RecordingLamp()
    elif kind == "terminal":
        lamp = TerminalLamp(io.BytesIO().write)
    elif kind == "apa102":
        lamp = Apa102Lamp(STRIP, FakeSpi())
    else:
        factory = request.getfixturevalue("factory")
        if kind == "apa102 with power":
            lamp = Apa102Lamp(replace(STRIP, power_pin=12), FakeSpi(), factory)
        else:
            lamp = GpioLamp(LED if kind == "led" else RGB, factory)
    yield lamp
    lamp.close()


def test_every_light_can_be_shown_and_shown_again(lamp: Lamp) -> None:
    for light in [*Light, *Light]:
        lamp.show(light)
        lamp.show(light)
        lamp.show(light, True)
        lamp.show(light, impaired=False)


@pytest.mark.timing
def test_showing_returns_at_once_whatever_blinks(lamp: Lamp) -> None:
    times = []
    for light in [Light.DOUBTING, Light.YIELDING, Light.FAULTY, Light.IDLE] * 50:
        begun = perf_counter()
        lamp.show(light)
        times.append(perf_counter() - begun)
    assert sorted(times)[len(times) // 2] < 0.0005


def test_closing_twice_is_harmless(lamp: Lamp) -> None:
    lamp.show(Light.THINKING)
    lamp.close()
    lamp.close()


def test_all_looks_differ_even_without_colour() -> None:
    assert set(LOOKS) == set(Light)
    assert all(one.pattern != other.pattern for one, other in combinations(LOOKS.values(), 2))
    assert all(look.pattern[0][0] > 0 for look in LOOKS.values())  # something is seen at once


def test_an_impaired_light_is_itself_most_of_the_time_and_like_no_other() -> None:
    """Also where there is no colour: by the levels and how long each lasts."""
    patterns = [
        [(glow.level, ms) for glow, ms in glows(light, impaired)] for light in Light for impaired in (False, True)
    ]
    assert all(one != other for one, other in combinations(patterns, 2))
    for light in Light:
        shown = glows(light, True)
        assert shown[0][0].colour == LOOKS[light].colour
        assert shown[0][0].level > 0
        wink = [(glow, ms) for glow, ms in shown if glow.colour == (1.0, 0.0, 0.0) != LOOKS[light].colour]
        assert sum(ms for _, ms in wink) < 0.4 * sum(ms for _, ms in shown)
        assert all(ms > 0 for _, ms in shown)


def test_becoming_impaired_shows_though_the_light_stays(factory: Any) -> None:
    lamp = GpioLamp(RGB, factory)
    pins = [factory.pin(number) for number in RGB.pins]
    lamp.show(Light.IDLE)
    eventually(lambda: [pin.state for pin in pins] == pytest.approx([0.0, 0.2, 0.0]))
    lamp.show(Light.IDLE, impaired=True)
    eventually(lambda: [pin.state for pin in pins] == pytest.approx([1.0, 0.0, 0.0]))
    eventually(lambda: [pin.state for pin in pins] == pytest.approx([0.0, 0.2, 0.0]))
    lamp.close()


def test_one_led_winks_out_of_the_dark(factory: Any) -> None:
    lamp = GpioLamp(LED, factory)
    lamp.show(Light.IDLE, impaired=True)
    for level in (0.1, 0.0, 0.5, 0.0, 0.1):
        expected = pytest.approx(level)
        eventually(partial(lambda wanted: factory.pin(17).state == wanted, expected))
    lamp.close()


def test_the_strip_winks_red() -> None:
    spi = FakeSpi()
    lamp = Apa102Lamp(replace(STRIP, brightness_percent=100), spi)
    lamp.show(Light.IDLE, impaired=True)
    eventually(lambda: any(data[4:8] == bytes((0xFF, 0, 0, 255)) for data in spi.frames))
    lamp.close()


def test_patterns_last_for_good_or_go_round() -> None:
    for look in LOOKS.values():
        steps = [milliseconds for _, milliseconds in look.pattern]
        assert steps == [0] or all(steps)
        assert all(0 <= level <= 1 for level, _ in look.pattern)


def test_every_light_is_drawn_in_order_however_short() -> None:
    drawn: list[Light] = []
    animator = Animator(lambda glow: drawn.append(glow.light))
    wanted = [Light.SPEAKING, Light.DOUBTING, Light.YIELDING, Light.HEARING]
    for light in wanted:
        animator.show(light)
    animator.close()
    assert list(dict.fromkeys(drawn)) == wanted


def test_a_pattern_goes_round() -> None:
    levels: list[float] = []
    animator = Animator(lambda glow: levels.append(glow.level))
    animator.show(Light.DOUBTING)
    eventually(lambda: len(levels) >= 5)
    animator.close()
    assert levels[:4] == [1.0, 0.3, 1.0, 0.3]


def test_showing_the_same_light_again_does_not_restart_its_pattern() -> None:
    levels: list[float] = []
    animator = Animator(lambda glow: levels.append(glow.level))
    deadline = monotonic() + 10
    while len(levels) < 6:
        assert monotonic() < deadline
        animator.show(Light.FAULTY)
        Event().wait(0.02)
    animator.close()
    assert levels[:6] == [level for level, _ in LOOKS[Light.FAULTY].pattern]


def test_a_lamp_that_fails_is_reported_and_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_glow: Glow) -> None:
        raise OSError("the wire came off")

    animator = Animator(broken)
    animator.show(Light.IDLE)
    eventually(lambda: not animator._thread.is_alive())
    animator.show(Light.SPEAKING)
    animator.close()
    assert [record.getMessage() for record in caplog.records] == [
        "the lamp failed and stays as it is: the wire came off"
    ]


def test_one_led_shows_the_level(factory: Any) -> None:
    lamp = GpioLamp(LED, factory)
    pin = factory.pin(17)
    lamp.show(Light.SPEAKING)
    eventually(lambda: pin.state == pytest.approx(0.5))
    lamp.show(Light.IDLE)
    eventually(lambda: pin.state == pytest.approx(0.1))
    lamp.close()
    assert pin.state == 0


def test_three_leds_show_the_colour(factory: Any) -> None:
    lamp = GpioLamp(RGB, factory)
    pins = [factory.pin(number) for number in RGB.pins]
    lamp.show(Light.DOUBTING)
    eventually(lambda: [pin.state for pin in pins] == pytest.approx([1.0, 0.5, 0.0]))
    eventually(lambda: [pin.state for pin in pins] == pytest.approx([0.3, 0.15, 0.0]))
    lamp.close()


@pytest.mark.parametrize("percent", [1, 4, 30])
def test_a_light_is_seen_however_dim_it_is(factory: Any, percent: int) -> None:
    """By the duty that gpiozero gives to lgpio, which is a whole number: a device that sleeps is not off."""
    lamp = GpioLamp(replace(LED, brightness_percent=percent), factory)
    pin = factory.pin(17)
    for light in (Light.ASLEEP, Light.IDLE, Light.MUTED):
        lamp.show(light)
        eventually(lambda: int(pin.state * 100) >= 1)
        lamp.show(Light.YIELDING)
        eventually(lambda: pin.state == 0)
    lamp.close()
    assert pin.state == 0


@pytest.mark.parametrize("pins", [(), (5, 6), (5, 6, 13)])
def test_pins_that_do_not_go_with_the_kind(factory: Any, pins: tuple[int, ...]) -> None:
    with pytest.raises(DeviceError, match=r"lamp.pins: \[17\] for led, lamp.pins: \[17, 27, 22\] for rgb"):
        GpioLamp(replace(LED, pins=pins), factory)


def test_a_pin_used_twice(factory: Any) -> None:
    lamp = GpioLamp(LED, factory)
    with pytest.raises(DeviceError, match=r"GPIO 17 \(lamp\) is used twice"):
        GpioLamp(LED, factory)
    lamp.close()


@given(
    leds=st.integers(1, 144),
    colour=st.tuples(*[st.floats(0, 1)] * 3),
    level=st.floats(0, 1),
    brightness=st.floats(0.01, 1),
)
def test_a_strip_understands_every_frame(
    leds: int, colour: tuple[float, float, float], level: float, brightness: float
) -> None:
    data = frame(leds, colour, level, brightness)
    assert data[:4] == bytes(4)
    body, tail = data[4 : 4 + 4 * leds], data[4 + 4 * leds :]
    assert len(body) == 4 * leds
    assert all(byte >= 0xE1 for byte in body[::4])  # a header, and current enough to be seen
    assert len(tail) * 8 >= 32 + leds / 2  # clocks for the last LED, and the pause of the SK9822
    assert not any(tail)


def test_the_strip_shows_blue_green_red(factory: Any) -> None:
    spi = FakeSpi()
    lamp = Apa102Lamp(replace(STRIP, brightness_percent=100, power_pin=12), spi, factory)
    assert factory.pin(12).state
    lamp.show(Light.DOUBTING)
    eventually(lambda: spi.frames)
    assert spi.frames[0][4:8] == bytes((0xFF, 0, 128, 255))
    lamp.close()
    assert spi.closed
    assert not any(byte for led in range(3) for byte in spi.frames[-1][5 + 4 * led : 8 + 4 * led])


def test_a_bus_that_fails_in_the_middle_does_not_spoil_the_end(factory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    spi = FakeSpi()
    lamp = Apa102Lamp(replace(STRIP, power_pin=12), spi, factory)
    lamp.show(Light.IDLE)
    eventually(lambda: spi.frames)

    def broken(_data: bytes) -> None:
        raise OSError(errno.ETIMEDOUT, "Connection timed out")

    monkeypatch.setattr(spi, "writebytes2", broken)
    lamp.close()
    assert spi.closed
    Apa102Lamp(replace(STRIP, power_pin=12), FakeSpi(), factory).close()  # its pin is free again


def test_without_a_bus_the_remedy_is_said() -> None:
    pytest.importorskip("spidev", reason="spidev is not installed (extra pi)")
    with pytest.raises(DeviceError, match="dtparam=spi=on"):
        open_spi(7)


def test_the_terminal_gets_a_line_per_change() -> None:
    stream = io.BytesIO()
    lamp = TerminalLamp(stream.write)
    for light in (Light.STARTING, Light.IDLE, Light.IDLE, Light.HALF_DUPLEX):
        lamp.show(light)
    lamp.show(Light.HALF_DUPLEX, impaired=True)
    lamp.close()
    told = ["lamp: starting", "lamp: idle", "lamp: half duplex", "lamp: half duplex, impaired"]
    assert stream.getvalue().decode().splitlines() == told


def test_the_recording_lamp_remembers() -> None:
    lamp = RecordingLamp()
    lamp.show(Light.IDLE)
    lamp.show(Light.SPEAKING)
    assert list(lamp.lights) == [Light.IDLE, Light.SPEAKING]
    assert not lamp.impaired
    lamp.show(Light.SPEAKING, impaired=True)
    assert lamp.impaired

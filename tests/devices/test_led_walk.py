"""Each LED lights alone, in order, and all are dark afterwards."""

from __future__ import annotations

import io
import os
import pty
from typing import Any

import pytest

from edgeagent.commands import _led_probes
from edgeagent.commands._finding import Finding
from edgeagent.devices import gpio
from edgeagent.devices.apa102_lamp import lone_frame
from edgeagent.devices.led_walk import LedWalk
from edgeagent.errors import DeviceError
from edgeagent.settings import Lamp, Settings


class FakeSpi:
    """A strip on the bus."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.closed = False

    def writebytes2(self, data: bytes) -> None:
        self.frames.append(data)

    def close(self) -> None:
        self.closed = True


def lit(frame: bytes, leds: int) -> list[tuple[int, int, int]]:
    """Red, green, blue of each LED."""
    cells = [frame[4 + 4 * at : 8 + 4 * at] for at in range(leds)]
    return [(cell[3], cell[2], cell[1]) for cell in cells]


def test_a_strip_led_by_led_then_colour_by_colour() -> None:
    bus = FakeSpi()
    walk = LedWalk(Lamp(kind="apa102", leds=4), None, lambda _device: bus)
    names = [name for name, _ in walk.steps]
    assert len(names) == 4 + 3
    dark = (0, 0, 0)
    assert lit(bus.frames[-1], 4) == [dark] * 4
    for at, (_, light) in enumerate(walk.steps[:4]):
        light()
        assert [cell != dark for cell in lit(bus.frames[-1], 4)] == [which == at for which in range(4)]
    for colour, (name, light) in zip(((255, 0, 0), (0, 255, 0), (0, 0, 255)), walk.steps[4:], strict=True):
        light()
        assert lit(bus.frames[-1], 4) == [colour] * 4
        assert name.split()[-1] in ("red", "green", "blue")
    walk.close()
    walk.close()
    assert lit(bus.frames[-1], 4) == [dark] * 4
    assert bus.closed


def test_a_lone_frame_is_as_long_as_any() -> None:
    assert len({len(lone_frame(9, which, (1.0, 1.0, 1.0), 0.3)) for which in range(-1, 9)}) == 1


def test_pins_light_alone_and_are_given_back(factory: Any) -> None:
    walk = LedWalk(Lamp(kind="rgb", pins=(5, 6, 13), brightness_percent=50), factory)
    assert [name for name, _ in walk.steps] == ["red (GPIO 5)", "green (GPIO 6)", "blue (GPIO 13)"]
    for at, (_, light) in enumerate(walk.steps):
        light()
        states = [factory.pin(pin).state for pin in (5, 6, 13)]
        assert [state > 0 for state in states] == [which == at for which in range(3)]
        assert max(states) == pytest.approx(0.5)
    walk.close()
    LedWalk(Lamp(kind="led", pins=(5,)), factory).close()  # free again


def findings(lamp: Lamp, answer: bool | None, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    pytest.importorskip("gpiozero", reason="gpiozero is not installed (extra pi)")
    monkeypatch.setenv(gpio.CHOICE, "mock")
    return list(_led_probes.leds(lambda _name: answer)(Settings(lamp=lamp)))


@pytest.mark.parametrize(("answer", "grades"), [(True, ["OK"]), (None, ["OK"]), (False, ["FAIL", "FAIL", "FAIL"])])
def test_what_a_person_sees_is_the_finding(
    answer: bool | None, grades: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = findings(Lamp(kind="rgb", pins=(5, 6, 13)), answer, monkeypatch)
    assert [finding.grade.name for finding in found] == grades
    assert all(bool(finding.fix) == (finding.grade.name != "OK") for finding in found)
    assert ("nobody was asked" in found[0].text) is (answer is None)


def test_a_lamp_without_leds_and_one_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    (none,) = findings(Lamp(kind="terminal"), True, monkeypatch)
    assert (none.grade.name, bool(none.fix)) == ("WARN", True)
    (refused,) = findings(Lamp(kind="rgb", pins=(5, 6, 5)), True, monkeypatch)
    assert refused.grade.name == "FAIL"
    assert "used twice" in refused.text


class LooseSpi(FakeSpi):
    """A bus that fails after so many frames."""

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.left = frames

    def writebytes2(self, data: bytes) -> None:
        if not self.left:
            raise OSError(110, "Connection timed out")
        self.left -= 1
        super().writebytes2(data)


@pytest.mark.parametrize("frames", [0, 1, 3])
def test_a_bus_that_fails_is_a_finding(frames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    bus = LooseSpi(frames)
    monkeypatch.setattr(_led_probes, "LedWalk", lambda lamp, factory: LedWalk(lamp, factory, lambda _device: bus))
    (found,) = findings(Lamp(kind="apa102", leds=4), True, monkeypatch)
    assert (found.grade.name, bool(found.fix)) == ("FAIL", True)
    assert "Connection timed out" in found.text
    assert bus.closed


def test_a_pin_that_fails_while_it_is_lit_says_so(factory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = LedWalk(Lamp(kind="led", pins=(5,)), factory)
    monkeypatch.setattr(factory.pin(5), "_set_state", lambda _value: 1 / 0)
    with pytest.raises(DeviceError, match="the lamp cannot be lit"):
        walk.steps[0][1]()
    monkeypatch.undo()
    walk.close()


def test_a_question_that_nobody_answers_is_no_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with open(theirs, "r+b", buffering=0) as raw, io.TextIOWrapper(raw) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        monkeypatch.setattr("sys.stderr", terminal)
        for typed, answer in ((b"\n", True), (b"n\n", False), (b"\x04", None), (b"y\n", True)):
            os.write(ours, typed)
            assert _led_probes.asked("red") is answer
    os.close(ours)


def test_what_nobody_said_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gpiozero", reason="gpiozero is not installed (extra pi)")
    monkeypatch.setenv(gpio.CHOICE, "mock")
    answers = iter([True, None, True])
    lamp = Settings(lamp=Lamp(kind="rgb", pins=(5, 6, 13)))
    (found,) = _led_probes.leds(lambda _name: next(answers))(lamp)
    assert found.text.endswith("; 2 seen, and of 1 nobody said")

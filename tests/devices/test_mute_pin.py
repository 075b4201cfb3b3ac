"""The contract of `ports.MutePin`; polarity; and pins that belong to somebody else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import Any

import pytest

from edgeagent import settings
from edgeagent.devices import gpio
from edgeagent.devices.fake_pins import RecordingMutePin
from edgeagent.devices.gpio_mute import GpioMute
from edgeagent.errors import DeviceBusy, DeviceError
from edgeagent.ports import MutePin

LOW = settings.Amplifier(mute_pin=4, mute_when="low")
HIGH = settings.Amplifier(mute_pin=4, mute_when="high")


@pytest.fixture(params=["recording", "low", "high"])
def mute(request: pytest.FixtureRequest) -> Iterator[tuple[MutePin, Callable[[], bool]]]:
    """A mute pin, and whether its amplifier sounds."""
    if request.param == "recording":
        recording = RecordingMutePin()
        yield recording, lambda: recording.levels[-1]
    else:
        factory = request.getfixturevalue("factory")
        pin = GpioMute(LOW if request.param == "low" else HIGH, factory)
        yield pin, lambda: bool(factory.pin(4).state) == (request.param == "low")
        pin.close()


def test_it_is_mute_until_told(mute: tuple[MutePin, Callable[[], bool]]) -> None:
    pin, sounds = mute
    assert not sounds()
    for on in (True, True, False, False, True):
        pin.amplify(on)
        assert sounds() == on


@pytest.mark.timing
def test_it_is_fast(mute: tuple[MutePin, Callable[[], bool]]) -> None:
    pin, _ = mute
    times = []
    for index in range(200):
        begun = perf_counter()
        pin.amplify(bool(index % 2))
        times.append(perf_counter() - begun)
    assert sorted(times)[100] < 0.0005


def test_closing_mutes_and_may_be_repeated(factory: Any) -> None:
    pin = GpioMute(LOW, factory)
    mock = factory.pin(4)
    pin.amplify(True)
    mock.clear_states()
    pin.close()
    assert not mock.states[-1].state
    pin.close()
    recording = RecordingMutePin()
    recording.amplify(True)
    recording.close()
    assert list(recording.levels) == [False, True, False]


def test_a_pin_owned_by_the_overlay_says_what_that_means(factory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise Exception("GPIO busy")  # lgpio.error derives from Exception alone

    monkeypatch.setattr(factory, "pin", busy)
    with pytest.raises(DeviceError) as caught:
        GpioMute(LOW, factory)
    for part in ("GPIO 4", "max98357a", "already muted", "no-sdmode", "mute_pin: -1"):
        assert part in str(caught.value)


def test_a_pin_used_twice(factory: Any) -> None:
    pin = GpioMute(LOW, factory)
    with pytest.raises(DeviceError, match="used twice"):
        GpioMute(HIGH, factory)
    pin.close()


class Chip:
    """lgpio on a made-up chip. held: the lines that a program has, with what it made of them; others: that belong to
    another program."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        lgpio = pytest.importorskip("lgpio", reason="lgpio is not installed (extra pi)")
        self.held: dict[int, str] = {}
        self.others: set[int] = set()
        self.levels: list[int] = []
        self._error = lgpio.error

        def claim(way: str) -> Callable[..., None]:
            def claimed(_handle: int, line: int, *_flags: int) -> None:
                if line in self.others:
                    raise self._error("GPIO busy")
                self.held[line] = way

            return claimed

        for name, does in {
            "gpiochip_open": lambda _number: 1,
            "gpio_claim_input": claim("in"),
            "gpio_claim_output": claim("out"),
            "gpio_free": lambda _handle, line: self.held.pop(line),
            "gpio_get_mode": lambda _handle, line: 2 if self.held.get(line) == "out" else 0,
            "gpio_write": lambda _handle, _line, level: self.levels.append(int(level)),
        }.items():
            monkeypatch.setattr(lgpio, name, does)
        from gpiozero.pins.lgpio import LGPIOFactory

        monkeypatch.setattr(LGPIOFactory, "_get_revision", lambda _self: 0xC03111)
        monkeypatch.setattr(gpio, "_signed", lambda factory: factory)
        monkeypatch.delenv(gpio.CHOICE, raising=False)


def test_a_pin_that_is_given_back_can_be_had_by_another_program_and_again_by_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a calibration from the page wants it. gpiozero itself keeps the line until the process ends."""
    chip = Chip(monkeypatch)
    factory = gpio.pin_factory()
    pin = GpioMute(LOW, factory)
    assert chip.held == {4: "out"}
    pin.amplify(True)
    pin.close()
    pin.close()
    assert chip.levels[-1] == 0
    assert chip.held == {}
    chip.others.add(4)
    for _ in range(2):
        with pytest.raises(DeviceBusy, match="GPIO 4"):
            GpioMute(LOW, factory)
    chip.others.clear()
    again = GpioMute(LOW, factory)
    again.amplify(True)
    assert (chip.held, chip.levels[-1]) == ({4: "out"}, 1)
    again.close()


def test_a_pin_that_does_not_exist(factory: Any) -> None:
    with pytest.raises(DeviceError, match=r"GPIO 99 .* cannot be used"):
        GpioMute(settings.Amplifier(mute_pin=99), factory)


def test_without_gpio_the_remedy_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    pytest.importorskip("lgpio", reason="lgpio is not installed (extra pi)")
    if os.path.exists("/dev/gpiochip0"):
        pytest.skip("this machine has GPIO")
    monkeypatch.delenv(gpio.CHOICE, raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DeviceError, match=r"no GPIO here .*Raspberry Pi.*GPIOZERO_PIN_FACTORY=mock"):
        gpio.pin_factory()
    assert list(recwarn) == []  # no other driver was tried
    assert list(tmp_path.iterdir()) == []  # lgpio left nothing where we stand


def test_the_driver_leaves_us_where_we_are_and_nothing_that_another_user_stumbles_over(tmp_path: Path) -> None:
    """As it is imported it goes to the folder in which it makes its pipe, and takes the settings' relative paths with
    it. Of another user the pipe is none that it can open; a folder of this name stands for that."""
    pytest.importorskip("lgpio", reason="lgpio is not installed (extra pi)")
    shared, here = tmp_path / "shared", tmp_path / "here"
    (shared / ".lgd-nfy0").mkdir(parents=True)
    here.mkdir()
    look = """if True:
        import os
        from edgeagent.devices import gpio
        from edgeagent.errors import DeviceError

        for _ in range(2):
            try:
                gpio.pin_factory()
            except DeviceError as error:  # there are no pins here
                assert "lgd" not in str(error), error
        print(os.getcwd())"""
    told = {**os.environ, "TMPDIR": str(shared), "PYTHONPATH": str(Path(gpio.__file__).parents[2])}
    told = {name: value for name, value in told.items() if name not in ("LG_WD", gpio.CHOICE)}
    run = subprocess.run([sys.executable, "-c", look], cwd=here, env=told, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, f"{here}\n", "")
    assert [path.name for path in (*shared.iterdir(), *here.iterdir())] == [".lgd-nfy0"]


def test_an_empty_lgpio_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lgpio", reason="lgpio is not installed (extra pi)")
    import gpiozero.pins.lgpio  # so that only our own look at lgpio meets the empty one

    assert gpiozero.pins.lgpio
    monkeypatch.delenv(gpio.CHOICE, raising=False)
    monkeypatch.setitem(sys.modules, "lgpio", ModuleType("lgpio"))
    with pytest.raises(DeviceError, match=r"empty package.*python3-lgpio"):
        gpio.pin_factory()


def test_without_gpiozero_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(gpio.CHOICE, "mock")
    monkeypatch.setitem(sys.modules, "gpiozero.pins.mock", None)
    with pytest.raises(DeviceError, match=r"\.\[pi\]"):
        gpio.pin_factory()


def test_another_driver_must_be_named_and_must_work(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gpiozero", reason="gpiozero is not installed (extra pi)")
    monkeypatch.setenv(gpio.CHOICE, "abacus")
    with pytest.raises(DeviceError, match="abacus"):
        gpio.pin_factory()

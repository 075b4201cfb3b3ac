"""Who owns a pin: the kernel's word, through a made-up lgpio, and a device tree as an overlay leaves it."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgeagent.commands import _pin_probes
from edgeagent.commands._beside import Beside
from edgeagent.commands._finding import Finding
from edgeagent.devices import gpio, gpio_lines
from edgeagent.devices.gpio_lines import Claim
from edgeagent.devices.gpio_mute import GpioMute
from edgeagent.devices.holders import Holders
from edgeagent.errors import DeviceBusy, DeviceError
from edgeagent.settings import Amplifier, Button, Settings

HEADER = 7
"""Phandle of the header's controller in the made-up tree."""


class MadeUpLgpio:
    """The part of lgpio that is used. users: of lines, by pin."""

    def __init__(self, users: dict[int, str]) -> None:
        self.users = users
        self.open: set[int] = set()
        self.refuses = False

    def gpiochip_open(self, number: int) -> int:
        if self.refuses:
            raise RuntimeError("can not open gpiochip")
        self.open.add(number)
        return number

    def gpiochip_close(self, handle: int) -> None:
        self.open.remove(handle)

    def gpio_get_chip_info(self, handle: int) -> list[Any]:
        label = [b"pinctrl-bcm2711", b"raspberrypi-exp-gpio"][handle]
        return [0, [58, 8][handle], f"gpiochip{handle}".encode(), label]

    def gpio_get_line_info(self, handle: int, pin: int) -> list[Any]:
        assert handle in self.open
        user = self.users.get(pin, "")
        return [0, pin, 1 if user else 0, b"", user.encode()]


@pytest.fixture
def lgpio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MadeUpLgpio:
    """A Raspberry Pi with two controllers and no overlays."""
    made_up = MadeUpLgpio({17: "sysfs"})
    monkeypatch.setitem(sys.modules, "lgpio", made_up)
    dev, tree = tmp_path / "dev", tmp_path / "tree"
    for folder in (dev, tree):
        folder.mkdir()
    for number in range(2):
        (dev / f"gpiochip{number}").touch()
    monkeypatch.setattr(gpio_lines.chips, "__defaults__", (dev,))
    monkeypatch.setattr(gpio_lines.user_of, "__defaults__", (dev,))
    monkeypatch.setattr(gpio_lines.claims, "__defaults__", (tree,))
    monkeypatch.setattr(gpio_lines.nodes, "__defaults__", (tree,))
    monkeypatch.setattr(_pin_probes, "board", lambda: "Raspberry Pi 4")
    monkeypatch.delenv(gpio.CHOICE, raising=False)
    return made_up


@pytest.fixture
def tree(lgpio: MadeUpLgpio, tmp_path: Path) -> Path:
    assert lgpio
    root = tmp_path / "tree"
    put(root / "__symbols__" / "gpio", b"/soc/gpio@7e200000\0")
    put(root / "soc" / "gpio@7e200000" / "phandle", struct.pack(">I", HEADER))
    return root


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def pin_of(number: int, controller: int = HEADER) -> bytes:
    return struct.pack(">III", controller, number, 0)


def amplifier(tree: Path, pin: int | None = 4) -> None:
    """As dtoverlay=max98357a leaves it; None: with no-sdmode."""
    put(tree / "max98357a" / "compatible", b"maxim,max98357a\0")
    put(tree / "max98357a" / "status", b"okay\0")
    if pin is not None:
        put(tree / "max98357a" / "sdmode-gpios", pin_of(pin))


def found(pin: int) -> dict[str, Finding]:
    settings = Settings(amplifier=Amplifier(mute_pin=pin))
    return {finding.topic: finding for finding in _pin_probes.mute_owner(settings)}


def test_every_chip_is_opened_and_given_back(lgpio: MadeUpLgpio) -> None:
    first, second = gpio_lines.chips()
    assert (first.number, first.label, first.lines, first.header) == (0, "pinctrl-bcm2711", 58, True)
    assert not second.header
    assert not lgpio.open
    (finding,) = _pin_probes.chip(Settings())
    assert "gpiochip0 (pinctrl-bcm2711, 58 lines)" in finding.text


def test_a_chip_that_does_not_open_says_why(
    lgpio: MadeUpLgpio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lgpio.refuses = True
    with pytest.raises(DeviceError, match=r"does not open: can not open gpiochip"):
        gpio_lines.chips()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(DeviceError, match="usermod -aG gpio"):
        gpio_lines.chips()
    (finding,) = _pin_probes.chip(Settings(amplifier=Amplifier(mute_pin=4)))
    assert (finding.grade.name, finding.topic) == ("FAIL", "gpio chip")
    with pytest.raises(DeviceError, match=r"no .*gpiochip"):
        gpio_lines.chips(tmp_path)


@pytest.mark.parametrize(("module", "problem"), [(None, "not installed"), (SimpleNamespace(), "empty package")])
def test_without_a_real_lgpio_the_remedy_installs_one(
    module: Any, problem: str, lgpio: MadeUpLgpio, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lgpio
    monkeypatch.setitem(sys.modules, "lgpio", module)
    with pytest.raises(DeviceError, match=problem) as error:
        gpio_lines.chips()
    assert "python3-lgpio" in error.value.remedy


def test_a_free_pin_is_ours_and_one_in_use_names_its_user(lgpio: MadeUpLgpio) -> None:
    assert lgpio
    assert found(4)["mute owner"].grade.name == "OK"
    taken = found(17)["mute owner"]
    assert taken.grade.name == "FAIL"
    assert "'sysfs'" in taken.text


def test_a_pin_of_the_running_device_is_well(lgpio: MadeUpLgpio, tmp_path: Path) -> None:
    beside = Beside(pid=812, holders=Holders(tmp_path / "proc"))
    (tmp_path / "proc").mkdir()
    lgpio.users[4] = "edgeagent 812"
    settings = Settings(amplifier=Amplifier(mute_pin=4))
    (ours,) = _pin_probes.mute_owner(settings, beside)
    assert ours.grade.name == "OK"
    assert "held by the running device (pid 812)" in ours.text
    (stranger,) = _pin_probes.mute_owner(settings, Beside(holders=beside.holders))
    assert stranger.grade.name == "FAIL"


@pytest.mark.parametrize(("user", "grade"), [("edgeagent 812", "OK"), ("lg", "FAIL")])
def test_a_pin_that_will_not_be_claimed_is_the_devices_or_anothers(
    user: str, grade: str, lgpio: MadeUpLgpio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_settings: Settings) -> dict[str, Callable[[object], GpioMute]]:
        def claim(_factory: object) -> GpioMute:
            with gpio.claiming("GPIO 4 (amplifier)"):
                raise RuntimeError("GPIO busy")  # as lgpio says it

        return {"mute pin": claim}

    monkeypatch.setattr(_pin_probes, "_wanted", busy)
    monkeypatch.setattr(_pin_probes, "pin_factory", lambda: SimpleNamespace(close=lambda: None))
    (tmp_path / "proc").mkdir()
    lgpio.users[4] = user
    beside = Beside(pid=812, holders=Holders(tmp_path / "proc"))
    found = {one.topic: one for one in _pin_probes.pins(Settings(amplifier=Amplifier(mute_pin=4)), beside)}
    assert found["mute pin"].grade.name == grade
    assert ("not tried" in found["mute pin"].text) is (grade == "OK")


def test_a_pin_that_an_overlay_has_is_not_blamed_on_a_program(tree: Path, tmp_path: Path) -> None:
    put(tree / "button@11" / "gpios", pin_of(17))
    (tmp_path / "proc").mkdir()
    beside = Beside(pid=812, holders=Holders(tmp_path / "proc"))
    finding = _pin_probes.taken("button", Settings(button=Button(pin=17)), DeviceBusy("taken", "stop it"), beside)
    assert "overlay of button@11" in finding.text
    assert finding.fix == "take the dtoverlay of button@11 out of /boot/firmware/config.txt and reboot"


def test_our_pins_carry_our_name_and_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the C library, since lgpio's Python does not offer it; and without that the pins work as well."""
    named: list[tuple[int, bytes]] = []
    library = SimpleNamespace(lgGpioSetUser=lambda handle, name: named.append((handle, name)))
    factory = SimpleNamespace(_handle=3)
    monkeypatch.setitem(sys.modules, "_lgpio", SimpleNamespace(__file__="_lgpio.so"))
    monkeypatch.setattr(ctypes, "CDLL", lambda file: {"_lgpio.so": library}[file])
    assert gpio._signed(factory) is factory
    ((handle, name),) = named
    assert handle == 3
    assert len(name) < 32  # what the kernel keeps of it
    found = gpio.SIGNED.fullmatch(name.decode())
    assert found is not None
    assert int(found[1]) == os.getpid()
    del library.lgGpioSetUser
    assert gpio._signed(factory) is factory
    monkeypatch.setitem(sys.modules, "_lgpio", None)
    assert gpio._signed(factory) is factory


def test_the_library_that_is_installed_can_name_pins() -> None:
    library = ctypes.CDLL(pytest.importorskip("_lgpio", reason="needs the extra [pi]").__file__)
    assert library.lgGpioSetUser(12345, b"edgeagent 1") < 0  # no such chip is open


def test_an_overlay_that_owns_the_pin_is_named_with_both_ways_out(tree: Path) -> None:
    amplifier(tree)
    assert gpio_lines.claims() == (Claim(4, "max98357a", "sdmode"),)
    owned = found(4)["mute owner"]
    assert owned.grade.name == "FAIL"
    assert "overlay of max98357a" in owned.text
    assert "amplifier.mute_pin: -1" in owned.fix
    assert "dtoverlay=max98357a,no-sdmode in /boot/firmware/config.txt" in owned.fix
    assert found(5)["mute owner"].grade.name == "OK"
    unasked = found(-1)["mute owner"]
    assert unasked.grade.name == "OK"
    assert "mutes whenever the sound stops" in unasked.text


def test_an_amplifier_that_nobody_mutes_is_told(tree: Path) -> None:
    assert found(-1) == {}
    amplifier(tree, pin=None)
    assert found(4)["mute owner"].grade.name == "OK"
    nobody = found(-1)["mute owner"]
    assert nobody.grade.name == "WARN"
    assert "amplifier.mute_pin" in nobody.fix


def test_pins_of_other_controllers_and_disabled_nodes_are_nobodys(tree: Path) -> None:
    put(tree / "camera" / "power-gpios", pin_of(4, controller=9))
    put(tree / "off" / "mute-gpio", pin_of(4))
    put(tree / "off" / "status", b"disabled\0")
    put(tree / "leds" / "act" / "gpios", pin_of(22) + pin_of(23))
    put(tree / "soc" / "sound" / "mute-gpios", pin_of(16)[:11])  # cut off
    assert {(claim.pin, claim.node) for claim in gpio_lines.claims()} == {(22, "act"), (23, "act")}
    put(tree / "hifi" / "mute-gpios", pin_of(16))
    other = found(16)["mute owner"]
    assert "dtoverlay of hifi out of" in other.fix


def test_a_machine_without_a_device_tree_has_no_claims(tmp_path: Path) -> None:
    assert gpio_lines.claims(tmp_path / "none") == ()
    assert gpio_lines.nodes("maxim,max98357a", tmp_path / "none") == ()


@pytest.mark.parametrize(("choice", "grade"), [("lgpio", "OK"), ("mock", "WARN"), ("rpigpio", "WARN")])
def test_a_driver_that_somebody_chose_and_forgot(choice: str, grade: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(gpio.CHOICE, choice)
    monkeypatch.setattr(_pin_probes, "board", lambda: "Raspberry Pi 5")
    name = {"lgpio": "LGPIOFactory", "mock": "MockFactory", "rpigpio": "RPiGPIOFactory"}[choice]
    finding = _pin_probes._driver(type(name, (), {})())
    assert finding.grade.name == grade
    assert bool(finding.fix) is (grade == "WARN")

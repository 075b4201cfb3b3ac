"""A device is found by part of its name, and a wrong name meets with the list."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.devices import portaudio
from edgeagent.devices.names import pick
from edgeagent.errors import DeviceBusy, DeviceError

NAMES = ("USB PnP: Audio (hw:1,0)", "seeed-2mic", "default", "defaults", "USB Mic")


@pytest.mark.parametrize(("wanted", "index"), [("default", 2), ("SEEED", 1), ("usb mic", 4), ("hw:1", 0)])
def test_found(wanted: str, index: int) -> None:
    assert pick(wanted, NAMES, "input device") == index


@given(st.permutations(NAMES))
def test_the_order_of_the_cards_makes_no_difference(names: list[str]) -> None:
    assert all(names[pick(name, names, "input device")] == name for name in NAMES)


def test_a_name_copied_with_its_number_is_found_under_another() -> None:
    names = ("HDMI (hw:0,0)", "USB PnP: Audio (hw:2,0)", "USB PnP: Audio (hw:2,1)")
    assert pick("USB PnP: Audio (hw:1,0)", names, "input device") == 1
    with pytest.raises(DeviceError, match="there is no input device"):
        pick("USB PnP: Audio (hw:1,2)", names, "input device")
    twins = ("USB Mic (hw:1,0)", "USB Mic (hw:2,0)")
    assert pick("USB Mic (hw:2,0)", twins, "input device") == 1
    with pytest.raises(DeviceError, match="2 input devices are called"):
        pick("USB Mic (hw:3,0)", twins, "input device")


@pytest.mark.parametrize(
    ("wanted", "names", "words"),
    [
        ("usb", NAMES, "2 input devices are called 'usb'; give more of the name: 'USB PnP: Audio (hw:1,0)', 'USB Mic'"),
        ("sed-2mic", NAMES, "no input device 'sed-2mic'; did you mean 'seeed-2mic'? There are: 'USB PnP"),
        ("x", NAMES, "no input device 'x'; There are:"),
        ("x", (), "there is no input device; plug one in"),
    ],
)
def test_refused(wanted: str, names: tuple[str, ...], words: str) -> None:
    with pytest.raises(DeviceError) as refused:
        pick(wanted, names, "input device")
    assert words in str(refused.value)


class Library:
    """See `pyaudio.PyAudio`: one card, whose name is of another coding than the system's."""

    def get_device_count(self) -> int:
        return 1

    def get_device_info_by_index(self, _index: int) -> dict[str, object]:
        ways = {"maxInputChannels": 1, "maxOutputChannels": 0}
        return {"name": b"Ger\xe4t: USB Audio (hw:1,0)", "defaultSampleRate": 48000.0, **ways}

    def open(self, **_form: object) -> object:
        raise OSError(portaudio.UNAVAILABLE, "Device unavailable")


def test_a_name_of_another_coding_keeps_nobody_from_the_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portaudio, "_load", lambda: SimpleNamespace(PyAudio=Library, paInt16=8))
    assert portaudio.PortAudio().find("USB Audio", "input").name == "Ger\ufffdt: USB Audio (hw:1,0)"


def test_a_card_that_is_refused_without_a_word_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """PortAudio means that by "unavailable", and ALSA need not say why."""
    monkeypatch.setattr(portaudio, "_load", lambda: SimpleNamespace(PyAudio=Library, paInt16=8))
    with pytest.raises(DeviceBusy, match="sound device 'USB' is busy; another program holds it"):
        portaudio.PortAudio().open("USB", {})

"""PortAudio through PyAudio: the library, its devices by name, and its errors in words a person can act on.

PortAudio leaves out of its list every device that it cannot open at that moment, and ALSA writes the reason to stderr
together with pages of noise. So stderr is kept aside while the library is asked something, and read for the reason.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any, Literal

from edgeagent.devices.names import pick
from edgeagent.devices.rates import RATES
from edgeagent.devices.refusals import BUSY, known, refusal, unreadable
from edgeagent.errors import DeviceError, NotInstalled, install

Direction = Literal["input", "output"]

CHANNELS = (1, 2)
"""Some codecs know only stereo."""

UNAVAILABLE = -9985
"""paDeviceUnavailable: PortAudio has by then tried for a second."""

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Device:
    """One entry of PortAudio's list; a direction with 0 channels does not exist."""

    index: int
    name: str
    inputs: int
    outputs: int
    rate: int


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Keeps what C libraries write to stderr; the list holds the text after the block."""
    said: list[str] = []
    saved, aside = os.dup(2), os.memfd_create("stderr")
    os.dup2(aside, 2)
    try:
        yield said
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        said.append(os.pread(aside, 1 << 20, 0).decode(errors="replace"))
        os.close(aside)


def _load() -> Any:
    """The pyaudio module (it has no types). Raises DeviceError."""
    try:
        with redirect_stdout(StringIO()):  # it prints what it then raises
            return importlib.import_module("pyaudio")
    except ModuleNotFoundError as missing:
        raise NotInstalled(
            "PyAudio is not installed",
            f"sudo apt install portaudio19-dev python3-dev gcc, then {install('card')}; or set audio.card: pipe",
        ) from missing
    except ImportError as broken:
        raise NotInstalled(f"PyAudio does not load: {broken}", "sudo apt install libportaudio2") from broken


class PortAudio:
    """The library, initialised. One thread owns it. Devices plugged in later are seen only by a new one."""

    def __init__(self) -> None:
        """Raises DeviceError without PyAudio or PortAudio, and where ALSA's own settings cannot be read."""
        self.module = _load()
        try:
            with quiet() as said:
                self._library = self.module.PyAudio()
                try:
                    self.devices = tuple(self._devices())
                except BaseException:
                    self._library.terminate()
                    raise
        except OSError as refused:
            remedy = "`arecord -l` and `aplay -l` show whether the kernel has cards"
            other = DeviceError(f"the sound library does not start: {refused.args[-1]}", remedy)
            raise unreadable(said[0]) or other from refused
        self._said = said[0]

    def _devices(self) -> Iterator[Device]:
        for index in range(self._library.get_device_count()):
            info = self._library.get_device_info_by_index(index)
            name, ways = info["name"], (info["maxInputChannels"], info["maxOutputChannels"])
            if isinstance(name, bytes):  # PyAudio hands out as it is what is not of the system's coding
                name = name.decode(errors="replace")
            yield Device(index, name, *ways, int(info["defaultSampleRate"]))

    def find(self, name: str, direction: Direction) -> Device:
        """The one device of that direction called so, or PortAudio's own choice for `default`. Raises DeviceError."""
        able = [d for d in self.devices if (d.inputs if direction == "input" else d.outputs)]
        try:
            if name == DEFAULT and able and DEFAULT not in (d.name for d in able):
                ask = getattr(self._library, f"get_default_{direction}_device_info")
                return self.devices[int(ask()["index"])]
            return able[pick(name, [d.name for d in able], f"{direction} device")]
        except DeviceError as absent:
            if known(self._said):  # it may be there, and only not let us in
                raise refusal(name, self._said) from absent
            raise

    def shape(self, devices: Mapping[Direction, Device], rate: int) -> tuple[int, int]:
        """The (rate, channels) that all of `devices` can do; rate 0 leaves the choice to them. Raises DeviceError."""
        for wanted in (rate,) if rate else RATES:
            for channels in CHANNELS:
                if all(self._supports(device, way, wanted, channels) for way, device in devices.items()):
                    return wanted, channels
        names = " and ".join(f"'{device.name}' as {way}" for way, device in devices.items())
        if rate:
            raise DeviceError(f"{names} cannot run at {rate} Hz", "set audio.rate_hz: 0 for a rate of the card's own")
        converts = "set audio.card: pipe, and name it as plughw:..., which converts"
        remedy = f"set audio.streams: split; or {converts}" if len(devices) > 1 else converts
        raise DeviceError(f"{names} cannot run at any of {RATES} Hz", remedy)

    def _supports(self, device: Device, way: Direction, rate: int, channels: int) -> bool:
        """Opens the device to see. Raises DeviceError if it does not open at all."""
        form = {f"{way}_device": device.index, f"{way}_channels": channels, f"{way}_format": self.module.paInt16}
        with quiet() as said:
            try:
                return bool(self._library.is_format_supported(rate, **form))
            except ValueError as refused:
                error = refused
        if error.args[1] == UNAVAILABLE or known(said[0]):
            raise refusal(device.name, said[0] or BUSY) from error
        return False

    def open(self, name: str, form: Mapping[str, object]) -> Any:
        """A PyAudio stream, not yet started. Raises DeviceError."""
        with quiet() as said:
            try:
                return self._library.open(format=self.module.paInt16, start=False, **form)
            except OSError as refused:
                error = refused
        words = said[0] or (BUSY if error.args[0] == UNAVAILABLE else "")
        raise refusal(name, words, str(error.args[-1])) from error

    def close(self) -> None:
        """Close all streams and the library; may hang when a card was pulled."""
        self._library.terminate()

"""What `check` looks at between us and the air: the sound library, and the two devices that the settings name."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from edgeagent.commands._beside import NOBODY, Beside
from edgeagent.commands._finding import Finding, fail, ok, warn
from edgeagent.commands._held import TOPICS, held_card, may_be_held
from edgeagent.devices.alsa_names import kernel_cards
from edgeagent.devices.amixer import Amixer
from edgeagent.devices.holders import HARDWARE
from edgeagent.devices.portaudio import Device, Direction, PortAudio
from edgeagent.devices.refusals import BUSY, refusal
from edgeagent.errors import DeviceBusy, DeviceError, SoundFileError
from edgeagent.settings import Audio, Settings
from edgeagent.signal.wav import read_wav

NUMBERED = re.compile(r"hw:(\d+)")


def cards(settings: Settings, beside: Beside = NOBODY) -> Iterator[Finding]:
    """Whether the card of the settings can be opened. One in use is a failure, since `run` could not have it; unless it
    is the running device that uses it."""
    match settings.audio.card:
        case "pyaudio":
            yield from _portaudio(settings.audio, beside)
        case "pipe":
            yield from _programs(settings.audio, beside)
        case "wav":
            yield from _microphone_file(settings.audio)


def mixer(settings: Settings) -> Iterator[Finding]:
    """What "louder" and "softer" turn, and how far they may."""
    audio = settings.audio
    bounds = f"{audio.volume_least_percent} to {audio.volume_most_percent} %"
    if not audio.mixer:
        room = "" if audio.volume_percent < audio.volume_most_percent else ", where it is already at its loudest"
        yield ok("volume", f"begins at {audio.volume_percent} %, of a gain of our own; {bounds}{room}")
        return
    control = Amixer(audio.mixer, lambda _note: None)
    try:
        yield ok("volume", f"{audio.mixer} is at {100 * control.level():.0f} %; {bounds}")
    except DeviceError as error:
        yield fail("volume", error.problem, error.remedy)
    finally:
        control.close()


def kernel(settings: Settings) -> Iterator[Finding]:
    """The cards by the names that stay, and whether the settings go by a number that does not."""
    if settings.audio.card == "wav":
        return
    found = kernel_cards()
    for card in found:
        ways = " and ".join(way for way, has in (("microphone", card.captures), ("loudspeaker", card.plays)) if has)
        yield ok("card", f"{card.id}: {card.text}" + (f" ({ways})" if ways else ""))
    for key, name in (("audio.input", settings.audio.input), ("audio.output", settings.audio.output)):
        if numbered := NUMBERED.search(name):
            meant = next((card for card in found if card.number == int(numbered[1])), None)
            if meant is None:
                fix = f"{key}: a name that `edgeagent devices` lists"
            elif settings.audio.card == "pipe":
                fix = f"{key}: plughw:CARD={meant.id}"
            else:  # PortAudio's names begin so
                fix = f"{key}: {meant.text}"
            yield warn("card number", f"{key} '{name}' goes by a number, which changes between boots", fix)


def files(settings: Settings) -> Iterator[Finding]:
    """The sound file that stands for a microphone, if one does."""
    if settings.audio.card == "wav":
        yield from _microphone_file(settings.audio)


def _portaudio(audio: Audio, beside: Beside) -> Iterator[Finding]:
    names: dict[Direction, str] = {"input": audio.input, "output": audio.output}
    try:
        library = PortAudio()
    except DeviceError as error:
        yield fail("sound library", error.problem, error.remedy)
        return
    with closing(library):
        yield ok("sound library", str(library.module.get_portaudio_version_text()))
        found: dict[Direction, Device] = {}
        for way, name in names.items():
            try:
                found[way] = library.find(name, way)
            except DeviceError as error:
                if isinstance(error, DeviceBusy) or may_be_held(way, name, beside):
                    yield held_card(way, name, error, beside)
                else:
                    yield fail(TOPICS[way], error.problem, error.remedy)
        together = [found] if audio.streams == "duplex" and len(found) == 2 else [{way: found[way]} for way in found]
        for devices in together:
            yield from _opened(library, devices, audio.rate_hz, beside)


def _opened(library: PortAudio, devices: Mapping[Direction, Device], rate_hz: int, beside: Beside) -> Iterator[Finding]:
    """Whether `devices` can be opened with one rate."""
    try:
        rate, channels = library.shape(devices, rate_hz)
    except DeviceBusy as busy:
        for way, device in devices.items():
            yield held_card(way, device.name, busy, beside)
    except DeviceError as error:
        yield fail(" and ".join(TOPICS[way] for way in devices), error.problem, error.remedy)
    else:
        for way, device in devices.items():
            yield ok(TOPICS[way], f"{device.name}, {rate} Hz, {'mono' if channels == 1 else 'stereo'}")


def _programs(audio: Audio, beside: Beside) -> Iterator[Finding]:
    """The programs, and, which they would find out only when they run, whether somebody else holds the hardware."""
    for program in ("arecord", "aplay"):
        path = shutil.which(program)
        if path:
            yield ok(program, path)
        else:
            yield fail(program, "not installed, and audio.card is pipe", "sudo apt install alsa-utils")
    names: dict[Direction, str] = {"input": audio.input, "output": audio.output}
    for way, name in names.items():
        if HARDWARE.match(name) and beside.holders.held(name, way):
            yield held_card(way, name, refusal(name, BUSY), beside)


def _microphone_file(audio: Audio) -> Iterator[Finding]:
    try:
        read_wav(Path(audio.microphone_wav).expanduser())
    except SoundFileError as error:
        yield fail("microphone", error.problem, f"{error.remedy}; or set audio.microphone_wav to another file")
    else:
        yield ok("microphone", audio.microphone_wav)

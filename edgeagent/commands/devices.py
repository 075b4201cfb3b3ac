"""Lists the sound devices by the names that `audio.input` and `audio.output` take; any part of a name will do.
In a configuration a name with a colon in it goes in quotes.

First what PortAudio offers (`audio.card: pyaudio`), then ALSA's own names (`audio.card: pipe`). The numbers of cards
change between boots, so they are not shown. Exit code 2: there is no device.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Iterator, Mapping

from edgeagent.commands.terminal import add_json, print_json, warn
from edgeagent.errors import DeviceError

HELP = "sound devices by the names that a configuration takes"

CARD_NUMBER = re.compile(r" \(hw:\d+,\d+\)$")
"""What PortAudio puts behind an ALSA card's name."""

PLUG_IN = "plug one in, or see what `arecord -l` and `aplay -l` say"

Listed = Mapping[str, str | int]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    found: dict[str, list[Listed]] = {}
    refused: dict[str, DeviceError] = {}
    for card, ask in (("pyaudio", _portaudio), ("pipe", _alsa)):
        try:
            found[card] = list(ask())
        except DeviceError as error:  # the other way may still be there
            refused[card] = error
    if not any(found.values()):
        raise _nothing(refused.values(), answered=bool(found))
    for card, why in refused.items():
        warn(f"audio.card: {card}: {why}")
    if args.json:
        print_json([device for listed in found.values() for device in listed])
    else:
        for card, listed in found.items():
            _print(card, listed)
    return 0


def _nothing(refused: Collection[DeviceError], answered: bool) -> DeviceError:
    """answered: one of the ways works and leads nowhere."""
    problems = ("no sound device was found", *(error.problem for error in refused))
    remedies = (*([PLUG_IN] if answered else []), *(error.remedy for error in refused))
    return DeviceError(", and ".join(dict.fromkeys(problems)), ", and ".join(dict.fromkeys(remedies)))


def _portaudio() -> Iterator[Listed]:
    """Raises DeviceError without PyAudio."""
    from contextlib import closing

    from edgeagent.devices.portaudio import PortAudio

    with closing(PortAudio()) as library:
        for d in library.devices:
            name = CARD_NUMBER.sub("", d.name)
            yield {"card": "pyaudio", "name": name, "inputs": d.inputs, "outputs": d.outputs, "rate_hz": d.rate}


def _alsa() -> Iterator[Listed]:
    """One entry for each name, with 1 for the directions that it has: ALSA does not tell how many channels. Raises
    DeviceError without alsa-utils."""
    from edgeagent.devices.alsa_names import devices_of

    inputs, outputs = devices_of("arecord"), devices_of("aplay")
    for name in dict.fromkeys((*inputs, *outputs)):  # what both list is one device
        yield {"card": "pipe", "name": name, "inputs": int(name in inputs), "outputs": int(name in outputs)}


def _print(card: str, listed: list[Listed]) -> None:
    for key, way in (("inputs", "microphones (audio.input)"), ("outputs", "loudspeakers (audio.output)")):
        able = [device for device in listed if device[key]]
        if able:
            print(f"audio.card: {card}, {way}")
            for device in able:
                form = f"{device[key]:>3} channels, {device['rate_hz']} Hz" if "rate_hz" in device else ""
                print(f"  {device['name']:<50} {form}".rstrip())

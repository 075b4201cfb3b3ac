"""Lists the sound devices by the names that `audio.input` and `audio.output` take; any part of a name will do.

The numbers of cards change between boots, so they are not shown. Exit code 1: there is no device.
"""

from __future__ import annotations

import argparse
import re
import sys

from edgeagent.commands.terminal import add_json, print_json

HELP = "sound devices by the names that a configuration takes"

CARD_NUMBER = re.compile(r" \(hw:\d+,\d+\)$")
"""What PortAudio puts behind an ALSA card's name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from contextlib import closing

    from edgeagent.devices.portaudio import PortAudio

    with closing(PortAudio()) as library:
        found = [
            {"name": CARD_NUMBER.sub("", d.name), "inputs": d.inputs, "outputs": d.outputs, "rate_hz": d.rate}
            for d in library.devices
        ]
    if args.json:
        print_json(found)
    for key, way in (("inputs", "microphones (audio.input)"), ("outputs", "loudspeakers (audio.output)")):
        able = [device for device in found if device[key]]
        if able and not args.json:
            print(way)
            for device in able:
                print(f"  {device['name']:<50} {device[key]:>3} channels, {device['rate_hz']} Hz")
    if not found:
        print("there is no sound device; plug one in, or see what `arecord -l` and `aplay -l` say", file=sys.stderr)
    return 0 if found else 1

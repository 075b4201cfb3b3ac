"""What is left of words behind our own voice: the events of scenes through the device's canceller, as the recogniser
would get them and as it would if our voice were cancelled linearly only.

The device says all its lines to their end, for every word that is said over them is to be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from edgeagent.commands.terminal import Progress
from edgeagent.detect.words import PRE_ROLL
from edgeagent.ports import Sound
from edgeagent.signal.canceller import Canceller
from edgeagent.signal.convert import to_float, to_int16
from edgeagent.sim.room import Room
from edgeagent.sim.scene import Scene, load_scene
from edgeagent.sim.truth import USER, Kind, read_truth
from edgeagent.units import CARD_BLOCK, HOP, samples

DOUBT = samples(1500)
"""Heard from the onset on: a doubt is over then."""

GROUPS: Mapping[str, tuple[Kind, ...]] = {
    "takes the floor": USER,
    "backchannel": (Kind.BACKCHANNEL,),
    "noise": (Kind.NOISE,),
    "far speech": (Kind.FAR_SPEECH,),
}


def events(folders: Sequence[Path]) -> dict[str, list[tuple[Sound, int]]]:
    """Sounds and their onsets by group, of each the cleaned and the linear ones. Raises SceneError and SoundFileError;
    shows progress on stderr."""
    ways = "cleaned", "cancelled linearly"
    found: dict[str, list[tuple[Sound, int]]] = {f"{group}, {way}": [] for way in ways for group in GROUPS}
    with Progress("cancelling", len(folders)) as progress:
        for number, folder in enumerate(folders, start=1):
            sounds = dict(zip(ways, through(load_scene(folder)), strict=True))
            for event in read_truth(folder):
                groups = [name for name, kinds in GROUPS.items() if event.kind in kinds]
                begin = max(0, event.start - PRE_ROLL)
                for group, (way, sound) in ((g, each) for g in groups for each in sounds.items()):
                    found[f"{group}, {way}"].append((sound[begin : event.start + DOUBT], event.start - begin))
            progress.at(number)
    return found


def through(scene: Scene) -> tuple[Sound, Sound]:
    """What the microphone of a scene heard while the device said everything, cleaned and only cancelled linearly:
    sample i of both is the microphone's."""
    said = to_float(to_int16(_lines(scene)))
    room = Room(scene.near, scene.echo)
    heard = to_float(np.concatenate([room.hear(said[at : at + CARD_BLOCK]) for at in range(0, said.size, CARD_BLOCK)]))
    canceller = Canceller()
    hops = [
        canceller.process(said[at : at + HOP], heard[at : at + HOP]) for at in range(0, said.size // HOP * HOP, HOP)
    ]
    return _joined(hop.clean for hop in hops), _joined(hop.linear for hop in hops)


def _lines(scene: Scene) -> Sound:
    said = np.zeros(scene.length, np.float32)
    for line in scene.agent:
        lasts = min(line.sound.size, scene.length - line.at)
        said[line.at : line.at + lasts] = line.sound[:lasts]
    return said


def _joined(hops: Iterable[Sound]) -> Sound:
    return np.concatenate(list(hops))[Canceller.delay :]

"""Events of scenes through the device's canceller."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeagent.detect.words import PRE_ROLL
from edgeagent.ports import Sound
from edgeagent.signal.canceller import Canceller
from edgeagent.sim.folder import write_scene
from edgeagent.sim.truth import Happening, Kind
from edgeagent.units import HOP, samples
from tests.talking import INTERRUPTED, talking
from tools.word_bench.__main__ import main
from tools.word_bench.through_echo import DOUBT, events, through

LESS_DB = 10.0


def test_both_outputs_are_the_microphone_less_our_voice() -> None:
    scene = talking(6.0)
    alone = replace(scene, near=scene.near * np.float32(0))
    person = slice(INTERRUPTED, INTERRUPTED + samples(1500))
    for said, ours in zip(through(scene), through(alone), strict=True):
        assert said.size == scene.length // HOP * HOP - Canceller.delay
        assert level_db(said[person]) > level_db(ours[person]) + LESS_DB
        assert np.corrcoef(said[person], scene.near[person])[0, 1] > 0.8  # on the microphone's clock


def level_db(sound: Sound) -> float:
    return 10 * float(np.log10(np.mean(np.square(sound)) + 1e-12))


def test_each_event_is_heard_from_before_its_onset_and_in_the_group_that_it_belongs_to(tmp_path: Path) -> None:
    scene = talking(4.0)
    truth = [
        Happening(Kind.COMMAND, samples(1000), samples(1400), "stop"),
        Happening(Kind.BACKCHANNEL, samples(100), samples(400), "yeah"),
    ]
    write_scene(tmp_path / "one", scene, truth)
    found = events([tmp_path / "one"])
    for way in ("cleaned", "cancelled linearly"):
        ((sound, onset),) = found[f"takes the floor, {way}"]
        assert (onset, sound.size) == (PRE_ROLL, PRE_ROLL + DOUBT)
        ((sound, onset),) = found[f"backchannel, {way}"]
        assert (onset, sound.size) == (samples(100), samples(100) + DOUBT)
        assert not found[f"noise, {way}"]


@pytest.mark.parametrize("asked", [[], ["somewhere", "--scenes", "somewhere"]])
def test_what_is_to_be_heard_is_said_once(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked) == 2
    assert "--scenes" in capsys.readouterr().err

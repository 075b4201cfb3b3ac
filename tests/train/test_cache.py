"""What lies in the cache is whole, whoever else writes it; what is not is named and never taken up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeagent.errors import EdgeAgentError
from tests.train.listening import scene
from tools.train import scenes
from tools.train.corpus import Part

Savez = Callable[..., None]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], scenes.Listened]:
    """Scene 3 of a corpus that is not needed: it has been listened to before."""
    made = scene([])
    monkeypatch.setattr(scenes, "_rendered", lambda *_: None)
    monkeypatch.setattr(scenes, "listen", lambda *_: made)
    return lambda: scenes._listened(Path("nowhere"), "corpus", Part.TRAIN, 0, tmp_path, 3)


def test_two_runs_that_make_the_same_scene_do_not_disturb_each_other(
    kept: Callable[[], scenes.Listened], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one begins later and is done earlier."""
    save: Savez = np.savez
    begun = list[Path]()

    def slow(path: Path, **arrays: object) -> None:
        begun.append(path)
        with path.open("wb") as file:
            if len(begun) == 1:
                kept()
            save(file, **arrays)

    monkeypatch.setattr(np, "savez", slow)
    first = kept()
    assert len(begun) == 2
    np.testing.assert_array_equal(first.packed, kept().packed)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_is_told_and_leaves_nothing_behind(
    kept: Callable[[], scenes.Listened], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, **_arrays: object) -> None:
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(EdgeAgentError, match=r"features\.npz: No space left on device; make room"):
        kept()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_scene_that_a_power_cut_has_damaged_is_named(
    kept: Callable[[], scenes.Listened], tmp_path: Path, share: float
) -> None:
    kept()
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[: round(share * path.stat().st_size)])
    with pytest.raises(EdgeAgentError, match=rf"{path.name}: cannot be read: .*; delete it"):
        kept()

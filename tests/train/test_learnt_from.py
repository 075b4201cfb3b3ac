"""A network goes on from a checkpoint of the same scenes, recipe and sizes, and from no other; and gives what it would
have given without a break."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("onnx", reason="needs the extra [train]")
pytest.importorskip("ai_edge_litert", reason="needs the extra [train]")

import torch
from torch import Tensor

from edgeagent.errors import EdgeAgentError
from tests.train.made_up_sessions import KINDS, heard
from tools.train import __main__ as command
from tools.train.blank import Blank, blanked
from tools.train.gate import NEAR_END
from tools.train.learn import Recipe, learn, near_loss
from tools.train.learnt_from import learnt_from
from tools.train.networks import Recurrent, near_end
from tools.train.scenes import Listened
from tools.train.sequences import Batch
from tools.train.truth import truth

BRISK = Recipe(cycles=((2, 4e-3), (2, 2e-3)), size=2, hops=100)


def scenes(*seeds: int) -> list[Listened]:
    return [heard("", "", KINDS * 2, seed).listened for seed in seeds]


def weights(network: Recurrent) -> bytes:
    return b"".join(values.numpy().tobytes() for values in network.state_dict().values())


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[Listened], Path], bytes]:
    """The weights of a near-end detector that has learnt for four rounds."""
    monkeypatch.setattr(command, "RECIPES", {**command.RECIPES, NEAR_END: (near_loss, BRISK)})
    return lambda given, cache: weights(command.taught(NEAR_END, given, (), 0, cache))


@pytest.mark.parametrize("other", [scenes(3, 4), [blanked(each, Blank.CONFIDENCE) for each in scenes(1, 2)]])
def test_two_corpora_in_one_cache_give_the_two_models(
    taught: Callable[[Sequence[Listened], Path], bytes], other: list[Listened], tmp_path: Path
) -> None:
    """As many scenes of the same seed; also the same scenes with something withheld."""
    alone = [taught(given, tmp_path / name) for name, given in (("one", scenes(1, 2)), ("two", other))]
    together = [taught(given, tmp_path / "both") for given in (scenes(1, 2), other, scenes(1, 2))]
    assert together == [alone[0], alone[1], alone[0]]
    assert alone[0] != alone[1]


def test_another_recipe_begins_anew(
    taught: Callable[[Sequence[Listened], Path], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = taught(scenes(1, 2), tmp_path)
    faster = replace(BRISK, cycles=((2, 8e-3), (2, 2e-3)))
    monkeypatch.setattr(command, "RECIPES", {**command.RECIPES, NEAR_END: (near_loss, faster)})
    assert taught(scenes(1, 2), tmp_path) == taught(scenes(1, 2), tmp_path / "alone") != before


def test_everything_that_decides_is_in_the_name() -> None:
    larger = Recurrent(73, (88,), 4)
    changed = scenes(1)
    changed[0].heard[5] = 1
    labelled = [replace(each, events=each.events[1:]) for each in scenes(1)]
    names = [
        learnt_from(scenes(1), near_end(), BRISK),
        learnt_from(scenes(1), larger, BRISK),
        learnt_from(scenes(1), near_end(), replace(BRISK, decay=0.0)),
        learnt_from(changed, near_end(), BRISK),
        learnt_from(labelled, near_end(), BRISK),
    ]
    assert len(set(names)) == len(names)
    assert learnt_from(scenes(1), near_end(), BRISK) == names[0]


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_checkpoint_that_a_power_cut_has_damaged_is_named_and_not_taken_up(
    taught: Callable[[Sequence[Listened], Path], bytes], tmp_path: Path, share: float
) -> None:
    taught(scenes(1, 2), tmp_path)
    path = max(tmp_path.iterdir())
    path.write_bytes(path.read_bytes()[: round(share * path.stat().st_size)])
    with pytest.raises(EdgeAgentError, match=rf"{path.name}: cannot be read: .*; delete it"):
        taught(scenes(1, 2), tmp_path)


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("at", [2, 4], ids=["in the first cycle", "in the last"])
def test_it_is_taken_up_where_it_was_and_gives_the_same(at: int, tmp_path: Path) -> None:
    """Interrupted in round `at` of four, after its first batch."""
    given = scenes(1, 2, 3)
    told = given, [truth(scene, {}) for scene in given]

    def begun() -> Recurrent:
        torch.manual_seed(0)
        return near_end()

    batches_of_round = []

    def stopping(network: Recurrent, batch: Batch) -> Tensor:
        rounds = sum(int(torch.load(p, weights_only=True)["rounds"]) for p in tmp_path.glob("stopped*.pt"))
        if rounds == at - 1:
            batches_of_round.append(batch)
        if len(batches_of_round) == 2:
            raise Interrupted
        return near_loss(network, batch)

    whole, stopped = begun(), begun()
    learn(whole, near_loss, *told, BRISK, tmp_path / "whole")
    with pytest.raises(Interrupted):
        learn(stopped, stopping, *told, BRISK, tmp_path / "stopped")
    stopped = begun()  # as a new process has it
    torch.manual_seed(99)
    learn(stopped, near_loss, *told, BRISK, tmp_path / "stopped")
    for one, other in zip(whole.parameters(), stopped.parameters(), strict=True):
        np.testing.assert_array_equal(one.detach().numpy(), other.detach().numpy())

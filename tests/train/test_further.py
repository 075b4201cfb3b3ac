"""The last cycle: it learns what is new, from all of it, keeps the rest, and can be taken up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [train]")

import torch
from torch import Tensor

from tests.train.made_up_sessions import KINDS, heard
from tools.train import further
from tools.train.further import Later, Told, learn_further
from tools.train.learn import forward, near_loss
from tools.train.networks import Recurrent, near_end
from tools.train.scenes import Listened
from tools.train.sequences import Batch, batches, vectors
from tools.train.truth import Truth

BRISK = Later(rounds=2, rate=3e-3, times=2, old=1, size=2, hops=100, share=1.0)


def told(*seeds: int) -> Told:
    recorded = [heard(str(seed), "a", KINDS * 4, seed) for seed in seeds]
    hops = min(len(one.listened.heard) for one in recorded)
    assert all(len(one.listened.heard) == hops for one in recorded)
    return [one.listened for one in recorded], [one.truth() for one in recorded]


def surprise(network: Recurrent, known: Told) -> float:
    """Mean nats of the hops that are sure."""
    seen = vectors(known[0], None)
    logits = forward(network, seen)
    likely = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    labels = np.stack([one.near for one in known[1]])
    rows, hops = np.nonzero(labels >= 0)
    return float(-likely[rows, hops, labels[rows, hops]].mean())


def test_the_new_is_learnt(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network, old, new = near_end(), told(1), told(2)
    before = surprise(network, new)
    learn_further(network, near_loss, old, new, BRISK, tmp_path / "n")
    assert surprise(network, new) < 0.9 * before


def test_only_part_of_the_way_is_gone(tmp_path: Path) -> None:
    old, new = told(1), told(2)
    ends = {}
    for share in (0.0, 0.25, 1.0):
        torch.manual_seed(0)
        network = near_end()
        learn_further(network, near_loss, old, new, replace(BRISK, share=share), tmp_path / f"{share}")
        ends[share] = network.output.weight.detach().numpy()
    torch.manual_seed(0)
    np.testing.assert_array_equal(ends[0.0], near_end().output.weight.detach().numpy())
    np.testing.assert_allclose(ends[0.25] - ends[0.0], (ends[1.0] - ends[0.0]) / 4, atol=1e-6)
    assert not np.array_equal(ends[1.0], ends[0.0])


def test_it_is_taken_up_where_it_was_and_gives_the_same(tmp_path: Path) -> None:
    old, new, made = told(1), told(2), []
    calls = 0

    def stopping(network: Recurrent, batch: Batch) -> Tensor:
        nonlocal calls
        calls += 1
        if len(list(tmp_path.glob("*.pt"))) == 2:  # a round is over
            raise KeyboardInterrupt
        return near_loss(network, batch)

    for name in ("whole", "stopped"):
        torch.manual_seed(0)
        network = near_end()
        if name == "stopped":
            with pytest.raises(KeyboardInterrupt):
                learn_further(network, stopping, old, new, BRISK, tmp_path / name)
            torch.manual_seed(0)
            network = near_end()  # as a new process has it: what was learnt first
        learn_further(network, near_loss, old, new, BRISK, tmp_path / name)
        made.append(network.output.weight.detach().numpy())
    assert calls > 1
    np.testing.assert_array_equal(made[0], made[1])


def test_all_that_is_new_is_in_every_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def counted(
        scenes: Sequence[Listened], truths: Sequence[Truth], size: int, hops: int, dice: np.random.Generator | None
    ) -> Iterator[Batch]:
        seen.append(len(scenes))
        return batches(scenes, truths, size, hops, dice)

    monkeypatch.setattr(further, "batches", counted)
    learn_further(near_end(), near_loss, told(1, 3), told(2), replace(BRISK, rounds=3), tmp_path / "n")
    assert seen == [1 + 2 * 1] * 3

"""The training loop: shows progress, keeps a checkpoint after each round, takes up an interrupted run where it was."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from tools.train.cache import drafted, reading
from tools.train.networks import Overlap, Recurrent
from tools.train.scenes import Listened
from tools.train.sequences import Batch, batches, vectors
from tools.train.truth import IGNORED, Floats, Labels, Truth

Loss = Callable[[Recurrent, Batch], Tensor]


@dataclass(frozen=True, slots=True)
class Recipe:
    """cycles: of each, rounds over all scenes and the highest learning rate; after the first the network is shaken up
    again, less (Loshchilov & Hutter 2017, "SGDR: stochastic gradient descent with warm restarts"). size: scenes at a
    time. hops: length of a sequence."""

    cycles: tuple[tuple[int, float], ...]
    size: int = 96
    hops: int = 500
    decay: float = 1e-3


def learn(
    network: Recurrent, loss: Loss, scenes: Sequence[Listened], truths: Sequence[Truth], recipe: Recipe, at: Path,
    seed: int = 0,
) -> None:  # fmt: skip
    """Trains `network` in place: the same seed gives the same network, also to a run that was interrupted and goes on
    from its checkpoint. at: the checkpoint, without a suffix."""
    _scale(network, scenes[: 2 * recipe.size])
    for number in range(len(recipe.cycles)):
        _cycle(network, loss, scenes, truths, recipe, number, at, seed)
    network.eval()


def _cycle(
    network: Recurrent, loss: Loss, scenes: Sequence[Listened], truths: Sequence[Truth], recipe: Recipe, number: int,
    at: Path, seed: int,
) -> None:  # fmt: skip
    rounds, rate = recipe.cycles[number]
    before = sum(count for count, _ in recipe.cycles[:number])
    at = at.with_name(f"{at.name}-{number}") if number else at
    optimiser = torch.optim.AdamW(network.parameters(), rate, weight_decay=recipe.decay)
    pieces = len(scenes) * (len(scenes[0].heard) // recipe.hops)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rate, total_steps=rounds * (pieces // recipe.size + len(scenes) // recipe.size + 2)
    )
    parts = (network, optimiser, schedule)
    for turn in range(resume(at, parts), rounds):
        began, total, count = time.monotonic(), 0.0, 0
        dice = np.random.default_rng((seed, before + turn))
        torch.manual_seed(int(dice.integers(2**31)))  # what is dropped: a run that goes on here drops the same
        network.train()
        for batch in batches(scenes, truths, recipe.size, recipe.hops, dice):
            lost = loss(network, batch)
            optimiser.zero_grad()
            torch.autograd.backward(lost)
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total, count = total + float(lost.detach()), count + 1
        keep(at, turn + 1, parts)
        took = time.monotonic() - began
        said = f"{at.name}: round {turn + 1} of {rounds}, loss {total / count:.4f}, {took:.0f} s"
        print(said, file=sys.stderr, flush=True)


def near_loss(network: Recurrent, batch: Batch) -> Tensor:
    """What is heard in each hop."""
    return weighted(network(torch.from_numpy(batch.features)), batch.near, batch.near_weight)


WORD_SHARE = 0.5
"""Of what telling words apart counts beside telling kinds apart."""


def kind_loss(network: Recurrent, batch: Batch) -> Tensor:
    """What the overlap is, and which word."""
    assert isinstance(network, Overlap)
    kind, word = network.both(torch.from_numpy(batch.features))
    told = weighted(kind, batch.kind, batch.kind_weight)
    if not (batch.word != IGNORED).any():
        return told
    return told + WORD_SHARE * weighted(word, batch.word, (batch.word != IGNORED).astype(np.float32))


def forward(network: Recurrent, features: Floats) -> Floats:
    """(n, hops, SIZE) to logits (n, hops, outputs)."""
    with torch.no_grad():
        return np.asarray(network(torch.from_numpy(features)).numpy(), np.float32)


def weighted(logits: Tensor, labels: Labels, weights: Floats) -> Tensor:
    """Mean surprise in nats of the hops (n, hops) that teach something, by their weight."""
    each = nn.functional.cross_entropy(
        logits.flatten(0, 1), torch.from_numpy(labels).flatten(), ignore_index=IGNORED, reduction="none"
    )
    weight = torch.from_numpy(weights).flatten() * (torch.from_numpy(labels).flatten() != IGNORED)
    return (each * weight).sum() / weight.sum().clamp(min=1.0)


LEAST_SCALE = 0.05
"""Added to the spread of each input, so that what hardly varies is not blown up."""


def spread(seen: Floats) -> tuple[Floats, Floats]:
    """(n, hops, SIZE) to mean and scale (SIZE,), by which all inputs come to like size."""
    return seen.mean(axis=(0, 1)), seen.std(axis=(0, 1)) + np.float32(LEAST_SCALE)


def _scale(network: Recurrent, scenes: Sequence[Listened]) -> None:
    mean, scale = spread(vectors(scenes, np.random.default_rng(0)))
    network.mean.copy_(torch.from_numpy(mean))
    network.scale.copy_(torch.from_numpy(scale))


def resume(at: Path, parts: tuple[Recurrent, torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]) -> int:
    path = at.with_suffix(".pt")
    if not path.exists():
        return 0
    with reading(path) as file:
        stored = torch.load(file, weights_only=True)
    for load, state in zip((part.load_state_dict for part in parts), stored["parts"], strict=True):
        load(state)
    return int(stored["rounds"])


def keep(
    at: Path, rounds: int, parts: tuple[Recurrent, torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]
) -> None:
    with drafted(at.with_suffix(".pt")) as draft:
        torch.save({"rounds": rounds, "parts": [part.state_dict() for part in parts]}, draft)

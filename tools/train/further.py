"""A last cycle of learning, on scenes that came later: what was learnt from the many goes on with the few.

Each round has all of the later scenes, several times over and each time altered, and some of the others, so that
nothing is forgotten (rehearsal: Robins 1995, "Catastrophic forgetting, rehearsal and pseudorehearsal", Connection
Science 7). In the end only part of the way is gone: weights between those before and those after are better on what the
few scenes show, and not worse on all else (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", CVPR).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tools.train.learn import Loss, keep, resume
from tools.train.networks import Recurrent
from tools.train.scenes import Listened
from tools.train.sequences import batches
from tools.train.truth import Truth

Told = tuple[Sequence[Listened], Sequence[Truth]]
"""Scenes, and what is true of them."""


@dataclass(frozen=True, slots=True)
class Later:
    """rounds: of learning at a `rate` that rises and falls. times: how often each later scene comes in one. old: how
    many of the others do. size: scenes at a time. hops: of a sequence. share: of the way, that is gone in the end."""

    rounds: int = 10
    rate: float = 1e-3
    times: int = 2
    old: int = 400
    size: int = 48
    hops: int = 500
    decay: float = 1e-3
    share: float = 0.3


def learn_further(network: Recurrent, loss: Loss, old: Told, new: Told, recipe: Later, at: Path, seed: int = 0) -> None:
    """Trains `network` in place, in training order: the same seed gives the same network. at: the checkpoint, without a
    suffix; a run that was interrupted goes on there."""
    before = deepcopy(network.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), recipe.rate, weight_decay=recipe.decay)
    scenes = recipe.times * len(new[0]) + min(recipe.old, len(old[0]))
    steps = scenes * (len(new[0][0].heard) // recipe.hops) // recipe.size + scenes // recipe.size + 2
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=recipe.rounds * steps)
    parts = (network, optimiser, schedule)
    for turn in range(resume(at, parts), recipe.rounds):
        began, total, count = time.monotonic(), 0.0, 0
        dice = np.random.default_rng((seed, 7, turn))
        torch.manual_seed(int(dice.integers(2**31)))
        drawn = dice.permutation(len(old[0]))[: recipe.old]
        mixed = [[*[which[i] for i in drawn], *[each for each in later for _ in range(recipe.times)]]
                 for which, later in zip(old, new, strict=True)]  # fmt: skip
        network.train()
        for batch in batches(mixed[0], mixed[1], recipe.size, recipe.hops, dice):
            lost = loss(network, batch)
            optimiser.zero_grad()
            torch.autograd.backward(lost)
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total, count = total + float(lost.detach()), count + 1
        keep(at, turn + 1, parts)
        took = time.monotonic() - began
        said = f"{at.name}: round {turn + 1} of {recipe.rounds}, loss {total / count:.4f}, {took:.0f} s"
        print(said, file=sys.stderr, flush=True)
    after = network.state_dict()
    network.load_state_dict({name: torch.lerp(was, after[name], recipe.share) for name, was in before.items()})
    network.eval()

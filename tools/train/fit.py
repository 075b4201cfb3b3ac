"""Fits a perceptron with one hidden layer, and calibrates it. The only file that needs torch: pip install
'edgeagent[train]'."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Array = NDArray[np.float32]

LEAST_SCALE = 0.05
"""Added to the spread of each input, so that what hardly varies is not blown up."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """hidden: units. noise: spread added to each scaled input, anew in each step. dropped: share of inputs set to their
    mean."""

    hidden: int
    epochs: int
    rate: float
    noise: float
    dropped: float
    decay: float
    batch: int


def fit(recipe: Recipe, inputs: Array, labels: NDArray[np.int64], weights: Array, seed: int = 0) -> dict[str, Array]:
    """Weights of a `Perceptron` for `labels` (n,): classes, or 0 and 1 for one logit; each counts `weights` (n,)."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + np.float32(LEAST_SCALE)
    x = torch.from_numpy((inputs - mean) / scale)
    y, w = torch.from_numpy(labels), torch.from_numpy(weights)
    outputs = int(labels.max()) + 1 if labels.max() > 1 else 1
    hidden = nn.Linear(x.shape[1], recipe.hidden)
    output = nn.Linear(recipe.hidden, outputs)
    parameters = [*hidden.parameters(), *output.parameters()]
    optimiser = torch.optim.AdamW(parameters, recipe.rate, weight_decay=recipe.decay)
    steps = recipe.epochs * (len(x) // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps + 1)
    for _ in range(recipe.epochs):
        for chosen in torch.split(torch.randperm(len(x)), recipe.batch)[: len(x) // recipe.batch]:
            batch = x[chosen] + recipe.noise * torch.randn(len(chosen), x.shape[1])
            batch = batch * (torch.rand_like(batch) > recipe.dropped)
            loss = _loss(output(torch.relu(hidden(batch))), y[chosen], w[chosen])
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
    return {
        "mean": mean,
        "scale": scale,
        "hidden": _array(hidden.weight.T),
        "hidden_bias": _array(hidden.bias),
        "output": _array(output.weight.T),
        "output_bias": _array(output.bias),
    }


def temperature(logits: Array, labels: NDArray[np.int64], weights: Array) -> float:
    """By what the logits (n, classes) or (n, 1) must be divided to be calibrated (Guo et al. 2017, "On calibration of
    modern neural networks"): the best of a grid."""
    grid = np.geomspace(0.5, 4.0, 43)
    o, y, w = torch.from_numpy(logits), torch.from_numpy(labels), torch.from_numpy(weights)
    return float(min(grid, key=lambda t: float(_loss(o / t, y, w))))


def _loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    if logits.shape[1] == 1:
        each = nn.functional.binary_cross_entropy_with_logits(logits[:, 0], labels.float(), reduction="none")
    else:
        each = nn.functional.cross_entropy(logits, labels, reduction="none")
    return (each * weights).sum() / weights.sum()


def _array(tensor: torch.Tensor) -> Array:
    return np.ascontiguousarray(tensor.detach().numpy(), np.float32)

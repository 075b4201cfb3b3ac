"""The two networks of the ear, as they are trained. What they compute on the device stands in `tools.train.export`."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from edgeagent.detect.backchannel import KINDS
from edgeagent.detect.near_end import CLASSES
from edgeagent.signal.features import SIZE
from tools.train.sizes import BACKCHANNEL, NEAR_END

FORGETTING = 0.2
"""Share of inner units that are dropped in training (Srivastava et al. 2014)."""


class Recurrent(nn.Module):
    """A dense layer, gated recurrent layers (Cho et al. 2014), an output layer: (n, hops, SIZE) to (n, hops,
    outputs)."""

    mean: Tensor
    scale: Tensor

    def __init__(self, dense: int, recurrent: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(SIZE))
        self.register_buffer("scale", torch.ones(SIZE))
        self.dense = nn.Linear(SIZE, dense)
        sizes = (dense, *recurrent)
        self.recurrent = nn.ModuleList(nn.GRU(below, above, batch_first=True) for below, above in pairwise(sizes))
        self.drop = nn.Dropout(FORGETTING)
        self.output = nn.Linear(sizes[-1], outputs)

    def inner(self, features: Tensor) -> Tensor:
        """(n, hops, SIZE) to what the output layer sees."""
        inner: Tensor = torch.relu(self.dense((features - self.mean) / self.scale))
        for layer in self.recurrent:
            inner = layer(self.drop(inner))[0]
        dropped: Tensor = self.drop(inner)
        return dropped

    def forward(self, features: Tensor) -> Tensor:
        """(n, hops, SIZE) to logits (n, hops, outputs)."""
        logits: Tensor = self.output(self.inner(features))
        return logits


def near_end() -> Recurrent:
    """To the classes of `detect.near_end`."""
    return Recurrent(*NEAR_END, len(CLASSES))


class Overlap(Recurrent):
    """To the kinds of `detect.backchannel`; while it learns also to which word was said, without which it does not find
    out what words are made of."""

    def __init__(self, words: int) -> None:
        super().__init__(*BACKCHANNEL, len(KINDS))
        self.word = nn.Linear(BACKCHANNEL[1][-1], words)

    def both(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the kinds and of the words."""
        inner = self.inner(features)
        return self.output(inner), self.word(inner)

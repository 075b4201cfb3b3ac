"""What a network learns from, as a few letters in the name of its checkpoint: one of other scenes, of another recipe or
of another network is never taken up."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from torch import nn

from tools.train.scenes import SIGNAL, TRAIN, Listened, digest

LEARNING = (
    *(TRAIN + name for name in ("further.py", "learn.py", "networks.py", "sequences.py", "sizes.py", "truth.py")),
    *(SIGNAL + name for name in ("features.py", "measure.py")),
)
"""The source files that decide what is made of scenes and of a recipe."""

LEARNS = digest(LEARNING)
"""Taken once, with the code that runs."""


def learnt_from(scenes: Sequence[Listened], network: nn.Module, recipe: object) -> str:
    """Of the scenes as they are shown, sound and truth: whatever changes them, a corpus, the rendering, the canceller
    or what is withheld, changes this."""
    told = sha256(f"{LEARNS} {network} {recipe}".encode())
    for scene in scenes:
        for part in (scene.packed.tobytes(), scene.heard.tobytes(), repr(scene.events).encode()):
            told.update(sha256(part).digest())
    return told.hexdigest()[:12]

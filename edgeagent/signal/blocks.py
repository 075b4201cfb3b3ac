"""Blocks of one exact size out of whatever sizes come in."""

from __future__ import annotations

import numpy as np

from edgeagent.signal import Sound


class Blocks:
    """Cuts a stream into blocks of `size`. One thread at a time."""

    def __init__(self, size: int) -> None:
        if size <= 0:
            raise ValueError(f"a block holds at least a sample, not {size}")
        self._size = size
        self._rest = np.zeros(0, np.float32)

    @property
    def pending(self) -> int:
        """Samples that wait for the rest of their block, 0 .. size - 1."""
        return self._rest.size

    def push(self, sound: Sound) -> list[Sound]:
        """Take (n,) float32; give every block (size,) it completes, oldest first. The blocks are copies: they may be
        kept, and `sound` reused."""
        whole = np.concatenate((self._rest, sound))
        cut = whole.size - whole.size % self._size
        self._rest = whole[cut:]
        return list(whole[:cut].reshape(-1, self._size))

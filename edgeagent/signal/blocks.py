"""Blocks of one exact size out of whatever sizes come in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeagent.signal import Sound


def overlapping(sound: Sound, hop: int) -> Sound:
    """(..., (n + 1) hop) to (..., n, 2 hop): frames that overlap by half, oldest first. A copy: numpy's sliding windows
    describe themselves in a dictionary each time, and the interpreter's table of interned strings, which holds its
    keys, grows by a megabyte within the hour for those that come and go."""
    hops = sound.reshape(*sound.shape[:-1], -1, hop)
    return np.concatenate((hops[..., :-1, :], hops[..., 1:, :]), axis=-1)


class Blocks:
    """Cuts a stream into blocks of `size`. One thread at a time."""

    def __init__(self, size: int) -> None:
        if size <= 0:
            raise ValueError(f"a block holds at least a sample, not {size}")
        self.size = size
        self._rest = np.zeros(0, np.float32)

    @property
    def pending(self) -> int:
        """Samples that wait for the rest of their block, 0 .. size - 1."""
        return self._rest.size

    def push(self, sound: Sound) -> list[Sound]:
        """Take (n,) float32; give every block (size,) it completes, oldest first. The blocks are copies: they may be
        kept, and `sound` reused."""
        whole = np.concatenate((self._rest, sound))
        cut = whole.size - whole.size % self.size
        self._rest = whole[cut:]
        return list(whole[:cut].reshape(-1, self.size))


class Pairs:
    """Cuts two streams that belong together into blocks of `size`, sample for sample beside each other. One thread."""

    def __init__(self, size: int) -> None:
        self._cut = Blocks(size), Blocks(size)
        self._whole: tuple[list[Sound], list[Sound]] = ([], [])

    def first(self, sound: Sound) -> None:
        """(n,) float32 more of the first stream, any n."""
        self._whole[0].extend(self._cut[0].push(sound))

    def second(self, sound: Sound) -> None:
        """(n,) float32 more of the second one."""
        self._whole[1].extend(self._cut[1].push(sound))

    @property
    def wanting(self) -> int:
        """Samples of the second stream that complete its block, 1 .. size."""
        return self._cut[1].size - self._cut[1].pending

    def take(self) -> Iterator[tuple[Sound, Sound]]:
        """Every pair of blocks that both streams complete, oldest first."""
        first, second = self._whole
        while first and second:
            yield first.pop(0), second.pop(0)

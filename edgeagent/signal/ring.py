"""The last stretch of a stream, addressed by sample index: reading what is gone is an error, never stale sound."""

from __future__ import annotations

import numpy as np

from edgeagent.errors import RingError
from edgeagent.signal import Sound


class Ring:
    """A single-writer ring of float32 samples. Sample `i` is the i-th ever written; `start <= i < end` can be read.

    Any number of threads may read while one writes. The writer gives samples up (moves `start`) before it overwrites
    them and announces new ones (moves `end`) after they are in place; a reader looks at `start` again after its copy.
    So it gets the samples it asked for or a RingError. Both indices are plain ints: the interpreter stores and loads
    them whole.
    """

    def __init__(self, capacity: int) -> None:
        if capacity <= 0:
            raise ValueError(f"a ring needs room for a sample, not {capacity}")
        self._sound = np.zeros(capacity, np.float32)
        self.start = 0
        """Index of the oldest sample that can be read."""
        self.end = 0
        """One past the newest sample."""

    def write(self, block: Sound) -> None:
        """Append (n,) float32; the writer's thread only. Allocates nothing. Of a block beyond capacity the tail stays,
        as if it had come in pieces."""
        capacity = self._sound.size
        end = self.end + block.size
        self.start = max(self.start, end - capacity)
        block = block[-capacity:]
        first = (end - block.size) % capacity
        room = capacity - first
        self._sound[first : first + block.size] = block[:room]
        self._sound[: max(0, block.size - room)] = block[room:]
        self.end = end

    def write_silence(self, count: int) -> None:
        """Append `count` zeros, as `write` would; for frames the card lost. Any count, at most one ring of work."""
        capacity = self._sound.size
        end = self.end + count
        self.start = max(self.start, end - capacity)
        count = min(count, capacity)
        first = (end - count) % capacity
        self._sound[first : first + count] = 0
        self._sound[: max(0, first + count - capacity)] = 0
        self.end = end

    def read(self, start: int, stop: int) -> Sound:
        """Copy of samples [start, stop), float32; any thread. RingError if one is gone or not written yet."""
        if not self.start <= start <= stop <= self.end:
            raise RingError(f"samples {start} .. {stop} asked for; the ring holds {self.start} .. {self.end}")
        capacity = self._sound.size
        first = start % capacity
        sound = self._sound[first : first + stop - start]
        copy = np.concatenate((sound, self._sound[: stop - start - sound.size]))
        if self.start > start:
            raise RingError(f"samples from {start} on were overwritten while they were read")
        return copy

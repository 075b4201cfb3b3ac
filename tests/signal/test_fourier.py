"""What stands around the transforms."""

from __future__ import annotations

import numpy as np

from edgeagent.signal.fourier import overlapping


def test_frames_overlap_by_half_whatever_lies_around_them() -> None:
    two = np.arange(2 * 12, dtype=np.float32).reshape(2, 12)
    assert overlapping(two[1], 4).tolist() == [list(range(12, 20)), list(range(16, 24))]
    np.testing.assert_array_equal(overlapping(two, 4)[1], overlapping(two[1], 4))
    assert overlapping(two[:, :4], 4).shape == (2, 0, 8)

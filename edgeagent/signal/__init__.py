"""Pure numpy on sound: rings, conversion, resampling, playback, the echo canceller. Nothing here knows of turns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]
"""(n,) float32 in [-1, 1], 16 kHz unless a rate is named."""

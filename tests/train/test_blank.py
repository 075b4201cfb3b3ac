"""What is withheld in training is withheld alike in the device."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.signal.features import ECHO, SIZE, Features
from edgeagent.signal.measure import BANDS, LEVELS, MEASURED, Measure
from tests.detect.mixture import cancelled
from tools.train.blank import Blank, blanked, withheld
from tools.train.scenes import LEAST, Listened


def packed(vectors: np.ndarray) -> np.ndarray:
    """As `tools.train.scenes.listen` packs them."""
    stored = vectors.copy()
    stored[:, :LEVELS] = np.log10(stored[:, :LEVELS] + LEAST)
    return stored.astype(np.float16)


def features(measured: np.ndarray) -> np.ndarray:
    made = Features()
    return np.stack([made.push(one, np.float32(0.01), np.float32(0.0)) for one in measured])


@pytest.mark.parametrize("what", list(Blank))
def test_training_and_device_lack_the_same(what: Blank) -> None:
    measure = Measure()
    whole = np.stack([measure.of(hop) for hop in cancelled("voice")])
    device = np.stack([measure.of(withheld(hop, what)) for hop in cancelled("voice")])
    listened = Listened(packed(whole), np.zeros(len(whole), np.int8), ())
    trained = blanked(listened, what)
    assert whole.shape[1] == MEASURED
    seen, lacking = features(trained.measured), features(device)
    np.testing.assert_allclose(seen, lacking, atol=0.02)
    assert np.abs(features(listened.measured) - seen).max() > 0.2


def test_without_reference_nothing_tells_of_the_echo() -> None:
    measure = Measure()
    device = features(np.stack([measure.of(withheld(hop, Blank.REFERENCE)) for hop in cancelled("voice")]))
    assert device.shape[1] == SIZE
    assert not device[:, ECHO].any()
    assert not device[:, 3 * BANDS + 3].any()


def test_the_scene_itself_stays_whole() -> None:
    listened = Listened(np.ones((5, MEASURED), np.float16), np.zeros(5, np.int8), ())
    blanked(listened, Blank.REFERENCE)
    assert (listened.packed == 1).all()

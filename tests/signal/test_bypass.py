"""Without a canceller the ear hears the microphone as it is, one hop late."""

from __future__ import annotations

import numpy as np

from edgeagent.signal.bypass import Bypass
from edgeagent.signal.canceller import Canceller, Trust
from edgeagent.units import HOP


def test_the_microphone_comes_out_one_hop_late_and_is_believed() -> None:
    dice = np.random.default_rng(1)
    sound = dice.normal(0, 0.1, 4 * HOP).astype(np.float32)
    bypass = Bypass()
    got = [bypass.process(np.ones(HOP, np.float32), hop) for hop in sound.reshape(4, HOP)]
    np.testing.assert_array_equal(np.concatenate([out.linear for out in got[1:]]), sound[: 3 * HOP])
    assert all(out.confidence.trust is Trust.TRUSTED and not out.echo.any() for out in got)


def test_its_spectra_are_the_cancellers_where_nothing_is_played() -> None:
    dice = np.random.default_rng(2)
    sound = dice.normal(0, 0.1, (20, HOP)).astype(np.float32)
    bypass, canceller, silence = Bypass(), Canceller(), np.zeros(HOP, np.float32)
    for hop in sound:
        mine, theirs = bypass.process(silence, hop), canceller.process(silence, hop)
    np.testing.assert_allclose(mine.linear_power, theirs.linear_power, rtol=1e-4, atol=1e-6)


def test_what_is_no_number_is_silence() -> None:
    bypass = Bypass()
    bypass.process(np.zeros(HOP, np.float32), np.full(HOP, np.nan, np.float32))
    assert not bypass.process(np.zeros(HOP, np.float32), np.zeros(HOP, np.float32)).linear.any()
    assert (bypass.take_discarded(), bypass.take_discarded()) == (HOP, 0)

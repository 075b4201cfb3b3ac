"""Ears that lack a part."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeagent.detect.accord import doubted
from edgeagent.detect.ear import Ear
from edgeagent.detect.near_end import NearEnd
from edgeagent.detect.rules import Rules
from edgeagent.detect.usual import UNKNOWN
from edgeagent.devices.model_files import load_model
from edgeagent.settings import Settings
from edgeagent.signal.features import Features
from edgeagent.signal.measure import Measure
from edgeagent.turn.policy import EVEN
from edgeagent.units import HOP
from tests.detect.mixture import cancelled
from tools.ablate.ears import ABLATIONS, WHOLE

HOPS = list(cancelled("voice"))


def heard(name: str, *, power: float = 1.0, coherence: float | None = None) -> np.ndarray:
    """(hops, 2): P(near) and P(takes the floor)."""
    _, ear = ABLATIONS[name].parts(Settings())
    told = []
    for number, hop in enumerate(HOPS):
        changed = replace(hop, echo_power=power * hop.echo_power)
        if coherence is not None:
            changed = replace(changed, confidence=replace(hop.confidence, coherence=coherence, misadjustment=coherence))
        percept = ear.hear(changed, number * HOP)
        told.append((percept.near, percept.floor))
    assert not ear.take_failure()
    return np.array(told)


def test_each_lacks_what_it_says() -> None:
    assert (heard("reference") == heard("reference", power=100.0)).all()
    assert (heard("confidence") == heard("confidence", coherence=0.9)).all()
    assert (heard(WHOLE) != heard(WHOLE, power=100.0)).any()
    assert (heard(WHOLE) != heard(WHOLE, coherence=0.9)).any()


def test_without_the_backchannel_model_only_what_the_near_end_detector_says_is_known() -> None:
    measure, features, detector = Measure(), Features(), NearEnd(load_model("near_end"))
    alone = []
    for hop in HOPS:
        near = detector.hear(features.push(measure.of(hop), np.float32(UNKNOWN), np.float32(0))).near
        alone.append(doubted(near) if hop.confidence.moved else near)
    without = heard("backchannel")
    assert without[:, 1] == pytest.approx(EVEN, abs=1e-3)
    assert without[:, 0] == pytest.approx(np.array(alone), abs=2e-3)


def test_by_rules_nothing_of_the_models_is_left() -> None:
    _, ear = ABLATIONS["models"].parts(Settings())
    told = [ear.hear(hop, number * HOP) for number, hop in enumerate(HOPS)]
    assert {percept.floor for percept in told} == {Rules().hear(np.zeros(200, np.float32))[1].floor}
    assert [percept.near for percept in told] != list(heard(WHOLE)[:, 0])


def test_settings_change_only_where_the_voice_is_not_lowered() -> None:
    for name, ablation in ABLATIONS.items():
        assert (ablation.settings(Settings()) == Settings()) is (name != "duck")
    assert ABLATIONS["duck"].settings(Settings()).turns.duck_db == 0.0
    assert type(ABLATIONS["duck"].parts(Settings())[1]) is Ear

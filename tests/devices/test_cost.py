"""What the whole device costs is read off a real one, on the simulated card."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeagent.settings import Talker
from tests.devices.sim_child import MakeSim, make_sim
from tools.simcard import cost

BEFORE_S = cost.SETTLED_S

__all__ = ["make_sim"]  # a fixture
pytest.importorskip("pyaudio", reason="needs the extra [card]")
pytestmark = pytest.mark.live


@pytest.mark.parametrize("seconds", [1, 9, 14, 60])
def test_the_device_speaks_for_as_long_as_is_measured(seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "SETTLED_S", BEFORE_S)
    words = len(cost.long_enough(seconds).split())
    assert 60 * words / Talker().words_per_minute > BEFORE_S + seconds + 1


@pytest.fixture(autouse=True)
def at_once(make_sim: MakeSim, monkeypatch: pytest.MonkeyPatch) -> None:
    make_sim()  # skips where there is none
    monkeypatch.setattr(cost, "SETTLED_S", 0.5)


def test_a_device_that_speaks_costs_something_and_its_engine_a_part_of_that(tmp_path: Path) -> None:
    process, engine, others, voice = cost.measured(tmp_path, ["say", 4 * cost.TEXT], 2.0, cost._speaks)
    assert 0 < engine < process < 200
    assert others == pytest.approx(process - engine)
    assert 0 <= voice < 200


def test_a_device_that_leaves_costs_nothing_that_could_be_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="exit code 2"):
        cost.measured(tmp_path, ["say", ""], 60.0, cost._waits)

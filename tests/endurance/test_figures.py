"""What is no fault and what is one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tools.endurance.figures import Hour, Look, Simulated
from tools.endurance.process import Cost

LOOKS = 288


def day(
    rss: Callable[[int], float] = lambda _: 100.0,
    hops: Callable[[int], float] = lambda _: 0.5,
    stop_ms: Callable[[int], float] = lambda _: 300.0,
    turns: int = 100,
    files: Callable[[int], int] = lambda _: 20,
    stops: Callable[[int], int] = lambda _: 80,
) -> Simulated:
    looks = [Look((k + 1) / 12, Cost(rss(k), 14.0, 0.0, files(k), 7), 300.0, hops(k), 1.0) for k in range(LOOKS)]
    hours = [Hour(100, stops(k), turns, stop_ms(k), 0.5, 35.0, 192) for k in range(24)]
    return Simulated(24, looks, hours, 1600, 1600, 192)


def test_a_quiet_day_is_no_fault() -> None:
    quiet = day()
    assert quiet.faults == []
    assert quiet.reached == 24
    assert "no fault" in str(quiet)
    assert quiet.figures()["growth_mb"] == 0


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (day(rss=lambda k: 100 + 0.006 * k), "memory of the process has grown by 1."),
        (day(hops=lambda k: 0.5 + 0.001 * k), "a period costs"),
        (day(stop_ms=lambda k: 300 + 5 * k), "stops come +"),
        (day(turns=0), "no turn was handed over"),
        (day(files=lambda k: 20 + k // 50), "more files or threads"),
        (day(stops=lambda k: 80 * (k not in (1, 22))), "nobody could interrupt it in hour 2, 23"),
    ],
)
def test_each_trouble_is_told(found: Simulated, told: str) -> None:
    assert any(told in fault for fault in found.faults), found.faults
    assert told in str(found)


@pytest.mark.parametrize(
    ("lost", "slip", "told"), [(1760, 192, "1760 samples were lost"), (1600, 2000, "beside the card")]
)
def test_a_frame_that_is_not_told_is_a_fault(lost: int, slip: int, told: str) -> None:
    found = day()
    found.lost, found.slip = lost, slip
    (fault,) = found.faults
    assert told in fault

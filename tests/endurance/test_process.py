"""What a process costs, and what counts as growth."""

from __future__ import annotations

import os
import subprocess
import sys
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.endurance.process import cost, growth, growth_base


def test_memory_that_is_taken_shows_and_so_does_a_child() -> None:
    before = cost(os.getpid())
    taken = mmap(-1, 32 << 20, MAP_PRIVATE | MAP_ANONYMOUS)  # fresh: what was freed may still be ours
    taken.write(b"\1" * len(taken))
    grown = cost(os.getpid()).rss_mb - before.rss_mb  # at once: other threads take some, too
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        after = cost(os.getpid())
        while after.children_mb - before.children_mb < 1:  # it is still starting
            after = cost(os.getpid())
        assert grown == pytest.approx(len(taken) / 2**20, abs=4)
        assert after.open_files >= before.open_files + 2
        child.communicate()
    taken.close()
    assert cost(os.getpid()).cpu_s >= before.cpu_s


@given(st.lists(st.floats(0, 1000), min_size=0, max_size=60), st.floats(-100, 100))
def test_a_level_does_not_matter_and_no_change_is_no_growth(values: list[float], level: float) -> None:
    assert growth([level] * len(values)) == 0
    assert growth([value + level for value in values]) == pytest.approx(growth(values), abs=1e-6)


def test_growth_is_what_a_leak_adds_and_neither_the_warm_up_nor_a_peak() -> None:
    warm = [100.0] * 10 + [140.0] * 90
    assert growth(warm) == 0
    warm[50] = warm[-1] = 500.0
    assert growth(warm) == 0
    leaking = [100 + hour * 0.5 for hour in range(100)]
    assert 0.5 * 60 < growth(leaking) < 0.5 * 90
    assert 100 < growth_base(leaking) < 115

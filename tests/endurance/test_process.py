"""What a process costs, and what counts as growth."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.endurance.process import cost, growth, growth_base

TAKES = """
import subprocess, sys
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
print("begun", flush=True)
input()
taken = mmap(-1, 32 << 20, MAP_PRIVATE | MAP_ANONYMOUS)
taken[::4096] = b"x" * (len(taken) // 4096)
print("taken", flush=True)
input()
child = subprocess.Popen([sys.executable, "-c", "print('begun', flush=True); input()"], stdin=subprocess.PIPE)
input()
child.communicate(b"\\n")
"""
"""A process of its own: in this one, which has run thousands of tests, others take and free memory meanwhile."""


def test_memory_that_is_taken_shows_and_so_does_a_child() -> None:
    command, pipe = [sys.executable, "-c", TAKES], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        before = cost(process.pid)
        process.stdin.write(b"\n")
        assert process.stdout.readline() == b"taken\n"
        taken = cost(process.pid)
        process.stdin.write(b"\n")
        assert process.stdout.readline() == b"begun\n"
        after = cost(process.pid)
        process.stdin.write(b"\n")
    assert taken.rss_mb - before.rss_mb == pytest.approx(32, abs=1)
    assert (before.children_mb, taken.children_mb) == (0, 0)
    assert after.children_mb > 1
    assert after.open_files > taken.open_files
    assert after.cpu_s >= before.cpu_s


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

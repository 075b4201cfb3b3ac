"""What may be asserted of a measurement, and how two of them are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.errors import EdgeAgentError
from tests.probe.made_up import document
from tools.probe.figures import HOLDS, UNITS, assertion, compared, flat, singles, summary, table


@pytest.mark.parametrize(
    ("text", "name", "bound"),
    [
        ("stop.p95<=800ms", "stop.p95", 800),
        (" cut.max < 1.5 ", "cut.max", 1.5),
        ("p95<=800", "stop.p95", 800),
        ("max<=900ms", "stop.max", 900),
        ("cpu.idle<=3%", "cpu.idle", 3),
        ("missed==0", "missed", 0),
        ("rss.end<90MB", "rss.end", 90),
        ("cut_mic.n>=25", "cut_mic.n", 25),
    ],
)
def test_what_is_written_is_what_is_meant(text: str, name: str, bound: float) -> None:
    found = assertion(text)
    assert (found.name, found.bound) == (name, bound)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stop.p95", "NAME<=NUMBER"),
        ("stop.p95=>800", "NAME<=NUMBER"),
        ("stop.p95<=fast", "NAME<=NUMBER"),
        ("stopp.p95<=800", "Did you mean 'stop.p95'?"),
        ("stop.p90<=800", "there is no figure 'stop.p90'"),
        ("stop.p95<=800%", "stop.p95 is in ms"),
        ("missed<=1ms", "missed is in no unit"),
        ("", "NAME<=NUMBER"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_word_about_it(text: str, said: str) -> None:
    with pytest.raises(EdgeAgentError) as refused:
        assertion(text)
    assert said in str(refused.value)


@given(st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(HOLDS)), st.integers(0, 10_000), st.integers(0, 10_000))
def test_every_figure_can_be_asserted(name: str, sign: str, value: int, bound: int) -> None:
    holds, line = assertion(f"{name}{sign}{bound / 10}{UNITS[name]}").judge({name: value / 10})
    assert (
        holds
        == {"<=": value <= bound, ">=": value >= bound, "==": value == bound, "<": value < bound, ">": value > bound}[
            sign
        ]
    )
    assert line.startswith("holds" if holds else "BROKEN")


def test_what_was_not_measured_does_not_hold() -> None:
    holds, line = assertion("temperature.max<=80C").judge({})
    assert not holds
    assert "was not measured" in line


def test_figures_of_some_trials() -> None:
    found = summary([{"cut": float(n)} for n in range(1, 101)] + [{"duck": 80.0}, {}])
    assert set(found) == {"duck", "cut"}
    assert found["cut"]["n"] == 100
    assert found["cut"]["max"] == 100
    assert 50 <= found["cut"]["p50"] <= 51
    assert 95 <= found["cut"]["p95"] < found["cut"]["p99"] < 100
    assert found["duck"] == {"n": 1, "p50": 80, "p95": 80, "p99": 80, "max": 80}


def test_a_document_is_compared_with_itself_and_with_another() -> None:
    now, before = document(), document()
    assert "not the same" not in compared(now, now)
    before["figures"]["stop"]["p95"] *= 2
    before["versions"] = {"edgeagent": "0"}
    told = compared(before, now)
    line = next(line for line in told.splitlines() if line.startswith("| stop.p95"))
    assert line.split("|")[4].strip() == "0.50"
    assert "not the same: versions" in told
    assert "cpu.speaking" not in told  # neither has it


def test_the_tables_hold_what_there_is() -> None:
    made = document()
    assert [line.split("|")[1].strip() for line in table(made["figures"]).splitlines()[2:]] == list(made["figures"])
    assert "cpu.idle" in singles(made["single"])
    assert "cpu.speaking" not in singles(made["single"])
    assert flat(made)["stop.n"] == 6

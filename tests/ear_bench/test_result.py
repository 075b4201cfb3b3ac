"""The tables of detectors that are made up."""

from __future__ import annotations

import json

import numpy as np

from edgeagent.turn.policy import VOICED
from tests.ear_bench.test_judge import HOPS, case, finding
from tests.train.listening import event
from tools.ear_bench.judge import WORKING_POINT, Answers
from tools.ear_bench.result import echo_tables, quiet_table
from tools.train.acts import Heard


def test_what_never_happened_and_what_cannot_be_measured_is_json() -> None:
    """Nobody is found, and there was no noise to be taken for a person."""
    nobody = Answers(case(event(Heard.FLOOR, 100, 60)), np.zeros(HOPS, np.float32))
    told = [table.plain() for table in echo_tables({"dev": [nobody]})]
    near = json.loads(json.dumps(told, allow_nan=False))[0]
    figures = {row[""]: row["dev"] for row in near["rows"]}
    assert figures["  onset p95 (ms)"] == "never"
    assert figures["  against noises"] is None


def test_whoever_is_faint_is_found_at_the_working_point_and_not_where_the_policy_takes_it_for_voice() -> None:
    faint = finding(case(event(Heard.FLOOR, 100, 60)), 3, sure=(WORKING_POINT + VOICED) / 2)
    near, _ = echo_tables({"dev": [faint]})
    figures = {str(name): value for name, _, value in near.rows}
    assert (figures["  onset p50 (ms)"], figures["  onset p50 (ms), there"]) == (80.0, np.inf)
    assert (figures["  never found within 1 s"], figures["  never found within 1 s, there"]) == (0.0, 1.0)


def test_scenes_in_which_nobody_speaks_are_tables_as_well() -> None:
    """A few scenes, of which one or the other has nobody."""
    empty = Answers(case(event(Heard.NOISE, 100, 60)), np.zeros(HOPS, np.float32))
    near, background = echo_tables({"dev": [empty]})
    figures = {row[""]: row["dev"] for row in near.plain()["rows"]}  # type: ignore[attr-defined]
    assert figures.pop("events") == 0
    assert [figures.pop(name) for name in list(figures) if "at 0." in name] == [0.0, 0.0]
    assert set(figures.values()) == {None}
    assert "never" not in background.text()
    (row,) = quiet_table([(empty, empty)]).rows
    assert row[1] == 0
    assert all(np.isnan(figure) for figure in row[2:] if isinstance(figure, float))

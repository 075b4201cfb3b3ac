"""Pooling: what does not apply does not count, what never happened is not averaged away."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf, isnan, nan

import pytest

from edgeagent.sim.echo_bench.figures import Figures, Levels
from edgeagent.sim.echo_bench.table import COLUMNS, of_canceller, of_means, plain, pool, worst

ONE = Figures(
    clean=Levels(erle_1s=30.0, erle_end=40.0, sdr=10.0, gain=-1.0),
    linear=Levels(),
    speech_steady=0.0,
    speech_event=nan,
    speech_quiet=0.0,
    false_runs=0.0,
    missed=0.1,
    missed_quiet=0.05,
    lost=0.0,
    drift_2s=nan,
    drift_end=nan,
    block_ms=0.25,
    block_p99_ms=0.5,
    onsets_ms=(10.0, 20.0, 30.0),
)
OTHER = replace(ONE, clean=Levels(erle_1s=20.0, erle_end=44.0, back_s=inf), onsets_ms=(100.0,), missed=0.3)


def test_means_are_over_what_applies() -> None:
    row = pool([ONE, OTHER])
    assert row["clean_erle_1s"] == 25
    assert row["clean_sdr"] == 10
    assert row["clean_back_s"] == inf
    assert isnan(row["linear_sdr"])
    assert [row["onset_p50"], row["onset_p90"]] == pytest.approx([25, 79])
    assert isnan(pool([replace(ONE, onsets_ms=())])["onset_p50"])


def test_every_column_is_a_figure() -> None:
    row = pool([ONE])
    assert {column.figure for column in COLUMNS} <= row.keys()


def test_the_worst_is_the_lowest_or_the_highest() -> None:
    found = worst({"a": pool([ONE]), "b": pool([OTHER])})
    assert found["clean_erle_1s"] == (20, "b")
    assert found["clean_erle_end"] == (40, "a")
    assert found["missed"] == (0.3, "b")
    assert "linear_sdr" not in found


def test_the_table_is_aligned_and_names_the_worst() -> None:
    table = of_canceller("ours", {"a": [ONE], "b": [OTHER]})
    lines = str(table).splitlines()
    assert len({len(line) for line in lines[:-1]}) == 1
    assert [line.split()[0] for line in lines[2:6]] == ["a", "b", "mean", "worst"]
    assert lines[-1].startswith("worst in: b (ERLE 1 s, missed, onset p50, onset p90")
    assert "never" in lines[3]
    assert "lost" not in lines[-1]  # alike in both: none is worse
    assert table.cells()[0][1:3] == ["30.0", "40.0"]


def test_cancellers_are_compared_over_all_conditions() -> None:
    table = of_means("mean", {"ours": {"a": [ONE], "b": [OTHER]}, "theirs": {"a": [OTHER], "b": [OTHER]}})
    assert table.rows["ours"]["clean_erle_1s"] == 25
    assert table.rows["theirs"]["clean_erle_1s"] == 20


def test_json_has_no_number_that_is_none() -> None:
    document = json.loads(json.dumps(plain({"a": [ONE], "b": [OTHER]}), allow_nan=False))
    assert document["conditions"]["b"]["clean_back_s"] == "never"
    assert document["conditions"]["a"]["clean_back_s"] is None
    assert document["worst"]["missed"] == {"value": 0.3, "condition": "b"}
    assert document["mean"]["clean_erle_1s"] == 25

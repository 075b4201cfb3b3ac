"""`python -m tools.wishes` on a tiny scene, and its arithmetic on runs that nobody has simulated."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.sim.folder import write_scene
from edgeagent.sim.score import RunScore
from edgeagent.sim.stops import SELF, Stop
from edgeagent.sim.truth import Happening, Kind
from edgeagent.sim.verdicts import EventScore
from edgeagent.turn.wishes import caution
from edgeagent.units import RATE
from tests.talking import INTERRUPTED, PERSON, talking
from tools.wishes import __main__ as command
from tools.wishes.home import Home, Point, falling, point
from tools.wishes.page import Provenance, module, page, text
from tools.wishes.runs import Order, fair, judged

ROOT = Path(__file__).parents[2]

MURMUR = Happening(Kind.BACKCHANNEL, INTERRUPTED, PERSON.end, "mhm")
"""The same sound, told to be one that the device should speak through: it stops in vain."""


def run(*events: EventScore, stops: int = 0, clear_s: float = 36.0) -> RunScore:
    own = [Stop(0, 100, 100, None, 500, SELF) for _ in range(stops)]
    return RunScore("made up", list(events), [], own, 40, 40, clear_s, 0, 0, 0, 0, 0, None, [])


def event(kind: Kind, *, wrong: bool = False, tested: bool = True) -> EventScore:
    floor = kind in (Kind.INTERRUPTION, Kind.COMMAND)
    return EventScore(kind, 1.0, 1.5, "", tested, false_stop=wrong and not floor, committed=floor and not wrong)


def made_up(nats: float, rate: float) -> Point:
    counts = {str(kind): (1, 10) for kind in (Kind.BACKCHANNEL, Kind.NOISE, Kind.FAR_SPEECH)}
    return Point(nats, counts, {**dict.fromkeys(counts, rate / 4), SELF: rate / 4}, 2, 20, 0.4)


def test_a_false_stop_counts_as_often_as_its_cause_happens_in_a_home() -> None:
    runs = [run(*[event(Kind.BACKCHANNEL, wrong=n < 2) for n in range(9)], stops=1)]
    seldom, often = (point(0.0, runs, Home(backchannels=rate, noises=0, remarks=0)) for rate in (10, 100))
    assert often.hourly["backchannel"] == pytest.approx(10 * seldom.hourly["backchannel"])
    assert 20 < often.hourly["backchannel"] < 30  # 2 of 9, and less sure than that
    assert often.hourly[SELF] == pytest.approx(100.0)  # one in 36 s
    assert often.counts["backchannel"] == (2, 9)
    assert often.rate == pytest.approx(sum(often.hourly.values()))


def test_none_among_few_is_no_proof_and_what_was_not_tested_does_not_count() -> None:
    none = point(0.0, [run(*[event(Kind.NOISE)] * 3, event(Kind.NOISE, wrong=True, tested=False))], Home())
    many = point(0.0, [run(*[event(Kind.NOISE)] * 300)], Home())
    assert none.hourly["noise"] > many.hourly["noise"] > 0
    assert none.counts["noise"] == (0, 3)


def test_who_begins_in_a_pause_of_ours_is_no_stop_for_nothing() -> None:
    for onset, cause in ((101, Kind.COMMAND), (100 + RATE // 2, Kind.COMMAND), (100, SELF), (101 + RATE // 2, SELF)):
        spoke = replace(event(Kind.COMMAND), start_s=onset / RATE)
        coughed = replace(event(Kind.NOISE), start_s=101 / RATE)
        assert [stop.cause for stop in fair(run(coughed, spoke, stops=1), [100]).stops] == [cause]


def test_a_stop_that_the_device_never_made_is_none() -> None:
    for halts, stops in (([], 0), ([101 + RATE // 2], 0), ([100 + RATE // 2], 1), ([9 * RATE, 100], 1)):
        assert len(fair(run(stops=1), halts).stops) == stops


def test_who_is_not_stopped_for_is_missed() -> None:
    one = point(0.0, [run(event(Kind.INTERRUPTION), event(Kind.COMMAND, wrong=True), event(Kind.NOISE))], Home())
    assert (one.missed, one.floor) == (1, 2)


@given(st.dictionaries(st.integers(-6, 6), st.floats(0.5, 300), min_size=1))
def test_the_table_falls_whatever_was_measured(measured: dict[int, float]) -> None:
    points = [made_up(float(nats), rate) for nats, rate in measured.items()]
    table = falling(points)
    assert all(a < b and x >= y for (a, x), (b, y) in pairwise(table))
    assert {nats for nats, _ in table} <= {float(nats) for nats in measured}
    rates = [one.rate for one in points]
    assert min(rates) - 0.01 <= table[-1][1] <= table[0][1] <= max(rates) + 0.01


def test_what_falls_already_stays_and_what_is_out_of_order_is_evened() -> None:
    assert falling([made_up(0, 10.0), made_up(1, 5.0)]) == ((0, 10.0), (1, 5.0))
    assert falling([made_up(0, 10.0), made_up(1, 4.0), made_up(2, 6.0), made_up(3, 1.0)]) == (
        (0, 10.0),
        (1, 5.0),
        (3, 1.0),
    )
    with pytest.raises(ValueError, match="no rate"):
        falling([made_up(0, 0.0)])


PROVENANCE = Provenance("build/wishes", 3, 1.5, {"edgeagent": "1", "near_end": "abc"})


def test_the_module_is_what_the_policy_reads(tmp_path: Path) -> None:
    table = ((-2.0, 31.25), (0.0, 9.5))
    path = tmp_path / "wished.py"
    path.write_text(module(table, Home(), PROVENANCE), encoding="utf-8")
    names = runpy.run_path(str(path))
    assert names["TABLE"] == table
    assert "near_end abc" in names["__doc__"]
    assert caution(9.5, names["TABLE"]) == pytest.approx(0.0)
    assert max(map(len, path.read_text().splitlines())) <= 120


def test_the_page_tells_what_it_assumes_and_what_the_default_comes_to() -> None:
    points = [made_up(-2, 40.0), made_up(0, 10.0)]
    told = page(points, falling(points), Home(backchannels=33), PROVENANCE, "python -m tools.wishes x")
    assert "33 backchannels" in told
    assert "tuned at 0: 10.0 an hour" in told
    assert "line [40.0, 10.0]" in told
    assert text(points) in told
    assert "2 of 20" not in told
    assert "10 % of 20" in told


def test_on_scenes_a_caution_costs_what_it_costs(tmp_path: Path) -> None:
    scenes, out = tmp_path / "scenes", tmp_path / "wished.py"
    write_scene(scenes / "floor", talking(6.0), [PERSON])
    write_scene(scenes / "vain", talking(6.0, seed=1), [MURMUR])
    options = ["--cautions", "6", "-6", "--table", str(out), "--report", str(tmp_path / "page.md"), "--json"]
    options += ["--jobs", "2"]
    line = [sys.executable, "-W", "error", "-m", "tools.wishes", str(scenes), *options]  # as a person starts it
    run = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    told = json.loads(run.stdout)
    assert [one["caution"] for one in told["points"]] == [-6.0, 6.0]
    table = runpy.run_path(str(out))["TABLE"]
    assert [list(row) for row in table] == told["table"]
    assert "(1 of 1)" in (tmp_path / "page.md").read_text()
    assert "the scenes tested no noise and no far speech: what these cost" in run.stderr


def test_what_the_scenes_did_not_test_does_not_pass_for_free() -> None:
    one = point(0.0, [run(event(Kind.BACKCHANNEL), event(Kind.NOISE, tested=False))], Home(remarks=0))
    assert one.untested(Home(remarks=0)) == ["noise"]
    assert one.untested(Home()) == ["noise", "far speech"]
    assert text([one]).count("not tested") == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--jobs", "0"], "nobody would work"),
        (["--cautions", "7"], "beyond the policy"),
        (["--noises", "-1"], "never"),
        (["--table", "nowhere/wished.py"], "no such folder"),
        (["--report", "."], "is a folder"),
    ],
)
def test_what_cannot_be_done_is_told_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert command.main([str(tmp_path), *options]) == 2
    assert said in capsys.readouterr().err


def test_a_caution_reaches_the_policy(tmp_path: Path) -> None:
    """At most caution a voice that is hardly heard is passed over, at least it is stopped for."""
    write_scene(tmp_path / "scene", talking(6.0), [PERSON])
    stops = {nats: judged(Order(tmp_path / "scene", nats, "")).events[0].latency_s for nats in (-6.0, 6.0)}
    assert stops[-6.0] is not None
    assert stops[6.0] is None or stops[6.0] > stops[-6.0]

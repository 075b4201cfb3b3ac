"""The diagram is drawn from the table, and the one in the docs is today's."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from edgeagent.turn import states as s
from edgeagent.turn.diagram import SAMPLE_STATES, diagram
from edgeagent.turn.naming import name

DOCS = Path(__file__).parents[2] / "docs" / "states.md"


def test_every_state_is_drawn() -> None:
    assert {type(state) for state in SAMPLE_STATES} == set(get_args(s.State))
    assert all(name(state) in diagram() for state in SAMPLE_STATES)


def test_the_docs_hold_todays_diagram() -> None:
    assert diagram() in DOCS.read_text(encoding="utf-8"), "run: edgeagent diagram, and put it into docs/states.md"


def test_the_stop_and_its_way_back_are_drawn() -> None:
    drawn = diagram()
    assert "doubting --> yielding: interruption" in drawn
    assert "yielding --> speaking: false_alarm" in drawn

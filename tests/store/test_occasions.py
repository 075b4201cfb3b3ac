"""From journal entries to what is worth keeping the sound of."""

from __future__ import annotations

import pytest

from edgeagent.store.occasions import LISTENED, Kind, Occasion, Occasions
from edgeagent.units import RATE

AFTER = 3 * RATE


def state(at: int, now: str, before: str) -> dict[str, object]:
    return {"at": at, "event": "state", "state": now, "from": before}


SUSPECTED = {"at": 1000, "event": "suspected", "onset": 900}
DOUBT = [SUSPECTED, state(1000, "doubting", "speaking")]
STOP = [*DOUBT, state(5000, "yielding", "doubting")]
PRESS = {"at": 6000, "event": "button_short"}


def found(*entries: dict[str, object]) -> list[Occasion]:
    occasions = Occasions(AFTER)
    return [one for entry in entries if (one := occasions.take(entry)) is not None]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([*DOUBT, state(4000, "speaking", "doubting")], [(Kind.HOLD, 900, 1000, -1, 4000, 4000)]),
        ([*STOP, state(9000, "thinking", "yielding")], [(Kind.STOP, 900, 1000, 5000, 5000, 9000)]),
        ([*STOP, state(9000, "speaking", "yielding")], [(Kind.TAKEN_BACK, 900, 1000, 5000, 9000, 9000)]),
        ([*DOUBT, state(4000, "hearing", "doubting")], [(Kind.OVER, 900, 1000, -1, 4000, 4000)]),
        ([*DOUBT, state(4000, "half_duplex", "doubting")], [(Kind.OVER, 900, 1000, -1, 4000, 4000)]),
        ([PRESS, state(6000, "idle", "speaking")], [(Kind.BUTTON, 6000, -1, -1, 6000, 6000)]),
        ([*DOUBT, PRESS, state(6000, "idle", "doubting")], [(Kind.BUTTON, 900, 1000, -1, 6000, 6000)]),
        (
            [*STOP, PRESS, state(6000, "idle", "yielding")],
            [(Kind.BUTTON, 6000, -1, -1, 6000, 6000), (Kind.STOP, 900, 1000, 5000, 5000, 6000)],
        ),
        ([state(500, "thinking", "hearing"), state(700, "speaking", "thinking")], []),
    ],
)
def test_how_a_doubt_ends_is_what_the_occasion_is(
    entries: list[dict[str, object]], expected: list[tuple[object, ...]]
) -> None:
    assert [(o.kind, o.onset, o.ducked, o.stopped, o.decided, o.ended) for o in found(*entries)] == expected


def test_a_long_turn_is_not_waited_for_and_ends_nothing_twice() -> None:
    occasions = Occasions(AFTER)
    for entry in STOP:
        assert occasions.take(entry) is None
    assert occasions.passes(5000 + LISTENED - 1) is None
    stop = occasions.passes(5000 + LISTENED)
    assert stop is not None
    assert (stop.kind, stop.decided, stop.ended) == (Kind.STOP, 5000, 5000 + LISTENED)
    assert occasions.passes(5000 + 2 * LISTENED) is None
    assert occasions.take(state(200_000, "thinking", "yielding")) is None


def test_it_knows_what_was_being_said() -> None:
    told = [
        {"at": 0, "event": "scripted", "utterance": 3, "text": "A story."},
        {"at": 10, "event": "scripted", "utterance": 4, "text": "Another."},
        {"at": 20, "event": "playing", "utterance": 3},
    ]
    (hold,) = found(*told, *DOUBT, state(4000, "speaking", "doubting"))
    assert hold.saying == "A story."


def test_a_disagreement_about_what_is_kept_anyway_needs_no_clip_of_its_own() -> None:
    hold = [*DOUBT, state(4000, "speaking", "doubting")]
    soon = {"at": 4000 + AFTER - 1, "event": "shadow", "onset": 900}
    late = {"at": 4000 + AFTER, "event": "shadow", "onset": 900}
    assert [one.kind for one in found(*hold, soon)] == [Kind.HOLD]
    assert [one.kind for one in found(*hold, late)] == [Kind.HOLD, Kind.SHADOW]
    sooner = {"at": 4100, "event": "shadow", "onset": 600}  # an ear of its own may have heard it earlier
    assert [one.kind for one in found(*hold, sooner)] == [Kind.HOLD]
    assert found(*STOP, {"at": 20_000, "event": "shadow", "onset": 900}) == []  # the stop is still going on
    (alone,) = found({"at": 70_000, "event": "shadow", "onset": 64_000})
    assert (alone.kind, alone.onset, alone.ended) == (Kind.SHADOW, 64_000, 70_000)


def test_a_press_long_after_a_sentence_is_about_none() -> None:
    entries = (
        {"at": 0, "event": "scripted", "utterance": 0, "text": "It is fine."},
        {"at": 100, "event": "playing", "utterance": 0},
        {"at": 4 * RATE, "event": "button_short"},
        {"at": 4 * RATE, "event": "ceased", "utterance": 0},
        {"at": 4 * RATE + 100, "event": "button_long"},
        {"at": 60 * RATE, "event": "button_long"},
    )
    assert [occasion.saying for occasion in found(*entries)] == ["It is fine.", "It is fine.", ""]


@pytest.mark.parametrize(("state", "kept"), [("mic_lost", 0), ("faulty", 0), ("half_duplex", 1)])
def test_a_doubt_that_the_card_has_ended_was_not_decided(state: str, kept: int) -> None:
    entries = (
        {"at": 2 * RATE, "event": "suspected", "onset": 2 * RATE},
        {"at": 2 * RATE, "event": "state", "state": "doubting", "from": "speaking"},
        {"at": 3 * RATE, "event": "state", "state": state, "from": "doubting"},
    )
    assert len(found(*entries)) == kept

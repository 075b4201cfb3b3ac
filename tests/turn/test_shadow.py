"""The policy in the shadow: told where it would have decided otherwise, and never heard by the one that decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.settings import Activation, Turns
from edgeagent.turn import events as e
from edgeagent.turn.moderator import DOUBT_MOST, Moderator
from edgeagent.turn.policy import Percept
from edgeagent.turn.shadow import DECIDED, TOLERATED, Course, Shadow
from edgeagent.units import HOP, RATE, samples

QUIET, VOICE = 0.02, 0.97

Told = tuple[float, float] | e.Event | e.Fact

EAGER, LIVE, CAUTIOUS = Turns(false_stops_per_hour=60), Turns(), Turns(false_stops_per_hour=0.5)


class Both:
    """A moderator and a shadow, heard with as the engine does; entries: the journal."""

    def __init__(self, tried: Turns | None, live: Turns = LIVE, mode: Literal["open", "wake"] = "open") -> None:
        self.entries: list[dict[str, Any]] = []
        self.live = Moderator(live, lambda entry: self.entries.append(dict(entry)), 0, Activation(mode))
        self.shadow = Shadow(tried, self.live.policy, DOUBT_MOST) if tried else None
        self.tell(e.Ready(0))
        if mode == "open":
            self.speak(1)

    def speak(self, utterance: int) -> None:
        at = self.live.at
        self.tell(e.Scripted(at, utterance, "a long story", length=10_000 * RATE))
        self.tell(e.ReplyReady(at, utterance))
        self.tell(e.Playing(at, utterance, 0, at))

    def tell(self, told: e.Event | e.Fact) -> None:
        if isinstance(told, e.Hint) and self.shadow:
            self.shadow.hint(told)
        self.live.take(told)
        if self.shadow:
            self.shadow.told()

    def hear(self, near: float, floor: float, shadow: tuple[float, float] | None = None) -> None:
        """A step; the shadow's ear hears it likewise, or as it says."""
        self.live.at += HOP
        before = self.live.state
        self.live.hear(Percept(self.live.at, near, floor))
        if self.shadow:
            percept, may_stop = self.live.in_context(Percept(self.live.at, *(shadow or (near, floor))), before)
            if (entry := self.shadow.hear(percept, before, self.live.state, may_stop)) is not None:
                self.entries.append(dict(entry))

    def live_through(self, steps: Iterable[Told]) -> Both:
        for told in steps:
            if isinstance(told, tuple):
                self.hear(*told)
            else:
                self.tell(told)
        return self

    def disagreements(self) -> list[tuple[str, str]]:
        found = [entry for entry in self.entries if entry["event"] == "shadow"]
        return [(entry["live"]["outcome"], entry["shadow"]["outcome"]) for entry in found]


def hops(ms: float, near: float, floor: float) -> list[Told]:
    return [(near, floor)] * (samples(ms) // HOP)


def overlap(ms: float, floor: float, near: float = VOICE) -> list[Told]:
    return [*hops(500, QUIET, 0.5), *hops(ms, near, floor), *hops(1500, QUIET, floor)]


STRETCH = st.tuples(st.sampled_from([0.01, 0.3, 0.49, 0.6, 0.8, 0.97]), st.sampled_from([0.05, 0.4, 0.6, 0.9]))
PIECE: st.SearchStrategy[Any] = st.one_of(
    st.tuples(STRETCH, st.integers(1, 60)).map(lambda piece: [piece[0]] * piece[1]),
    st.sampled_from([[e.ButtonShort(0)], [e.ButtonLong(0)], [e.EchoDoubted(0)], [e.EchoTrusted(0)]]),
    st.just([e.ReplyReady(0, 2)]),
    st.tuples(st.floats(-9, 9), st.floats(-9, 9)).map(lambda nats: [e.Hint(0, "camera", *nats)]),
)
LIVES = st.lists(PIECE, max_size=40).map(lambda pieces: [told for piece in pieces for told in piece])


def stamped(both: Both, steps: Iterable[Told]) -> Both:
    """Events as the engine stamps them."""
    for told in steps:
        if isinstance(told, tuple):
            both.hear(*told)
        else:
            both.tell(replace(told, at=both.live.at))
    return both


@given(LIVES, st.sampled_from([EAGER, LIVE, CAUTIOUS]))
def test_the_live_policy_decides_the_same_with_and_without_it(steps: list[Told], tried: Turns) -> None:
    alone, beside = stamped(Both(None), steps), stamped(Both(tried), steps)
    assert [entry for entry in beside.entries if entry["event"] != "shadow"] == alone.entries


@given(LIVES)
def test_one_that_is_the_same_never_disagrees(steps: list[Told]) -> None:
    assert stamped(Both(LIVE), steps).disagreements() == []


@given(LIVES, st.sampled_from([EAGER, CAUTIOUS]))
def test_every_disagreement_is_one(steps: list[Told], tried: Turns) -> None:
    for entry in stamped(Both(tried), steps).entries:
        if entry["event"] == "shadow":
            live, shadow = entry["live"], entry["shadow"]
            common = live.keys() & shadow.keys() - {"outcome"}
            apart = [abs(live[name] - shadow[name]) for name in common]
            assert live["outcome"] != shadow["outcome"] or max(apart) > TOLERATED
            assert entry["onset"] < entry["at"]


def test_it_says_what_it_would_have_done_and_when() -> None:
    """Both had it ducked; what a cautious one hears to its end and lets pass, the live one stops for."""
    both = Both(CAUTIOUS).live_through(overlap(300, 0.72))
    assert both.disagreements() == [("stopped", "held")]
    (told,) = (entry for entry in both.entries if entry["event"] == "shadow")
    suspected, judged = (next(one for one in both.entries if one["event"] == name) for name in ("suspected", "judged"))
    assert told["onset"] == suspected["onset"]
    assert told["live"] == {"outcome": "stopped", "ducked": suspected["at"], "stopped": judged["at"]}
    assert told["shadow"]["ducked"] == suspected["at"]
    assert told["shadow"]["back"] > judged["at"]
    assert told["at"] == both.entries[-1]["at"] or both.entries[-1]["event"] == "shadow"


def test_an_eager_one_would_stop_where_the_live_one_holds() -> None:
    assert Both(LIVE, live=CAUTIOUS).live_through(overlap(300, 0.72)).disagreements() == [("held", "stopped")]


def test_a_stop_that_comes_later_is_told_from_so_late_on_as_a_person_would_notice() -> None:
    at = samples(4000)
    assert Course(at, at + RATE).agrees(Course(at, at + RATE + TOLERATED))
    assert not Course(at, at + RATE).agrees(Course(at, at + RATE + TOLERATED + HOP))
    assert Course(at, back=at + RATE).agrees(Course(at))
    assert not Course(at, back=at + RATE).agrees(Course(at, back=at + 2 * RATE))


def test_after_a_disagreement_it_stands_where_the_live_one_stands() -> None:
    """The shadow would have stopped, and been silent. The next overlap finds both speaking, and alike."""
    both = Both(LIVE, live=CAUTIOUS).live_through(overlap(300, 0.72))
    both.live_through([*overlap(300, 0.1), *hops(1500, QUIET, 0.1)])
    assert both.disagreements() == [("held", "stopped")]
    assert sum(entry["event"] == "suspected" for entry in both.entries) == 2
    assert vars(both.shadow._policy)["evidence"] == both.live.policy.evidence  # type: ignore[union-attr]


def test_it_is_told_when_all_is_decided_and_not_when_a_long_turn_is_over() -> None:
    """The person goes on for ten seconds; a cautious one would not have come to a verdict in time."""
    both = Both(Turns(false_stops_per_hour=0.01)).live_through([*hops(500, QUIET, 0.5), *hops(10_000, VOICE, 0.4)])
    assert both.disagreements() == [("stopped", "held")]
    (told,) = (entry for entry in both.entries if entry["event"] == "shadow")
    assert abs(told["at"] - told["onset"] - DECIDED) <= HOP
    both.live_through([*hops(1500, QUIET, 0.9), e.NoReply(both.live.at, 1)])
    assert both.entries[-1]["event"] != "shadow"
    assert len(both.disagreements()) == 1


@pytest.mark.parametrize("press", [e.ButtonShort, e.ButtonLong])
def test_a_button_ends_it_for_both(press: type[e.Event]) -> None:
    both = Both(CAUTIOUS).live_through([*hops(500, QUIET, 0.5), *hops(400, VOICE, 0.72), *hops(120, QUIET, 0.72)])
    assert type(both.live.state).__name__ == "Yielding"
    both.tell(press(both.live.at))
    both.hear(QUIET, 0.5)
    assert both.disagreements() == [("stopped", "held")]


@pytest.mark.parametrize("tried", [LIVE, EAGER])
def test_what_was_said_before_a_sleeping_device_speaks_by_itself_is_of_no_account_for_either(tried: Turns) -> None:
    both = Both(tried, mode="wake").live_through(hops(1000, VOICE, 0.9))
    assert type(both.live.state).__name__ == "Idle"
    both.speak(1)
    both.live_through([*hops(48, 0.6, 0.9), *hops(2000, QUIET, 0.5)])
    assert "suspected" not in {entry["event"] for entry in both.entries}
    assert both.disagreements() == []


def test_an_ear_of_its_own_may_hear_what_the_live_one_does_not() -> None:
    both = Both(LIVE)
    for near in [QUIET] * 30 + [VOICE] * 40 + [QUIET] * 100:
        both.hear(QUIET, 0.5, (near, 0.9))
    assert both.disagreements() == [("nothing", "stopped")]
    (told,) = (entry for entry in both.entries if entry["event"] == "shadow")
    assert told["live"] == {"outcome": "nothing"}
    assert abs(told["onset"] - 30 * HOP) <= HOP

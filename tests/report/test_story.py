"""What the report reads out of a journal."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.report.page import page
from edgeagent.report.record import Truth
from edgeagent.report.story import Reaction, Span, overlaps, reactions, silent_from, states, utterances
from edgeagent.report.tables import outcome
from edgeagent.report.timeline import lines
from edgeagent.units import RATE
from tests.report.made_up import JOURNAL, SILENT_FROM, TRUTH, entry, made_up, state, without_truth

RECORD = made_up()
SHORT = replace(without_truth(), speaker=RECORD.speaker[: RATE // 4], microphone=RECORD.microphone[: RATE // 4])
SPANS = states(JOURNAL, RECORD.length)


def rows(journal: list[dict[str, object]], truth: tuple[Truth, ...] = TRUTH) -> list[Reaction]:
    return reactions(overlaps(journal), truth, states(journal, RECORD.length), RECORD.speaker)


def test_states_follow_one_another_without_gaps() -> None:
    assert [span.state for span in SPANS] == [
        "idle", "speaking", "doubting", "speaking", "doubting", "yielding", "thinking"
    ]  # fmt: skip
    assert SPANS[1] == Span(RATE, round(2.25 * RATE), "speaking")
    assert all(a.end == b.start for a, b in pairwise(SPANS))
    assert SPANS[-1].end == RECORD.length


def test_each_thing_that_happened_gets_what_was_done_about_it() -> None:
    uh_huh, cough, wait = rows(JOURNAL)
    assert outcome(uh_huh) == "ducked for 500 ms, then spoke on"
    assert uh_huh.overlaps[0].suspected - uh_huh.onset == RATE // 4
    assert outcome(cough) == "spoke on, undisturbed"
    assert outcome(wait) == "ducked, then stopped"
    assert wait.silent == SILENT_FROM
    assert wait.overlaps[0].heard == (4, 6)
    assert [row.right for row in rows(JOURNAL)] == [True, True, True]


def test_a_stop_is_for_the_person_who_takes_the_floor_not_for_a_noise_meanwhile() -> None:
    *before, person = TRUTH
    noise = Truth("noise", person.start + 100, person.start + RATE // 2)
    wait, knock = rows(JOURNAL, (*before, person, noise))[-2:]
    assert (wait.truth, knock.truth) == (person, noise)
    assert outcome(wait) == "ducked, then stopped"
    assert outcome(knock) == "spoke on, undisturbed"
    assert wait.right
    assert knock.right


def test_without_truth_each_overlap_stands_for_itself_from_its_own_onset() -> None:
    first, second = rows(JOURNAL, ())
    assert (first.onset, second.onset) == (round(2.125 * RATE), round(5.4375 * RATE))
    assert first.right is None


def test_wrong_reactions_are_called_wrong() -> None:
    swapped = (Truth("command", 2 * RATE, round(2.4 * RATE)), Truth("far_speech", round(5.4 * RATE), 7 * RATE))
    assert [row.right for row in rows(JOURNAL, swapped)] == [False, False]
    (missed,) = (row for row in rows(JOURNAL, (Truth("interruption", 3 * RATE, 4 * RATE),)) if row.truth)
    assert (missed.right, outcome(missed)) == (False, "did not notice")
    (late,) = (row for row in rows(JOURNAL, (Truth("command", 9 * RATE, 10 * RATE),)) if row.truth)
    assert (late.right, outcome(late)) == (None, "was not speaking")


def test_a_stop_that_was_taken_back_counts_as_held() -> None:
    journal = [*JOURNAL[:19], entry(6.5, "judged", verdict="false_alarm"), state(6.5, "yielding", "speaking")]
    wait = rows(journal)[-1]
    assert wait.overlaps[0].taken_back == round(6.5 * RATE)
    assert outcome(wait) == "stopped, took it back and went on"
    assert wait.right is False


def test_a_doubt_may_end_without_verdict_or_not_at_all() -> None:
    assert (
        outcome(rows([*JOURNAL[:10], state(3.75, "doubting", "speaking")], ())[0])
        == "ducked for 1500 ms, then spoke on"
    )
    assert "no verdict" in outcome(rows(JOURNAL[:10], ())[0])


def test_the_silence_begins_behind_the_last_sample_and_short_gaps_are_none() -> None:
    sound = np.zeros(4000, np.float32)
    sound[:1000] = sound[1100:2000] = 0.5
    assert silent_from(sound, 500) == 2000
    assert silent_from(sound, 2500) == 2500
    assert silent_from(np.ones(4000, np.float32), 500) is None


def test_an_utterance_knows_when_it_sounded_and_what_was_heard() -> None:
    (said,) = utterances(JOURNAL, RECORD.length)
    assert said.spoken == ((RATE, round(6.02 * RATE), 0),)
    assert (said.heard, said.of, said.text_heard, said.finished) == (4, 6, "One two three <b>four</b>", False)
    (open_end,) = utterances(JOURNAL[:9], RECORD.length)
    assert open_end.spoken == ((RATE, RECORD.length, 0),)


ODD: Any = st.one_of(
    st.none(), st.text(max_size=3), st.integers(-5, 10**6), st.floats(), st.lists(st.integers(), max_size=2)
)
NAMES = ("state", "suspected", "judged", "playing", "ceased", "heard_words", "scripted", "odd")
FIELDS = ("at", "state", "from", "onset", "verdict", "utterance", "offset", "heard", "of", "text", "length")


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), ODD).flatmap(
    lambda facts: st.sampled_from(NAMES).map(lambda name: {**facts, "event": name}))))  # fmt: skip
def test_a_strange_journal_is_no_reason_to_fail(journal: list[dict[str, object]]) -> None:
    assert page(replace(SHORT, journal=journal))
    assert all("\n" not in text for text in lines(journal))

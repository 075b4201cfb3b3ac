"""What is taught of each hop, and what is left open."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.detect.backchannel import KINDS
from edgeagent.detect.near_end import CLASSES
from edgeagent.units import HOP
from tests.train.listening import event, scene
from tools.train.acts import Heard
from tools.train.truth import AFTER, FROM, IGNORED, WORDS_FROM, hop_of, truth, vocabulary, word_of

START, LASTS = 50, 60


def test_the_labels_are_as_late_as_the_canceller() -> None:
    happened = event(Heard.FLOOR, START, LASTS)
    told = truth(scene([happened]), {})
    near = np.flatnonzero(told.near == CLASSES.index("near"))
    assert (near[0], near[-1] + 1) == (hop_of(happened.start), hop_of(happened.stop))
    assert hop_of(happened.start) > START


@pytest.mark.parametrize(
    ("heard", "near", "kind"),
    [
        (Heard.FLOOR, "near", "floor"),
        (Heard.BACKCHANNEL, "near", "backchannel"),
        (Heard.NOISE, "noise", "other"),
        (Heard.FAR, "far", "other"),
    ],
)
def test_who_speaks_here_is_near_and_what_they_want_is_another_matter(heard: Heard, near: str, kind: str) -> None:
    told = truth(scene([event(heard, START, LASTS)]), {})
    middle = START + LASTS // 2
    assert CLASSES[told.near[middle]] == near
    assert KINDS[told.kind[middle]] == kind
    assert told.near[START - 10] == CLASSES.index("nothing")


def test_the_kind_is_not_asked_at_once_and_answered_for_a_while_after() -> None:
    happened = event(Heard.FLOOR, START, LASTS)
    told = truth(scene([happened]), {})
    onset, end = hop_of(happened.start), hop_of(happened.stop)
    assert (told.kind[onset : onset + FROM] == IGNORED).all()
    assert (told.kind[onset + FROM : end + AFTER] == KINDS.index("floor")).all()
    assert (told.kind[end + AFTER :] != KINDS.index("floor")).all()
    assert told.kind_weight[end + 1] > told.kind_weight[-1]


def test_borders_count_little() -> None:
    told = truth(scene([event(Heard.FLOOR, START, LASTS)]), {})
    onset, middle = hop_of(event(Heard.FLOOR, START, LASTS).start), START + LASTS // 2
    assert told.near_weight[onset] < told.near_weight[middle]
    assert told.near_weight[onset - 1] < told.near_weight[onset - 20]


def test_the_beginning_of_a_voice_counts_most_and_that_of_a_noise_does_not() -> None:
    onset, middle = hop_of(START * HOP) + 5, START + LASTS // 2
    spoken, dropped = (truth(scene([event(heard, START, LASTS)]), {}) for heard in (Heard.BACKCHANNEL, Heard.NOISE))
    assert spoken.near_weight[onset] > spoken.near_weight[middle]
    assert dropped.near_weight[onset] == dropped.near_weight[middle]


@pytest.mark.parametrize("heard", [Heard.FLOOR, Heard.NOISE])
def test_what_reaches_over_the_end_of_a_scene_is_cut(heard: Heard) -> None:
    told = truth(scene([event(heard, 380, 40, "stop")]), {word_of("made up", "stop"): 0})
    assert {len(array) for array in (told.near, told.kind, told.word, told.near_weight, told.kind_weight)} == {400}
    late = truth(scene([event(heard, 399, 5)]), {})
    assert len(late.kind) == 400


def test_words_are_taught_near_their_end_and_only_those_known() -> None:
    events = [event(Heard.FLOOR, START, 40, "stop"), event(Heard.FLOOR, 200, 40, "seldom")]
    told = truth(scene(events), {word_of("made up", "stop"): 7})
    taught = np.flatnonzero(told.word != IGNORED)
    assert (told.word[taught] == 7).all()
    assert START + 15 <= taught[0] < taught[-1] <= START + 50


def test_the_same_gloss_is_another_word_in_another_language() -> None:
    assert word_of("arabic_commands", "yes") != word_of("speech_commands", "yes")
    assert word_of("hum", "") == ""


def test_only_what_occurs_often_enough_is_a_word() -> None:
    def said(text: str, times: int) -> list[tuple[str, int]]:
        return [(text, n) for n in range(times)]

    rows = said("yes", WORDS_FROM) + said("no", WORDS_FROM + 5) + said("seven", WORDS_FROM - 1) + said("", 99)
    scenes = [scene([event(Heard.FLOOR, 10, 20, text)]) for text, _ in rows]
    assert vocabulary(scenes) == {word_of("", "no"): 0, word_of("", "yes"): 1}

"""The heard words, judged by the record of the simulated card; and the judge."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edgeagent.errors import ServiceError
from edgeagent.settings import Talker
from tools.simcard import BuildError, build
from tools.simcard.heard_words import SETTLED, Director, Trial, Whole, judged, played, spoken

ROOT = Path(__file__).parents[2]

SENTENCE = np.random.default_rng(1).normal(0, 5000, 9000).astype(np.float32)
ENDS = [(2000, 2000), (1900, 2000), (5000, 5000), (9000, 9000)]


def record(count: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Of a card that has played so many samples of it."""
    return np.concatenate((np.zeros(700), SENTENCE[:count], np.zeros(900))).astype(np.int16)


@pytest.mark.parametrize("count", [300, 1999, 5000, 9000])
def test_the_judge_finds_how_much_was_played(count: int) -> None:
    assert played(record(count).astype(np.float32), SENTENCE) == count


@pytest.mark.parametrize(("count", "right"), [(1890, {0}), (1950, {0, 1}), (2010, {1})])
def test_where_the_voice_varies_either_is_right(count: int, right: set[int]) -> None:
    whole = {"it": Whole(SENTENCE, [(1920, 1980)])}
    assert {heard for heard in range(3) if judged([Trial("it", heard, record(count))], whole) == {0: 1}} == right


def test_the_judge_counts_the_words_that_are_wrong() -> None:
    trials = [Trial("it", heard, record(4000)) for heard in (2, 2, 3, 0)]
    assert judged(trials, {"it": Whole(SENTENCE, ENDS)}) == {0: 2, 1: 1, 2: 1}


class Card:
    """As much of a simulated card, and of the device that plays through it, as the director asks for."""

    state = SimpleNamespace(output_underruns=0)

    def __init__(self) -> None:
        self.said: list[str] = []
        self.over = False

    def frame(self) -> int:
        return 0

    def played(self, _start: int, _stop: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
        return record(4000)

    def say(self, text: str) -> None:
        self.said.append(text)

    def stop(self) -> None:
        self.over = True


def test_a_stop_that_was_not_ours_and_was_taken_back_is_not_judged_and_shifts_nothing() -> None:
    card = Card()
    director = Director(card, 1, 1)  # type: ignore[arg-type]
    director.direct(card)  # type: ignore[arg-type]

    def states(*names: str) -> None:
        for name in names:
            director.write({"event": "state", "state": name})

    def heard(words: str) -> None:
        director.write({"event": "heard_words", "text_heard": words})

    def settle() -> None:
        director.capture(np.zeros(SETTLED, np.float32))

    states("idle")
    settle()
    assert len(card.said) == 1
    states("speaking", "doubting", "yielding")
    heard("")
    settle()
    states("speaking")
    settle()
    assert len(card.said) == 1
    heard("one two three")
    states("idle")
    settle()
    assert (len(card.said), director.spoiled, director.trials) == (2, 1, [])
    states("speaking")
    heard("one")
    states("idle")
    settle()
    assert [trial.heard for trial in director.trials] == [1]
    assert card.over


def measured(talker: str, stops: int) -> dict[str, object]:
    """By the tool, as JSON; skips where its card or the voice is missing."""
    pytest.importorskip("pyaudio", reason="needs the extra [card]")
    if talker == "command" and shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    try:
        build()
        spoken(Talker(kind="flite") if talker == "flite" else Talker())
    except (BuildError, ServiceError) as missing:
        pytest.skip(str(missing))
    command = [sys.executable, "-m", "tools.simcard.heard_words", "--json", "--talker", talker, "--stops", str(stops)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60 + 8 * stops, check=False)
    assert done.stdout, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    assert found["stops"] == stops
    return found


@pytest.mark.live
def test_every_word_is_right_through_portaudio() -> None:
    assert measured("espeak", 4)["wrong"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("talker", ["espeak", "flite"])
def test_every_word_is_right_in_two_hundred_stops(talker: str) -> None:
    assert measured(talker, 200)["wrong"] == 0


@pytest.mark.slow
def test_estimated_words_are_right_to_within_one_in_two_hundred_stops() -> None:
    found = measured("command", 200)
    assert found["worst"] in (0, 1)
    assert found["wrong"] in range(60)

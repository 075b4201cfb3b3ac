"""The heard words, judged by the record of the simulated card; and the judge."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgeagent.errors import ServiceError
from edgeagent.settings import Talker
from tools.simcard import BuildError, build
from tools.simcard.heard_words import Trial, judged, played, spoken

ROOT = Path(__file__).parents[2]

SENTENCE = np.random.default_rng(1).normal(0, 5000, 9000).astype(np.float32)
ENDS = [2000, 2000, 5000, 9000]


def record(count: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Of a card that has played so many samples of it."""
    return np.concatenate((np.zeros(700), SENTENCE[:count], np.zeros(900))).astype(np.int16)


@pytest.mark.parametrize("count", [300, 1999, 5000, 9000])
def test_the_judge_finds_how_much_was_played(count: int) -> None:
    assert played(record(count).astype(np.float32), SENTENCE) == count


def test_the_judge_counts_the_words_that_are_wrong() -> None:
    trials = [Trial("it", heard, record(4000)) for heard in (2, 2, 3, 0)]
    assert judged(trials, {"it": (SENTENCE, ENDS)}) == {0: 2, 1: 1, 2: 1}


@pytest.mark.parametrize("talker", ["espeak", pytest.param("flite", marks=pytest.mark.slow)])
def test_every_word_is_right_through_portaudio(talker: str) -> None:
    pytest.importorskip("pyaudio", reason="needs the extra [card]")
    try:
        build()
        spoken(Talker(kind="flite") if talker == "flite" else Talker())
    except (BuildError, ServiceError) as missing:
        pytest.skip(str(missing))
    command = [sys.executable, "-m", "tools.simcard.heard_words", "--stops", "4", "--json", "--talker", talker]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"talker": talker, "stops": 4, "wrong": 0, "worst": 0}

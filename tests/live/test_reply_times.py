"""How soon a reply comes: the whole device on the simulated card, judged by what its DAC gave."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeagent.errors import EdgeAgentError
from edgeagent.ports import Pcm
from tools.probe.tap import Block, Tap
from tools.probe.voices import interruptions
from tools.simcard import BuildError, build
from tools.simcard.reply_times import AUDIBLE, LEVEL_DBFS, LIMIT_MS, PHRASES, Person, percentiles, report

ROOT = Path(__file__).parents[2]
GIVE_UP_S = 170


def measured(*options: str) -> dict[str, Any]:
    """What the tool prints; skips where it cannot run."""
    pytest.importorskip("pyaudio", reason="needs the extra [card]")
    try:
        build()
        interruptions(PHRASES[:1], None, LEVEL_DBFS, 16_000)
    except BuildError as missing:
        pytest.skip(str(missing))
    except EdgeAgentError as missing:
        pytest.skip(f"espeak-ng is not there: {missing}")
    command = [sys.executable, "-m", "tools.simcard.reply_times", "--json", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=GIVE_UP_S, check=False)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.live
@pytest.mark.timing
def test_a_reply_begins_within_150_ms_beyond_the_patience_in_19_of_20_turns(
    record_property: Callable[[str, object], None],
) -> None:
    """Of all turns, those that began in silence and those that interrupted. By the ear's end of the turn, from which
    the patience counts; the voice itself ends a little sooner."""
    found = measured("--turns", "20")
    record_property("beyond_patience_ms", json.dumps(found["by_ear"]))
    print(f"beyond the patience, ms: {found['by_ear']}, from the last sample of the voice: {found['by_voice']}")
    assert found["turns"] >= 20
    assert 0 < found["by_ear"]["p50"] <= found["by_ear"]["p95"] <= LIMIT_MS


@pytest.mark.slow
def test_a_recogniser_that_needs_as_long_as_the_sound_is_done_sooner_where_it_begins_at_the_suspicion() -> None:
    early = measured("--turns", "16", "--recogniser", "slow")
    late = measured("--turns", "16", "--recogniser", "slow", "--late")
    assert early["text"]["p50"] + 50 < late["text"]["p50"]


class Record:
    """A card that has given `dac` and nothing else; its frames are the microphone's, less 100."""

    def __init__(self, dac: Pcm) -> None:
        self.dac = dac
        self.state = Namespace(output_underruns=0)

    def frame(self, monotonic_ns: int | None = None) -> int:
        return self.dac.size if monotonic_ns is None else round(monotonic_ns * 16e-6) - 100

    def played(self, start: int, stop: int) -> Pcm:
        return self.dac[start:stop]


def judge(end: int, reply: int, patience_ms: float = 700.0) -> Person:
    """A turn whose voice ended at microphone sample `end`, the ear thought 160 later; its reply began at `reply`."""
    dac = np.zeros(60_000, np.int16)
    dac[reply - 100 :] = AUDIBLE
    tap = Tap()
    tap.heard.append(Block(1600, np.zeros(160, np.int16), 0.1, 0.1, 1))
    person = Person(Record(dac), tap, [], 1, 1)  # type: ignore[arg-type]
    turn = person._turn
    turn.start, turn.voice_end = end - 9000, end
    person.write({"event": "speech_ended", "end": end + 160, "patience_ms": patience_ms})
    person.write({"event": "playing"})
    person._judge()
    return person


def test_the_judge_counts_from_the_end_of_the_voice_to_the_first_sound_less_the_patience() -> None:
    (turn,) = judge(20_000, 20_000 + 160 + 16 * 750).turns
    assert turn.by_ear == pytest.approx(50, abs=0.1)
    assert turn.by_voice == pytest.approx(60, abs=0.1)


def test_a_turn_in_which_the_loudspeaker_was_not_silent_counts_as_spoilt() -> None:
    person = judge(20_000, 19_000)
    assert (person.turns, person.spoilt) == ([], 1)


@pytest.mark.parametrize(("reply_ms", "code"), [(840, 0), (860, 1)])
def test_the_limit_decides_the_exit_code(reply_ms: int, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    person = judge(20_000, 20_000 + 160 + 16 * reply_ms)
    assert report(person, Namespace(json=True, uri="")) == code
    assert json.loads(capsys.readouterr().out)["by_ear"]["p95"] == pytest.approx(reply_ms - 700, abs=0.2)


def test_without_figures_there_are_no_percentiles() -> None:
    assert percentiles([float("nan")] * 3) == {}

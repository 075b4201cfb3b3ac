"""Models are refused for each thing that is wrong with them, and for nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgeagent.errors import EdgeAgentError
from tools.train.card import Result
from tools.train.corpus import Clip, Corpus, Part
from tools.train.figures import NONE, Pairs
from tools.train.gate import GATE, MAIN, QUANTIZED_LOSS, comparable, gate

NAMES = tuple(GATE)
HEARD = Pairs(80, (0.3, 0.25, 0.2, 0.2), (0.5, 0.5, 0.48, 0.48), (0.45, 0.42, 0.4, 0.4))
GUESSED = Pairs(80, (0.5,) * 4, (0.4,) * 4, (0.4,) * 4)


def good() -> Result:
    """Models that may be written: what is no main row, or no held-out speaker's, may be guessed."""
    made = Result(set(), 100, 0)
    made.near[Part.HELD_OUT], made.kind[Part.HELD_OUT] = ({"all": GATE[name]} for name in NAMES)
    made.near[Part.DEV] = made.kind[Part.DEV] = {"all": 0.5}
    for part in (Part.HELD_OUT, Part.DEV):
        made.lost[part] = dict.fromkeys(NAMES, QUANTIZED_LOSS)
    made.pairs[Part.HELD_OUT] = {**dict.fromkeys(MAIN, HEARD), "espeak": GUESSED, "festival": NONE}
    made.pairs[Part.DEV] = dict.fromkeys(MAIN, GUESSED)
    made.pairs[Part.UNHEARD] = {"Flite": GUESSED}
    return made


def test_what_is_good_enough_is_written() -> None:
    gate(good())
    lacking = good()
    lacking.pairs[Part.HELD_OUT][MAIN[1]] = NONE
    gate(lacking)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_is_weak_on_speakers_held_out_is_refused(name: str) -> None:
    made = good()
    {NAMES[0]: made.near, NAMES[1]: made.kind}[name][Part.HELD_OUT]["all"] -= 0.001
    with pytest.raises(EdgeAgentError, match=rf"^{name}: area under the curve 0\.\d+ < {GATE[name]}"):
        gate(made)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("part", [Part.HELD_OUT, Part.DEV])
def test_a_model_that_loses_by_being_quantized_is_refused(name: str, part: Part) -> None:
    made = good()
    made.lost[part] = {**made.lost[part], name: QUANTIZED_LOSS + 0.001}
    with pytest.raises(EdgeAgentError, match=rf"^{name}: loses 0.006.*quantized \({part}\)"):
        gate(made)


@pytest.mark.parametrize("row", MAIN)
@pytest.mark.parametrize("what", ["length", "level"])
@pytest.mark.parametrize(("moment", "said"), list(enumerate(("200 ms", "300 ms", "500 ms", "the end"))))
def test_a_model_that_does_not_beat_a_baseline_is_refused(row: str, what: str, moment: int, said: str) -> None:
    """At any moment; as good as it is not better."""
    alone = list(getattr(HEARD, what))
    alone[moment] = HEARD.model[moment]
    made = good()
    made.pairs[Part.HELD_OUT][row] = replace(HEARD, **{what: tuple(alone)})  # type: ignore[arg-type]
    with pytest.raises(EdgeAgentError, match=f"^backchannel: errs in .* of {row} .*{said}, {what} alone"):
        gate(made)


def test_a_model_that_could_not_be_compared_is_refused() -> None:
    made = good()
    made.pairs[Part.HELD_OUT] = {**dict.fromkeys(MAIN, NONE), "espeak": HEARD}
    with pytest.raises(EdgeAgentError, match="no held-out speakers of English words"):
        gate(made)


def held_out(listening: tuple[str, str], taking: tuple[str, str]) -> Corpus:
    """Of one word of either kind. Source and text."""
    clips = [Clip(Path("a.wav"), 0, 16000, ((0, 8000),), "Ada", text, source) for source, text in (listening, taking)]
    return Corpus(backchannels=clips[:1], commands=clips[1:])


def test_a_corpus_that_could_give_no_row_is_refused_before_anything_is_learnt() -> None:
    comparable(held_out(("speech_commands_v2", "yes"), ("speech_commands", "stop")))
    comparable(held_out(("arabic_commands", "ok"), ("arabic_commands", "cancel")))
    for other in (
        held_out(("ours", "yes"), ("ours", "stop")),
        held_out(("arabic_commands", "yes"), ("speech_commands", "stop")),
        held_out(("speech_commands", "ok"), ("speech_commands", "stop")),
    ):
        with pytest.raises(EdgeAgentError, match=r"has no held-out speakers of .*; .*PAIRS"):
            comparable(other)


def test_what_is_no_number_passes_nothing() -> None:
    made = good()
    made.kind[Part.HELD_OUT]["all"] = made.lost[Part.DEV][NAMES[0]] = float("nan")
    made.pairs[Part.HELD_OUT][MAIN[0]] = replace(HEARD, model=(float("nan"),) * 4)
    with pytest.raises(EdgeAgentError) as refused:
        gate(made)
    assert all(said in str(refused.value) for said in ("nan <", "loses nan", "errs in nan"))

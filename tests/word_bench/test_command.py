"""`python -m tools.word_bench`: who is counted where, and what follows from the counts."""

from __future__ import annotations

from math import inf
from pathlib import Path

import numpy as np
import pytest

from edgeagent.detect.words import PRE_ROLL
from edgeagent.services.scripted_spotter import ScriptedSpotter
from edgeagent.sim.patient_spotter import PatientSpotter
from edgeagent.turn.cue_words import Cue
from edgeagent.units import samples
from tests.train.made_up import build
from tools.train.corpus import Part, load_corpus
from tools.word_bench.__main__ import LISTENING, TAKING, Row, groups, main, measure, nats, ratios, table

SOUND = np.zeros(samples(1000), np.float32)


def rows(**cues: tuple[int, int, int]) -> dict[str, Row]:
    """(takes, listens, nothing) of the groups named, and of all others nothing at all."""
    names = {*TAKING, *LISTENING, "noise"}
    counts = {name: cues.get(name.split()[0], (0, 0, 20)) for name in names}
    return {name: Row(dict(zip((Cue.TAKES, Cue.LISTENS, Cue.NOTHING), c, strict=True))) for name, c in counts.items()}


def test_what_is_understood_is_counted_with_its_delay() -> None:
    at = PRE_ROLL + samples(200)
    spotter = ScriptedSpotter([[(at, "stop")], [(at, "yeah"), (at + samples(100), "")], [(at, "yeah")]])
    drawn = {"a": [(SOUND, PRE_ROLL)] * 2, "b": [(SOUND, PRE_ROLL)]}
    found = measure(drawn, PatientSpotter(spotter))
    assert found["a"].cues == {Cue.TAKES: 1, Cue.NOTHING: 1, Cue.LISTENS: 0}
    assert found["a"].late == [200.0]
    assert found["b"].cues[Cue.LISTENS] == 1


def test_who_understands_nothing_says_nothing() -> None:
    nats = ratios(rows())
    assert all(abs(value) < 1e-9 for cue in nats.values() for value in cue.values())


def test_the_better_the_recogniser_the_more_a_word_is_worth() -> None:
    fair = ratios(rows(takes=(10, 5, 5), listens=(5, 10, 5)))
    good = ratios(rows(takes=(19, 0, 1), listens=(0, 19, 1)))
    assert 0 < fair["takes"]["floor"] < good["takes"]["floor"] < inf
    assert 0 > fair["listens"]["floor"] > good["listens"]["floor"] > -inf
    assert good["takes"]["person"] > fair["takes"]["person"] > 0


def test_few_recordings_give_no_great_figures() -> None:
    few = ratios(rows(takes=(1, 0, 0), listens=(0, 1, 0)))
    many = ratios(rows(takes=(100, 0, 0), listens=(0, 100, 0)))
    assert 0 < few["takes"]["floor"] < many["takes"]["floor"]


def test_every_group_is_drawn_and_begins_before_its_onset(tmp_path: Path) -> None:
    drawn = groups(load_corpus(build(tmp_path), Part.TRAIN), 1, np.random.default_rng(1))
    assert {name: len(sounds) for name, sounds in drawn.items()} == {
        "takes the floor": 1,
        "takes it, unknown": 0,  # there is but one source, and it is known
        "listens": 1,
        "listens, unknown": 0,
        "other word": 1,
        "phrase": 1,
        "noise": 0,  # shorter than a piece
    }
    for name in ("takes the floor", "listens", "other word"):
        ((sound, onset),) = drawn[name]
        assert np.abs(sound[:onset]).max() < 0.003
        assert np.abs(sound[onset:]).max() > 0.05


def test_the_tables_name_every_group_and_cue() -> None:
    found = table(rows()) + nats(rows())
    assert all(name in found for name in (*TAKING, *LISTENING, "noise", *Cue))


@pytest.mark.parametrize("wrong", [("--most", "0"), ("--most", "-1"), ("--seed", "-1")])
def test_numbers_that_mean_nothing_are_told_in_a_line(
    wrong: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), *wrong]) == 2
    assert " ".join(wrong) in capsys.readouterr().err


def test_a_group_of_which_the_corpus_has_nothing_has_no_shares() -> None:
    found = rows()
    found["noise"] = Row()
    assert "| noise | 0 | - | - | - | - |" in table(found)


def test_a_folder_that_is_none_is_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == 2
    assert "cannot be read" in capsys.readouterr().err

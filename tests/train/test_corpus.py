"""Who is learnt from and who is held out."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeagent.errors import EdgeAgentError
from tests.train.made_up import HELD_OUT, NAMES, build
from tools.train import corpus as c

LISTED = (Path(c.__file__).parent / "held_out.txt").read_text(encoding="utf-8").split()


def test_the_list_of_held_out_speakers_is_what_the_names_say() -> None:
    assert len(LISTED) > 50
    assert all(c.held_out(name) for name in LISTED)


def test_about_one_name_in_ten_is_held_out() -> None:
    share = sum(c.held_out(f"speaker {i}") for i in range(5000)) / 5000
    assert 0.08 < share < 0.12


def test_parts_share_no_speaker(tmp_path: Path) -> None:
    build(tmp_path)
    taught, tested = (c.load_corpus(tmp_path, part) for part in (c.Part.TRAIN, c.Part.HELD_OUT))
    assert set(taught.agent) == set(taught.words) == set(NAMES)
    assert set(tested.agent) == set(tested.words) == {HELD_OUT}


def test_recordings_are_sorted_by_what_is_said(tmp_path: Path) -> None:
    corpus = c.load_corpus(build(tmp_path), c.Part.TRAIN)
    assert {clip.text for clip in corpus.commands} == {"stop"}
    assert {clip.text for clip in corpus.backchannels} == {"yes"}
    assert {clip.text for clips in corpus.words.values() for clip in clips} == {"seven"}
    assert len(corpus.phrases) == len(NAMES)
    assert corpus.credits == {("nobody", "CC0")}


def test_says_what_a_corpus_lacks(tmp_path: Path) -> None:
    build(tmp_path)
    with pytest.raises(EdgeAgentError, match="no agent, phrases"):
        c.load_corpus(tmp_path, c.Part.DEV)


def test_says_that_there_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(EdgeAgentError, match=r"segments\.csv: cannot be read"):
        c.load_corpus(tmp_path, c.Part.TRAIN)


def test_the_reference_corpus_gives_the_list(shared: Path) -> None:
    folder = shared / "corpus"
    if not folder.is_dir():
        pytest.skip("no corpus")
    corpus = c.load_corpus(folder, c.Part.HELD_OUT)
    clips = [*corpus.phrases, *corpus.commands, *corpus.backchannels]
    assert {clip.speaker for clip in clips} | set(corpus.agent) | set(corpus.words) == set(LISTED)

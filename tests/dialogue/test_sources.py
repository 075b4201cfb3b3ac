"""Of whom the words of a language are: what is said to be somebody's is there, and nothing else is said to be.

In `sources/` lie what Unicode CLDR 48 has of yes and no (under its licence, beside it), and of the Switchboard Dialogue
Act Corpus how often each phrase that en.yaml takes from it was counted with which tag: counts, and no transcripts."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from edgeagent.config.languages import FOLDER, known, read
from edgeagent.dialogue.phrases import words
from edgeagent.errors import ConfigError

SOURCES = Path(__file__).parent / "sources"

CLDR = "Unicode CLDR 48 (posix)"

FITS = {
    "backchannels": ("backchannel", "agreement", "response_acknowledgement", "appreciation", "backchannel_question"),
    "yes": ("yes_answer", "affirmative_non_yes_answer"),
    "no": ("no_answer", "negative_non_no_answer", "reject"),
    "fillers": ("hold_before_answer", "abandoned_or_turn_exit"),
}
"""Tags of the corpus that make a phrase one of a list."""

LEAST = 3
"""Times that it was counted with such a tag."""


def counted() -> Counter[tuple[str, str]]:
    """How often each phrase was counted with a tag that fits the list."""
    with (SOURCES / "switchboard.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return Counter(
        {
            (name, phrase): sum(int(row["count"]) for row in rows if row["phrase"] == phrase and row["act"] in acts)
            for name, acts in FITS.items()
            for phrase in {row["phrase"] for row in rows}
        }
    )


def test_what_english_takes_from_the_counts_was_counted() -> None:
    (theirs,) = [lists for of, lists in read(FOLDER / "en.yaml").of.items() if of.startswith("Switchboard")]
    counts = counted()
    assert set(theirs) == set(FITS)
    assert {(name, phrase) for name in theirs for phrase in theirs[name] if counts[name, phrase] < LEAST} == set()
    assert len(theirs["backchannels"]) > 50


def test_nothing_else_of_english_is_in_the_counts() -> None:
    """The list in the repository is not longer than what is taken from it."""
    (theirs,) = [lists for of, lists in read(FOLDER / "en.yaml").of.items() if of.startswith("Switchboard")]
    taken = {phrase for phrases in theirs.values() for phrase in phrases}
    assert {phrase for _, phrase in counted()} == taken


def test_the_counts_are_those_of_the_corpus(shared: Path) -> None:
    with (shared / "corpus" / "lexicon.csv").open(encoding="utf-8", newline="") as file:
        theirs = {(row["token"], row["kind"], row["count"]) for row in csv.DictReader(file) if row["source"] == "swda"}
    with (SOURCES / "switchboard.csv").open(encoding="utf-8", newline="") as file:
        ours = {(row["phrase"], row["act"], row["count"]) for row in csv.DictReader(file)}
    assert ours <= theirs


@pytest.mark.parametrize("code", [code for code in known() if code != "en"])
def test_what_a_language_takes_from_cldr_is_there_and_all_of_it(code: str) -> None:
    """Whole words: the letters beside them, for keyboards, are not said."""
    there = json.loads((SOURCES / "cldr_posix.json").read_text(encoding="utf-8"))[code]
    source = read(FOLDER / f"{code}.yaml")
    for name, key in (("yes", "yesstr"), ("no", "nostr")):
        theirs = re.split("[:\N{DEVANAGARI SIGN VISARGA}\N{OL CHIKI MU-GAAHLAA TTUDDAAG}]", there[key])
        taken = source.of[CLDR][name]
        assert taken
        assert set(taken) <= set(theirs)
        assert set(taken) == {phrase for phrase in theirs if words(phrase) in getattr(source.lists, name)}


def test_a_phrase_that_is_said_to_be_somebodys_is_in_the_list(tmp_path: Path) -> None:
    path = tmp_path / "xx.yaml"
    path.write_text(
        "language: xx\nname: X\nreviewed: no\nyes: [ja, jo]\nno: [nej]\nrepair: Oj.\n"
        "sources: [{of: A, yes: [ja, jaha], maybe: [x], no: [nej]}, {yes: [ja]}]\n"
    )
    with pytest.raises(ConfigError) as refused:
        read(path)
    for fault in (
        "'jaha' is not in the list yes",
        "sources.maybe",
        "nor has the key `of`",
        "of whom is 'jo'",
        "of whom is 'Oj.'",
        "5 problems",
    ):
        assert fault in str(refused.value)
    path.write_text("language: xx\nname: X\nreviewed: no\nyes: [ja, jo]\nsources: [{of: A, yes: [ja]}, we]\n")
    assert read(path).sources == ("A", "we")
    assert read(path).of == {"A": {"yes": ("ja",)}, "we": {}}

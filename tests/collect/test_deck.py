"""What is asked for: balanced, shuffled, the same for the same seed, and in any language."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from edgeagent.commands._collect_deck import EACH, WORDS, deck, read_words
from edgeagent.errors import EdgeAgentError
from edgeagent.store.takes import Expected


@pytest.mark.parametrize("rounds", [1, 3, 10])
def test_every_round_has_as_many_of_each_kind(rounds: int) -> None:
    cards, size = deck(rounds, 1), sum(EACH.values())
    for at in range(0, len(cards), size):
        assert Counter(card.expected for card in cards[at : at + size]) == EACH
    assert len(cards) == rounds * size


def test_everything_comes_up_before_anything_comes_twice() -> None:
    cards = deck(2, 4)
    said = [card.text for card in cards if card.expected is Expected.BACKCHANNEL]
    assert sorted(said) == sorted(WORDS[Expected.BACKCHANNEL])


def test_the_order_is_that_of_the_seed() -> None:
    assert deck(2, 1) == deck(2, 1)
    assert deck(2, 1) != deck(2, 2)
    assert [card.expected for card in deck(1, 1)] != sorted(card.expected for card in deck(1, 1))


def test_each_round_has_an_interruption_in_the_persons_own_words() -> None:
    cards = deck(3, 1)
    for at in range(0, len(cards), 12):
        assert any(card.expected is Expected.FLOOR and not card.text for card in cards[at : at + 12])


def test_words_of_another_language_take_the_place_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "prompts.yaml"
    path.write_text("backchannel: [genau, mhm]\n", encoding="utf-8")
    words = read_words(path)
    assert {card.text for card in deck(1, 1, words) if card.expected is Expected.BACKCHANNEL} == {"genau", "mhm"}
    assert words[Expected.NOISE] == WORDS[Expected.NOISE]


@pytest.mark.parametrize(
    "text", ["", "[a]", "backchannel: uh-huh", "backchannel: []", "silence: [x]", "floor: [1]", "a: ["]
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prompts.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EdgeAgentError, match=r"prompts\.yaml"):
        read_words(path)


def test_a_no_without_quotes_is_told_what_it_needs(tmp_path: Path) -> None:
    """The first word that comes to mind in Spanish or Italian, too."""
    (tmp_path / "words.yaml").write_text("floor: [no, espera]")
    with pytest.raises(EdgeAgentError, match="floor has words that are no texts; put yes, no, on and off in quotes"):
        read_words(tmp_path / "words.yaml")

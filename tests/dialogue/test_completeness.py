"""Which beginnings of turns lead on, by their last words, in each language that has the lists."""

from __future__ import annotations

import pytest

from edgeagent.config.languages import language
from edgeagent.dialogue.completeness import NO_IDEA, complete

LEADS_ON = {
    "en": ("I want a ticket to", "book me on the", "because", "my number is", "I'd like um", "zero one seven six",
           "it's 0176", "0176 12", "call her and", "what is the", "can you call..."),
    "de": ("ich möchte eine Fahrkarte nach Berlin und", "wann fährt der", "meine Nummer ist", "ich hätte gern ähm",
           "null eins sieben sechs", "Sag ihr, dass", "ich möchte wissen ob", "und dann", "weil ich"),
    "es": ("quiero un billete para", "dónde está el", "mi número es", "quisiera eh", "seis uno dos", "porque"),
    "fr": ("je voudrais un billet pour", "où est le", "mon numéro est", "je voudrais euh", "zéro six un deux", "car"),
    "hi": ("मुझे मैसूर का", "क्योंकि", "मेरा नंबर है", "मुझे उम", "नौ आठ सात", "दिल्ली और"),
    "pt": ("quero uma passagem para", "onde fica o", "meu número é", "queria ãh", "nove oito sete", "porque"),
}  # fmt: skip

MAY_BE_ALL = {
    "en": ("where are you from", "at nine", "at nine thirty", "at 9:30", "turn it on", "it costs 12.50",
           "what time is it", "in 2024", "yes", "no", "uh-huh", "wait", "", "555 123 4567",
           "yes it is", "no i am", "yes there are", "i think so", "no they will"),
    "de": ("mach das Licht an", "wo sind wir", "was soll ich", "um neun", "ja", "erzähl mir was", "um 9:30"),
    "es": ("cuánto cuesta", "qué es", "de dónde es", "así es", "sí", "si", "a las nueve", "cuéntame un cuento"),
    "fr": ("quelle heure est-il", "oui", "si", "à neuf heures", "raconte-moi une histoire"),
    "hi": ("कितने बजे हैं", "हाँ", "मैं घर में हूँ", "नौ बजे", "मुझे कहानी सुनाओ"),
    "pt": ("quanto custa", "sim", "é", "às nove", "conta uma história"),
}  # fmt: skip

COMMANDS = {"en": "stop", "de": "lauter", "es": "para", "fr": "arrête", "hi": "धीरे", "pt": "para"}


def pairs(table: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(code, text) for code, texts in table.items() for text in texts]


@pytest.mark.parametrize(("code", "text"), pairs(LEADS_ON))
def test_what_leads_on_is_waited_for(code: str, text: str) -> None:
    assert complete(text, language([code])) < 0.2
    assert complete(text.upper(), language([code])) < 0.2


@pytest.mark.parametrize(("code", "text"), pairs(MAY_BE_ALL))
def test_of_what_may_be_all_nothing_is_known(code: str, text: str) -> None:
    assert complete(text, language([code])) == NO_IDEA


@pytest.mark.parametrize(("code", "text"), COMMANDS.items())
def test_a_whole_command_is_probably_all(code: str, text: str) -> None:
    assert complete(text, language([code])) > NO_IDEA


def test_one_who_mixes_languages_is_waited_for_in_each() -> None:
    both = language(["hi", "en"])
    assert complete("मुझे a ticket to", both) < 0.2
    assert complete("book me a ticket और", both) < 0.2


def test_a_language_without_the_lists_says_nothing() -> None:
    assert complete("ya da", language(["kok"])) == NO_IDEA

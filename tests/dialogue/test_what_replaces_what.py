"""Corrections name the wrong and the right, in the order that each language has them."""

from __future__ import annotations

import pytest

from edgeagent.config.languages import language
from edgeagent.dialogue.kinds import Context, Kind, understand

SAID = {
    "es": "El tren a Madrid sale a las nueve del andén cuatro.",
    "pt": "O trem para Lisboa sai às nove da plataforma quatro.",
}


@pytest.mark.parametrize(
    ("code", "text", "wrong", "right"),
    [
        ("es", "No, no Madrid, Málaga.", "madrid", "málaga"),
        ("es", "No, no a Madrid, a Málaga.", "madrid", "málaga"),
        ("es", "No, no es Madrid, es Málaga.", "madrid", "málaga"),
        ("es", "Madrid no, Málaga.", "madrid", "málaga"),
        ("es", "Málaga, no Madrid.", "madrid", "málaga"),
        ("es", "No, no a las nueve, a las diez.", "nueve", "diez"),
        ("pt", "Não, não Lisboa, Porto.", "lisboa", "porto"),
        ("pt", "Lisboa não, Porto.", "lisboa", "porto"),
        ("pt", "Porto, não Lisboa.", "lisboa", "porto"),
    ],
)
def test_the_wrong_is_what_we_said(code: str, text: str, wrong: str, right: str) -> None:
    found = understand(text, Context(said=SAID[code], interrupted=True), language([code]))
    assert found.wrong.split()[-1:] == [wrong]
    assert found.right.split()[-1:] == [right]


def kind(code: str, text: str) -> Kind:
    return understand(text, Context(said="x y z", interrupted=True), language([code])).kind


@pytest.mark.parametrize("text", ["I did not understand.", "I did not catch that.", "I could not hear that."])
def test_what_is_written_out_says_the_same(text: str) -> None:
    short = text.replace("did not", "didn't").replace("could not", "couldn't")
    assert kind("en", text) is kind("en", short) is Kind.CLARIFICATION


@pytest.mark.parametrize(
    "text", ["It does not matter.", "I do not know.", "I do not care.", "You do not need to shout."]
)
def test_a_verb_that_is_denied_puts_nothing_right(text: str) -> None:
    assert kind("en", text) is not Kind.CORRECTION


@pytest.mark.parametrize(("text", "command"), [("Please do not stop.", "continue"), ("I can not hear you.", "louder")])
def test_a_command_may_be_written_out(text: str, command: str) -> None:
    assert understand(text, Context(interrupted=True), language(["en"])).command == command


@pytest.mark.parametrize(
    ("code", "text"), [("de", "Nicht verstanden."), ("pt", "Não compreendi."), ("pt", "Não percebi.")]
)
def test_who_has_not_understood_is_not_read_on_to(code: str, text: str) -> None:
    assert kind(code, text) is Kind.CLARIFICATION


def test_do_not_stop_is_no_correction_in_german() -> None:
    assert understand("Hör nicht auf.", Context(interrupted=True), language(["de"])).command == "continue"

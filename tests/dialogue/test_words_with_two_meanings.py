"""Words that command, and mean something else in most sentences; and commands that are denied."""

from __future__ import annotations

import pytest

from edgeagent.config.languages import language
from edgeagent.dialogue.kinds import Context, Kind, understand

OVER = Context("A B C.", interrupted=True)
ASKED = Context("A B C?", asked=True)


def told(code: str, text: str, context: Context = OVER) -> str:
    """The command that it is, or the kind."""
    understood = understand(text, context, language([code]))
    return understood.command or understood.kind.value


def cases(table: dict[str, dict[str, tuple[str, ...]]]) -> list[tuple[str, str, str]]:
    return [(code, text, name) for code, named in table.items() for name, texts in named.items() for text in texts]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        *(("es", "para dos personas"), ("es", "para mañana"), ("es", "para él y para ella")),
        *(("pt", "para duas pessoas"), ("pt", "para amanhã"), ("pt", "para mim também")),
        *(("hi", "बस से जाना है"), ("hi", "बस एक टिकट")),
    ],
)
def test_a_word_that_also_stops_us_answers_what_we_have_asked(code: str, text: str) -> None:
    assert told(code, text, ASKED) == Kind.ANSWER


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("es", "no para de llover"),
        ("es", "para siempre"),
        ("hi", "बस आ गई"),
        ("hi", "बस स्टॉप बंद है"),
        ("pt", "para ser sincero"),
    ],
)
def test_a_word_that_also_stops_us_does_not_in_a_sentence(code: str, text: str) -> None:
    assert told(code, text) != "stop"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        *(
            ("es", "para"),
            ("es", "para ya por favor"),
            ("es", "no no para"),
            ("es", "para hombre"),
            ("es", "para para"),
        ),
        *(("es", "para llaman a la puerta"), ("es", "para con eso"), ("pt", "para com isso"), ("pt", "para por favor")),
        *(("hi", "बस"), ("hi", "बस बस"), ("hi", "ठीक है बस"), ("hi", "बस इतना ही"), ("hi", "नहीं बस")),
    ],
)
def test_it_stops_us_where_it_stands_alone(code: str, text: str) -> None:
    assert told(code, text) == "stop"

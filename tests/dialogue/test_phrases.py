"""Words of any script, and phrases with gaps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.dialogue.phrases import begins, holds, left, words
from edgeagent.dialogue.template import MORE_MOST, SLOT_MOST, Template


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't STOP, please!", ("don't", "stop", "please")),
        ("Uh\u2011huh \u2026 that\u2019s right", ("uh-huh", "that's", "right")),
        ("[laughter] (coughs) *sigh* ...", ()),
        ("नहीं, बैंगलोर नहीं।", ("नहीं", "बैंगलोर", "नहीं")),
        ("ज़रा हाँ", words("जरा हां")),
        ("حسنًا، أُكمل", words("حسنا اكمل")),
        ("待って下さい。", ("待", "っ", "て", "下", "さ", "い")),
        ("9:30 Uhr", ("9", "30", "uhr")),
        ("- 'quoted' -", ("quoted",)),
    ],
)
def test_words(text: str, found: tuple[str, ...]) -> None:
    assert words(text) == found


@given(st.text())
def test_words_of_words_are_the_same_words(text: str) -> None:
    assert words(" ".join(words(text))) == words(text)


@given(st.text(alphabet=st.characters(max_codepoint=127)), st.sampled_from([" ", ", ", " . "]))
def test_punctuation_and_case_never_matter(text: str, between: str) -> None:
    assert words(between.join(words(text)).upper()) == words(" ".join(words(text)))


def test_the_longest_phrase_counts() -> None:
    phrases = {words("hang on"), words("hang on a second"), words("stop")}
    assert begins(words("hang on a second now"), phrases) == 4
    assert left(words("hang on stop what"), phrases) == ("what",)
    assert holds(words("a b c"), ("b", "c"))
    assert not holds(words("a b c"), ("a", "c"))


def test_gaps_take_what_stands_there() -> None:
    template = Template.read("no not {wrong} {right}")
    fits = list(template.fits(words("No, not A, B C")))
    assert {"wrong": ("a",), "right": ("b", "c")} in fits
    assert {"wrong": ("a", "b"), "right": ("c",)} in fits
    assert len(fits) == 2
    assert template.gaps == ("wrong", "right")
    assert not list(template.fits(words("not A B")))
    assert not list(Template.read("i said {right}").fits(words("i said " + "x " * (SLOT_MOST + 1))))


def test_a_gap_for_all_that_follows_takes_more() -> None:
    template = Template.read("did you say {more}")
    assert list(template.fits(words("did you say " + "x " * MORE_MOST))) == [{"more": ("x",) * MORE_MOST}]
    assert not list(template.fits(words("did you say " + "x " * (MORE_MOST + 1))))
    assert (template.own, template.lead) == (3, ("did", "you", "say"))


@given(st.lists(st.sampled_from(["a", "b", "no", "not", "but"]), max_size=10))
def test_a_fit_put_together_is_what_was_said(said: list[str]) -> None:
    for slots in Template.read("not {wrong} but {right}").fits(tuple(said)):
        assert ("not", *slots["wrong"], "but", *slots["right"]) == tuple(said)


@pytest.mark.parametrize("text", ["{}", "not {a b}", "{right}", "not {wrong"])
def test_a_broken_template_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"gap|word of its own"):
        Template.read(text)

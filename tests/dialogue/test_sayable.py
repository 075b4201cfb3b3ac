"""What a voice says of what a language model writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.dialogue.sayable import sayable
from edgeagent.dialogue.sentences import sentences

REPLY = """## Three things

There are **three** things you *should* know. **First.** Then:

1. **Milk**: see [the shop](https://shop.example/milk_(fresh) "ours").
2. `edgeagent check --json`
* _Bread_ and ~~butter~~
- [x] Eggs
> Quoted, as she said.

| city | degrees |
|:-----|--------:|
| Pune | 31 |

```python
print(2 * 3)
```
Is that ***all***? ![A cat](cat.png)"""


def test_a_reply_is_said_without_its_marks() -> None:
    assert sentences(REPLY) == [
        "Three things",
        "There are three things you should know.",
        "First.",
        "Then:",
        "1. Milk: see the shop.",
        "2. edgeagent check --json",
        "Bread and butter",
        "Eggs",
        "Quoted, as she said.",
        "city, degrees",
        "Pune, 31",
        "print(2 * 3)",
        "Is that all?",
        "A cat",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2 * 3 is 6, and 2**3, or 2 ** 3, is 8.",
        "snake_case and __init__.py stay words.",
        "It is - I think - 5 degrees, not -5.",
        "A|B is a choice.",
        "He said [sic] (so it was) that #1 wins.",
        "The C# and F# of 3>2 and a<b.",
        "~5 euros",
        "It is grid[0][1], as table [2] says.",
        "F♯ is G♭; 5 °C → 6 °C, x ≤ y, © 2026 ™",
        "क\u094d\u200dष stays one sign.",
    ],
)
def test_what_only_looks_like_a_mark_stays(text: str) -> None:
    assert sayable(text).replace("init.py", "__init__.py") == text


def test_a_link_that_two_sentences_share_is_said_without_its_address() -> None:
    assert sentences("See [What is it? An answer](https://a.example/x) now.") == ["See [What is it?", "An answer now."]


def test_each_of_several_links_is_said() -> None:
    assert sayable("[One](a.html)[, two](b.html) and [three](c.html).") == "One, two and three."


def test_emojis_are_not_said() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert sentences(f"Great 👍🏽 job! ❤️ 🎉 It is sunny ☀️, {family} and 🇮🇳 too 🙂. Bye ⭐") == [
        "Great job!",
        "It is sunny, and too.",
        "Bye",
    ]


def test_marks_in_scripts_without_spaces() -> None:
    assert sentences("这是**重要**的。**好**。") == ["这是重要的。", "好。"]


@given(st.text(alphabet="ab1 *_`~#>-|", max_size=60))
def test_no_letter_is_lost_with_the_marks(text: str) -> None:
    left = sayable(text)
    if not text.strip().startswith("```"):
        assert [sign for sign in left if sign.isalnum()] == [sign for sign in text if sign.isalnum()]
    assert len(left) <= len(text) + text.count("|")

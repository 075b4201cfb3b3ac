"""What is kept of a conversation, within bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeagent.dialogue.history import LINES, Line, Who
from edgeagent.dialogue.saved import Saved, bounded


@given(st.lists(st.text(max_size=30), max_size=20), st.integers(0, 25), st.integers(0, 300))
def test_bounds_keep_the_newest_lines_and_the_beginning_of_the_rest(texts: list[str], most: int, size: int) -> None:
    whole = Saved(tuple(Line(Who.PERSON, number, text) for number, text in enumerate(texts)), tuple(texts))
    saved = bounded(whole, max(1, most), size, size)
    assert saved.lines == whole.lines[len(whole.lines) - len(saved.lines) :]
    assert saved.rest == whole.rest[: len(saved.rest)]
    assert len(saved.lines) <= max(1, most)
    for held in ([line.text for line in saved.lines], saved.rest):
        assert sum(len(text.encode()) for text in held) <= size
    if bounded(whole, LINES, 600, 600) == whole:
        assert sum(len(text.encode()) for text in texts) <= 600

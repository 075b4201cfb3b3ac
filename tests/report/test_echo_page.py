"""The page of the bench: everything in one file, escaped, with a picture for each sound."""

from __future__ import annotations

import re

import numpy as np

from edgeagent.report.echo_page import BenchTable, Shown, page
from edgeagent.units import HOP, RATE

LENGTH = 2 * RATE
SOUND = (np.random.default_rng(1).normal(size=LENGTH) * 0.1).astype(np.float32)


def shown(event: int | None) -> Shown:
    return Shown(
        name="base",
        what="what <all> others are",
        images={"Microphone": SOUND, "clean": 0.01 * SOUND},
        curves={"clean": 0.01 * SOUND, "theirs": 0.1 * SOUND},
        alone=np.arange(LENGTH // HOP) % 50 < 40,
        person=((RATE // 2, RATE), (RATE + 100, RATE + 5000)),
        event=event,
    )


def html(event: int | None = None) -> str:
    table = BenchTable("ours", ("", "ERLE"), (("base", "30"), ("mean", "30"), ("worst", "-")), 2)
    return page("two conditions", (table,), "ERLE: <loss>", (shown(event),), {"speech": "made up"})


def test_it_loads_nothing_and_escapes_everything() -> None:
    text = html()
    assert "default-src &#x27;none&#x27;" in text
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert "what &lt;all&gt; others are" in text
    assert "ERLE: &lt;loss&gt;" in text
    assert "made up" in text


def test_it_draws_what_is_to_be_drawn() -> None:
    text = html()
    assert text.count("data:image/png;base64,") == 2
    assert text.count('class="curve"') == 2
    assert text.count('class="event floor"') == 2
    assert 'class="event mark"' not in text
    assert html(event=RATE).count('class="event mark"') == 1


def test_the_last_rows_of_a_table_sum_it_up() -> None:
    assert html().count('<tr class="total">') == 2

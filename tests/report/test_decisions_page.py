"""The page of wrong decisions: one file, everything escaped, a card to see and to hear for each, a filter by kind."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import numpy as np

from edgeagent.report.decision_card import Case, card
from edgeagent.report.decisions_page import Bars, Cards, Table, page
from edgeagent.report.record import Trace
from edgeagent.units import HOP, RATE

LENGTH = 3 * RATE
SOUND = (np.random.default_rng(1).normal(size=LENGTH) * 0.1).astype(np.float32)
VALUES = np.linspace(0, 1, LENGTH // HOP).astype(np.float32)

CASE = Case(
    kind="backchannel",
    style="hum",
    text="mm <hm>",
    scene="scene-003",
    outcome="false stop",
    said="it stopped & fell silent",
    start=10 * RATE,
    event=(RATE, RATE + 8000),
    stop=RATE + 6000,
    microphone=SOUND,
    clean=0.1 * SOUND,
    traces=(Trace("Somebody speaks", VALUES, marks={"voice": 0.5}), Trace("Evidence", 26 * VALUES, 26.0, {"stop": 16})),
    gates=((0, RATE + 4000, "open"), (RATE + 4000, RATE + 6000, "ducked"), (RATE + 6000, LENGTH, "shut")),
)


def html(cards: Cards) -> str:
    table = Table("Events <that> do not", ("", "tested"), ((False, ("backchannel", "3")), (True, ("hum", "2"))))
    bars = Bars("Onset to stop", (("0.3 s", 2), ("0.4 s", 0)), "2 stops")
    return page("3 scenes", (("Right", "0.50", ".2 .. .8"),), (table,), bars, cards, table, {"settings": "a1b2"})


def test_a_card_shows_the_decision_on_one_time_axis() -> None:
    text = card(CASE)
    assert "scene-003 at 11.00 s" in text
    assert "“mm &lt;hm&gt;”: it stopped &amp; fell silent" in text
    assert text.count("data:image/png;base64,") == 2
    assert text.count('class="curve"') == 2
    assert re.findall(r'class="gate (\w+)" style="([^"]+)"', text) == [
        ("open", "left:0%;width:41.667%"),
        ("ducked", "left:41.667%;width:4.167%"),
        ("shut", "left:45.833%;width:54.167%"),
    ]
    assert 'class="event other" style="left:33.333%;width:16.667%"' in text
    assert re.findall(r'class="line (\w+)" style="left:([\d.]+)%"', text) == [
        ("onset", "33.333"),
        ("onset", "50"),
        ("stop", "45.833"),
    ]


def test_times_on_a_card_count_from_the_onset() -> None:
    labels = re.findall(r'<span style="left:([\d.]+)%" class="tick">([-\d.]+) s', card(CASE))
    assert [(round(float(left)), seconds) for left, seconds in labels[:3]] == [(0, "-1"), (17, "-0.5"), (33, "0")]
    own = card(replace(CASE, kind="self", text="", style="", event=None, said="it stopped"))
    assert "self · scene-003 at 11.38 s" in own
    assert 'class="event' not in own


def test_both_sounds_can_be_heard_whole() -> None:
    for data in re.findall(r'src="data:audio/wav;base64,([^"]+)"', card(CASE)):
        file = base64.b64decode(data)
        at = file.index(b"data")
        assert int.from_bytes(file[at + 4 : at + 8], "little") == LENGTH
    assert card(CASE).count("<audio") == 2


def test_it_loads_nothing_escapes_everything_and_runs_our_script_alone() -> None:
    text = html(Cards({"backchannel": (card(CASE),)}, "1 of 1"))
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert "Events &lt;that&gt; do not" in text
    assert "a1b2" in text
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src &#x27;sha256-{digest}&#x27;" in text


def test_the_filter_hides_all_other_kinds_without_a_script() -> None:
    kinds = {"backchannel": (card(CASE),), "far_speech": (card(CASE), card(CASE))}
    text = html(Cards(kinds, "3 of 3"))
    assert re.findall(r'for="(only-\w+)">([^<]+)<', text) == [
        ("only-all", "all 3"),
        ("only-0", "backchannel 1"),
        ("only-1", "far speech 2"),
    ]
    assert re.findall(r'<section class="card (of-\d)"', text) == ["of-0", "of-1", "of-1"]
    assert "#only-1:checked~.cards>:not(.of-1){display:none}" in text
    assert re.findall(r'id="(only-\w+)" class="only" checked', text) == ["only-all"]
    assert "<input" not in html(Cards({}, "none"))


def test_parts_of_a_row_are_marked_and_bars_are_named() -> None:
    text = html(Cards({}, "none"))
    assert text.count('<tr class="part"><td>hum') == 2
    assert 'aria-label="Onset to stop: 0.3 s 2"' in text
    assert "height:85.0%" in text

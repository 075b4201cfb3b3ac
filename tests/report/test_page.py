"""The page: well formed, self-contained, everything escaped, small enough, and its figures are those of the run."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import wave
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from edgeagent.report.markup import Markup, element, join
from edgeagent.report.page import page
from edgeagent.report.plots import COLUMNS, HEIGHT, ticks, waveform
from edgeagent.report.record import RunRecord, Trace
from edgeagent.store.disk import write_whole
from edgeagent.units import RATE
from tests.report.made_up import made_up, without_truth

VOID = {"meta", "br", "input", "link", "path", "rect", "line"}


class Tree(HTMLParser):
    """Checks nesting; collects elements with their attributes, and all text outside style and script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.raw:
            self.raw[self.open[-1]].append(data)
        else:
            self.text.append(data)

    def all(self, tag: str, class_: str = "") -> list[dict[str, str | None]]:
        return [a for t, a in self.elements if t == tag and (not class_ or class_ in (a.get("class") or "").split())]


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree(page(made_up()))


@pytest.mark.parametrize("record", [made_up(), without_truth(), replace(without_truth(), journal=())])
def test_the_page_is_well_formed(record: RunRecord) -> None:
    assert len(Tree(page(record)).all("svg")) >= 2


def test_a_run_of_nothing_still_gives_a_page() -> None:
    nothing = np.zeros(0, np.float32)
    Tree(page(RunRecord("", "", nothing, nothing, (), traces=(Trace("x", nothing),))))


def test_it_asks_the_network_for_nothing(tree: Tree) -> None:
    links = [a[key] for _, a in tree.elements for key in ("src", "href", "action", "poster") if key in a]
    assert len(links) == 3
    assert all(link and link.startswith("data:audio/wav;base64,") for link in links)
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttp", "".join(tree.raw["style"] + tree.raw["script"]))
    (policy,) = (a["content"] for a in tree.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    script = tree.raw["script"][1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    sources = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"
    assert f"{sources}; script-src 'sha256-{digest}'" == policy


def test_no_text_of_the_run_becomes_markup(tree: Tree) -> None:
    assert len(tree.all("script")) == 2
    text = "".join(tree.text)
    assert "A <made-up> run" in text
    assert "One two three <b>four</b>" in text
    assert '<script>alert("x")</script>' in text
    assert any('<script>alert("x")</script>' in (a.get("title") or "") for a in tree.all("i"))
    assert not tree.all("made-up")


def test_a_trace_name_cannot_end_the_script() -> None:
    evil = replace(without_truth(), traces=(Trace("</script><script>x", np.ones(9, np.float32)),))
    tree = Tree(page(evil))
    assert len(tree.all("script")) == 2
    assert json.loads(tree.raw["script"][0])["traces"][0][0] == "</script><script>x"


def test_the_players_carry_the_sound_itself() -> None:
    record = made_up()
    microphone, speaker, _ = Tree(page(record)).all("audio")
    for player, sound in ((microphone, record.microphone), (speaker, record.speaker)):
        data = base64.b64decode((player["src"] or "").partition(",")[2])
        with wave.open(io.BytesIO(data)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        np.testing.assert_allclose(samples / 32768, sound, atol=1 / 32768)
        assert player["aria-label"]


def test_forty_seconds_stay_below_four_megabytes() -> None:
    record = made_up(40.0)
    text = page(record)
    assert len(text.encode()) < 4_000_000
    tree = Tree(text)
    assert [player["aria-label"] for player in tree.all("audio")] == ["Microphone", "Loudspeaker"]
    assert "Too long to be carried in this page: echo removed" in "".join(tree.text)


def test_the_headline_figures_are_those_of_the_run(tree: Tree) -> None:
    text = "|".join(tree.text)
    for name, value in [
        ("Onset to silence", "606 ms"),
        ("Verdict to silence", "6 ms"),
        ("Ducked", "2 times"),
        ("Held", "1 of 2"),
        ("Words heard", "4 of 6"),
        ("Right", "3 of 3"),
    ]:
        assert f"{name}|{value}|" in text
    assert "duck 250 ms" in text
    assert "duck 100 · stop 606 ms" in text


def test_unheard_words_are_struck_out_and_heard_ones_are_not(tree: Tree) -> None:
    words = [(a["class"], a["title"]) for a in tree.all("span", "word")]
    assert [title for class_, title in words if class_ == "word fine"] == ["One", "two", "three", "<b>four</b>", "&"]
    assert [title for class_, title in words if class_ != "word fine"] == ["five (not heard)", "six. (not heard)"]
    assert "& five six." in tree.text
    assert tree.all("del")


def test_drawings_are_labelled_and_decoration_is_placed_inside(tree: Tree) -> None:
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in tree.all("svg"))
    lefts = [float(m) for _, a in tree.elements for m in re.findall(r"left:([\d.-]+)%", a.get("style") or "")]
    assert len(lefts) > 40
    assert all(0 <= left <= 100 for left in lefts)
    drawn = [a["d"] or "" for a in tree.all("path")]
    heights = [abs(float(y)) for d in drawn for y in re.findall(r",(-?[\d.]+)", d)]
    assert max(heights) <= HEIGHT
    assert not any("nan" in d for d in drawn)


def test_a_waveform_shows_where_the_sound_is() -> None:
    sound = np.zeros(COLUMNS * 4, np.float32)
    sound[6000] = 1.0
    path = re.findall(r'd="([^"]*)"', waveform(sound, sound.size, 1.0, "x", "y"))[0]
    peaks = [float(x) for x, y in re.findall(r"([\d.]+),(-[\d.]+)", path) if float(y) < -0.9 * HEIGHT]
    assert peaks == pytest.approx([COLUMNS / 2], abs=2)


@pytest.mark.parametrize("length_s", [0.1, 3, 26, 40, 600, 7200])
def test_ticks_are_few_and_inside(length_s: float) -> None:
    marks = ticks(round(length_s * RATE), 10)
    assert 2 <= len(marks) <= 12
    assert all(0 <= at <= length_s * RATE for at, _ in marks)


def test_markup_escapes_all_but_markup() -> None:
    inner = element("b", "<&>", title='"<')
    assert inner == '<b title="&quot;&lt;">&lt;&amp;&gt;</b>'
    assert (
        element("p", inner, "<", class_="a", data_x=1, hidden="", id=None)
        == f'<p class="a" data-x="1" hidden>{inner}&lt;</p>'
    )
    assert isinstance(join("a", Markup("<br/>")), Markup)


def test_what_is_no_text_does_not_keep_the_page_from_being_written(tmp_path: Path) -> None:
    write_whole(tmp_path / "report.html", page(replace(without_truth(), subtitle="/scenes/sc\udce9ne")))
    assert "/scenes/sc?ne" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_file_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_whole(path, page(without_truth()))
    assert path.read_text(encoding="utf-8") == page(without_truth())
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]

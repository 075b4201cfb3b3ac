"""The page and the image show every figure, and are whole without any."""

from __future__ import annotations

import struct
from html.parser import HTMLParser
from pathlib import Path

import pytest

from edgeagent.errors import EdgeAgentError
from tests.probe.made_up import document, trials
from tools.probe import png
from tools.probe.figures import MEANING
from tools.probe.judge import Judged
from tools.probe.page import page


class Balanced(HTMLParser):
    """Fails at an element that is closed and was not opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Closes itself."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(html: str) -> str:
    parser = Balanced()
    parser.feed(html)
    assert not parser.open
    return " ".join(parser.text)


def test_the_page_shows_what_was_measured() -> None:
    made = document()
    html = page(made, trials())
    text = read(html)
    for name in made["figures"]:
        assert MEANING[name] in text
        assert f"{made['figures'][name]['p95']:.2f}" in text
    assert "6 of 7" in text
    assert "a board <with a name>" in text
    assert html.count('class="dot ') == 3 * 6  # duck, verdict and stop of each that stopped
    assert "Trial 6, the slowest: 260.6 ms" in text
    assert html.count("last sample") >= 2


def test_a_page_of_nothing_but_misses_is_a_page() -> None:
    missed = [Judged(1, {}, stopped=False, undone=False)]
    made = document(missed)
    made["remarks"] = ["most were missed"]
    assert "most were missed" in read(page(made, missed))


def test_the_image_is_one(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra [plots]")
    png.draw(document(), tmp_path / "plots.png")
    head = (tmp_path / "plots.png").read_bytes()[:24]
    width, height = struct.unpack(">II", head[16:])
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert (width, height) == tuple(round(inches * png.DPI) for inches in png.INCHES)
    png.draw(document([Judged(1, {}, stopped=False, undone=False)]), tmp_path / "empty.png")
    with pytest.raises(EdgeAgentError, match="No such file"):
        png.draw(document(), tmp_path / "nowhere" / "plots.png")


def test_without_the_library_it_is_said_before_anything_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png, "find_spec", lambda _name: None)
    with pytest.raises(EdgeAgentError, match=r"pip install '\.\[plots\]'"):
        png.check()

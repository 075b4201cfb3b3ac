"""The page of `cancel`: well formed, self-contained, escaped; the sounds, the images and the figures are there."""

from __future__ import annotations

import base64
import hashlib
import json

import numpy as np
import pytest

from edgeagent.report.cancel_page import CancelRecord, page
from edgeagent.units import HOP, RATE
from tests.report.test_page import Tree

NOISE = 0.1 * np.random.default_rng(1).standard_normal(3 * RATE).astype(np.float32)


def record(length: int = len(NOISE)) -> CancelRecord:
    sound = np.resize(NOISE, length)
    return CancelRecord(
        title="<mic>.wav without ref.wav",
        subtitle="Echo cancellation",
        microphone=sound,
        linear=sound * np.float32(0.1),
        clean=sound * np.float32(0.01),
        audible=np.ones(length // HOP, np.bool_),
        figures=[("ERLE", "40.0 dB", "clean")],
        warnings=["<mic>.wav is clipped"],
        facts={"Microphone": "<mic>.wav"},
    )


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree(page(record()))


def test_everything_is_there(tree: Tree) -> None:
    text = "|".join(tree.text)
    assert "<mic>.wav without ref.wav" in text
    assert "ERLE|40.0 dB|clean" in text
    assert "Warning: <mic>.wav is clipped" in text
    assert [player["aria-label"] for player in tree.all("audio")] == ["Microphone", "Clean", "Linear"]
    assert len(tree.all("image")) == 3
    assert not tree.all("mic")


def test_it_asks_the_network_for_nothing(tree: Tree) -> None:
    links = [a[key] or "" for _, a in tree.elements for key in ("src", "href", "action", "poster") if key in a]
    assert len(links) == 6
    assert all(link.startswith(("data:audio/wav;base64,", "data:image/png;base64,")) for link in links)
    (policy,) = (a["content"] or "" for a in tree.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(tree.raw["script"][1].encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; img-src data:; media-src data:; ")
    assert policy.endswith(f"script-src 'sha256-{digest}'")


def test_the_read_out_knows_the_enhancement(tree: Tree) -> None:
    data = json.loads(tree.raw["script"][0])
    (linear, *_), (clean, *_) = ([top * share / 100 for share in shares] for _, shares, top in data["traces"])
    assert (linear, clean) == (pytest.approx(20, abs=0.5), pytest.approx(40, abs=0.5))


@pytest.mark.parametrize("length", [1, HOP, 10 * HOP])
def test_no_recording_is_too_short(length: int) -> None:
    Tree(page(record(length)))


def test_ten_minutes_go_without_their_sound() -> None:
    text = page(record(600 * RATE))
    assert len(text) < 2_000_000
    assert "Too long to be carried in this page: microphone, clean, linear" in "".join(Tree(text).text)

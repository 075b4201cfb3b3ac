"""The status page: well formed, everything escaped, nothing that its content policy would not let through."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from edgeagent.report.markup import Markup
from edgeagent.report.palette import LOOKS
from edgeagent.report.status_calibration import Calibrated, calibration
from edgeagent.report.status_page import (
    GROUPS,
    METERS,
    STATE,
    Checked,
    Happening,
    Now,
    checked,
    history,
    status_page,
)
from edgeagent.report.status_script import JS
from edgeagent.report.status_style import CSS
from edgeagent.turn.outputs import Light
from tests.report.test_page import Tree

NAMES = ["lamp", "trouble", "impaired", "card", *(key for _, names in GROUPS for key, _ in names)]
EVIL = "<script>alert('x')</script>"


def now(state: str = "speaking", text: str = "31 dB") -> Now:
    return Now(state, dict.fromkeys(NAMES, text), dict.fromkeys(METERS, 0.42))


def whole(text: str = "31 dB", lately: tuple[Happening, ...] = (), check: Checked | None = None) -> str:
    happened, found = history(lately), checked(check or Checked())
    return status_page(text, now(text=text), happened, found, "a word", calibration(Calibrated(), "a word"))


def test_every_state_has_a_name_and_a_lamp() -> None:
    assert set(STATE) == {light.value for light in Light}
    for state in STATE:
        assert f".lamp.{state}{{--fill:{LOOKS[state].fill}}}" in CSS


def test_everything_is_there_without_the_script() -> None:
    tree = Tree(whole())
    assert {a.get("data-field") for _, a in tree.elements} - {None} == set(NAMES)
    assert {a["data-meter"]: a["width"] for a in tree.all("rect")} == dict.fromkeys(METERS, "42%")
    assert "Speaking" in tree.text
    assert any(a.get("http-equiv") == "refresh" for a in tree.all("meta"))
    assert [(form["method"], form["action"]) for form in tree.all("form")] == [
        ("post", "/check"),
        ("post", "/calibrate"),
    ]
    assert [a["value"] for a in tree.all("input") if a["type"] == "hidden"] == ["a word"] * 2


@pytest.mark.parametrize("stale", [False, True])
def test_an_engine_that_hangs_is_said_without_the_script_too(stale: bool) -> None:
    tree = Tree(status_page("kitchen", replace(now(), stale=stale), history(()), checked(Checked()), "", Markup("")))
    (away,) = (about for _, about in tree.elements if about.get("id") == "away")
    assert ("hidden" in away) is not stale
    assert ("class" in tree.all("body")[0]) is stale


def test_nothing_that_the_policy_forbids() -> None:
    sound = Happening("12:00:00", "stop", "Stopped", "at once", "0123")
    tree = Tree(whole(lately=(sound,)))
    assert not any(name.startswith("on") or name == "style" for _, a in tree.elements for name in a)
    assert tree.raw == {"script": [], "style": []}
    links = [a[key] for _, a in tree.elements for key in ("src", "href", "action") if key in a]
    assert links == ["/style.css", "/script.js", "/sound/0123", "/check", "/calibrate"]
    assert not re.search(r"https?:|eval|Function\(", JS)
    assert not re.search(r"url\(|@import", CSS)


def test_no_text_becomes_markup() -> None:
    finding = dict.fromkeys(("grade", "topic", "text", "fix"), EVIL)
    happened = Happening(EVIL, EVIL, EVIL, EVIL, EVIL)
    for check in (Checked(findings=[finding]), Checked(problem=EVIL)):
        tree = Tree(whole(EVIL, (happened,), check))
        assert len(tree.all("script")) == 1
        assert EVIL in "".join(tree.text)


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (Checked(), "Looks at this machine"),
        (Checked(running=True), "Checking"),
        (Checked(problem="broken"), "broken"),
        (Checked(findings=[{"grade": "warn", "topic": "disk", "text": "full", "fix": "rm"}]), "full"),
    ],
)
def test_how_the_check_went(check: Checked, said: str) -> None:
    assert said in "".join(Tree(checked(check)).text)


def test_interruptions_and_trouble_are_told_apart() -> None:
    text = history([Happening("1", "trouble", "An overflow"), Happening("2", "hold", "Spoken through")])
    tree = Tree(text)
    assert tree.text.index("Spoken through") < tree.text.index("Trouble") < tree.text.index("An overflow")
    assert "None so far." in history([])


def test_the_script_names_only_what_the_page_has() -> None:
    page = whole()
    for name in re.findall(r'\$\("([a-z]+)"\)', JS):
        assert f'id="{name}"' in page


FIGURES = [("echo", "-19.4 dBFS", "of our own voice")]
SETTINGS = [("audio.volume_percent", "30", "100")]


def actions(now: Calibrated) -> list[str | None]:
    tree = Tree(calibration(now, "a word"))
    assert [a["value"] for a in tree.all("input") if a["type"] == "hidden"] == ["a word"] * len(tree.all("form"))
    return [form["action"] for form in tree.all("form")]


@pytest.mark.parametrize(
    ("now", "says", "offers"),
    [
        (Calibrated(), "deaf", ["/calibrate"]),
        (Calibrated(running=True, since="12:00:00", told=("a sweep",)), "a sweep", ["/calibrate/stop"]),
        (Calibrated(problem="no echo"), "no echo", ["/calibrate"]),
        (Calibrated(unfit="no room"), "no room", []),
        (Calibrated(figures=FIGURES), "All is well", ["/calibrate"]),
        (Calibrated(figures=FIGURES, advice=[("Turn it down.", True)]), "Turn it down.", ["/calibrate"]),
        (Calibrated(figures=FIGURES, settings=SETTINGS, may_keep=True), "is 100", ["/calibrate/keep", "/calibrate"]),
        (Calibrated(figures=FIGURES, settings=SETTINGS, why_not="no", lines=["sudo x"]), "sudo x", ["/calibrate"]),
        (Calibrated(figures=FIGURES, settings=SETTINGS, kept="Written.", may_keep=True), "Written.", ["/calibrate"]),
    ],
)
def test_how_a_calibration_goes_and_what_can_be_pressed(now: Calibrated, says: str, offers: list[str]) -> None:
    assert says in "".join(Tree(calibration(now, "a word")).text)
    assert actions(now) == offers


def test_no_text_of_a_calibration_becomes_markup() -> None:
    row = (EVIL, EVIL, EVIL)
    for now in (
        Calibrated(figures=[row], advice=[(EVIL, True)], settings=[row], why_not=EVIL, lines=[EVIL]),
        Calibrated(figures=[row], settings=[row], kept=EVIL),
        Calibrated(running=True, since=EVIL, told=[EVIL]),
        Calibrated(problem=EVIL),
        Calibrated(unfit=EVIL),
    ):
        tree = Tree(calibration(now, "a word"))
        assert not tree.all("script")
        assert EVIL in "".join(tree.text)

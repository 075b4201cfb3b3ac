"""The page that shows a running device: what it does, how it hears, what happened, and what to do about it.

Made whole on the server, so that it says everything without its script, which only keeps it moving. Text and length of
every figure come from here and nowhere else: the script puts them in their places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from edgeagent.report.markup import Markup, element, join
from edgeagent.report.palette import LOOKS, look

RELOADED_S = 5
"""Without a script."""

STATE = {
    "starting": "Starting", "idle": "Listening", "asleep": "Asleep", "hearing": "Hearing somebody",
    "thinking": "Thinking", "speaking": "Speaking", "doubting": "In doubt", "yielding": "Stopped for somebody",
    "half_duplex": "Speaking, not listening", "muted": "Muted", "mic_lost": "Microphone lost",
    "calibrating": "Calibrating", "faulty": "Broken",
}  # fmt: skip

GROUPS: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (
    ("Sound", (("microphone", "Microphone"), ("loudspeaker", "Loudspeaker"), ("person", "A person speaks here"))),
    ("Echo", (("erle", "Taken away"), ("trust", "Believed"), ("delay", "Delay"), ("drift", "Drift of the clocks"))),
    ("Since the start", (("stops", "Stops"), ("held", "Spoken through"), ("turns", "Turns"), ("lost", "Sound lost"))),
    (
        "Machine",
        (("engine", "Engine, of a core"), ("memory", "Memory"), ("temperature", "Temperature"), ("up", "Up for")),
    ),
)
"""Headings, and below each the fields with their names."""

METERS = ("microphone", "loudspeaker", "person", "erle")


@dataclass(frozen=True, slots=True)
class Now:
    """How the device is. fields: text by the names in GROUPS and `lamp`, `trouble`, `impaired`, `card`. meters: 0 to 1
    by METERS. stale: the engine has given no sign of life for a while."""

    state: str
    fields: Mapping[str, str]
    meters: Mapping[str, float]
    stale: bool = False

    def plain(self) -> dict[str, object]:
        """As the script takes it."""
        return {**asdict(self), "label": STATE.get(self.state, self.state), "fill": look(self.state).fill}


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of what happened. kind: stop, undone, hold, sound or trouble. sound: the name of one to play."""

    when: str
    kind: str
    what: str
    detail: str = ""
    sound: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """How `edgeagent check` went. findings: as it prints them with --json."""

    running: bool = False
    findings: Sequence[Mapping[str, str]] = field(default_factory=tuple)
    problem: str = ""


def status_page(device: str, now: Now, lately: Markup, check: Markup, word: str, calibration: Markup) -> str:
    """HTML. word: what the button sends along. calibration: see `status_calibration`."""
    reload = element("noscript", element("meta", http_equiv="refresh", content=RELOADED_S))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{device} - edgeagent"),
        element("link", rel="stylesheet", href="/style.css"),
        element("script", src="/script.js", defer=""),
        reload,
    )
    fresh = None if now.stale else ""
    away = element("p", "Not connected. What is below is old.", class_="away", id="away", hidden=fresh)
    header = element("header", element("h1", device), element("p", now.fields["card"], data_field="card"))
    groups = (_group(title, names, now) for title, names in GROUPS)
    main = element(
        "main",
        _hero(now),
        element("canvas", id="strip", hidden="", role="img", aria_label="Levels and states of the last minute"),
        element("div", *groups, class_="groups"),
        element("div", lately, id="history"),
        element("p", class_="away", id="said", hidden="", role="status"),
        element("section", element("h2", "Check"), _button(word), element("div", check, id="findings"), id="check"),
        element("section", element("h2", "Calibrate"), element("div", calibration, id="calibration"), id="calibrate"),
    )
    body = element("body", header, away, main, class_="old" if now.stale else None)
    return "<!DOCTYPE html>\n" + element("html", head, body, lang="en") + "\n"


def _hero(now: Now) -> Markup:
    lamp = element("i", class_=f"lamp {now.state}", id="lamp")
    told = element(
        "div",
        element("strong", STATE.get(now.state, now.state), id="state"),
        element("p", now.fields["lamp"], data_field="lamp", class_="soft"),
        element("p", now.fields["trouble"], data_field="trouble", class_="bad"),
        element("p", now.fields["impaired"], data_field="impaired", class_="bad"),
    )
    return element("section", lamp, told, class_="hero", aria_live="polite")


def _group(title: str, names: Sequence[tuple[str, str]], now: Now) -> Markup:
    rows = []
    for key, name in names:
        value = element("dd", now.fields[key], data_field=key)
        rows += [element("dt", name), value]
        if key in METERS:
            rect = element("rect", width=f"{100 * now.meters[key]:.0f}%", height="100%", data_meter=key)
            rows.append(element("dd", element("svg", rect, aria_hidden="true", focusable="false"), class_="meter"))
    return element("section", element("h2", title), element("dl", *rows))


def history(happenings: Sequence[Happening]) -> Markup:
    """What happened lately, the newest first: who spoke while we did, and what went wrong."""
    overlaps = [each for each in happenings if each.kind != "trouble"]
    troubles = [each for each in happenings if each.kind == "trouble"]
    return join(_lately("Interruptions", overlaps), _lately("Trouble", troubles))


def _lately(title: str, happenings: Sequence[Happening]) -> Markup:
    if happenings:
        shown = element("ol", *(_happening(each) for each in happenings), class_="lately", tabindex=0)
    else:
        shown = element("p", "None so far.", class_="soft")
    return element("section", element("h2", title), shown)


def _happening(each: Happening) -> Markup:
    sound = (
        element("audio", src=f"/sound/{each.sound}", controls="", preload="none", aria_label=f"Sound of {each.when}")
        if each.sound
        else ""
    )
    said = element("p", element("b", each.what), " ", element("span", each.detail, class_="soft"))
    return element("li", element("time", each.when), element("div", said, sound), class_=each.kind)


def checked(check: Checked) -> Markup:
    """How the check went."""
    if check.running:
        return element("p", "Checking. This takes some seconds.", class_="soft")
    if check.problem:
        return element("p", check.problem, class_="bad")
    if not check.findings:
        return element("p", "Looks at this machine as ", element("code", "edgeagent check"), " does.", class_="soft")
    rows = []
    for finding in check.findings:
        fix = finding.get("fix", "")
        text = join(finding.get("text", ""), element("code", fix) if fix else "")
        grade = finding.get("grade", "")
        rows.append(element("tr", element("td", grade, class_=f"grade {grade}"), _cell(finding), element("td", text)))
    note = "What this device holds itself, such as its card and its pins, is not opened beside it, and counts as well."
    return join(element("table", element("tbody", *rows)), element("p", note, class_="soft"))


def _cell(finding: Mapping[str, str]) -> Markup:
    return element("td", finding.get("topic", ""), class_="topic")


def _button(word: str) -> Markup:
    hidden = element("input", type="hidden", name_="word", value=word)
    return element("form", hidden, element("button", "Check this machine"), method="post", action="/check")


def lamps() -> str:
    """Style of the lamp in every state."""
    return "".join(f".lamp.{state}{{--fill:{look.fill}}}" for state, look in LOOKS.items())

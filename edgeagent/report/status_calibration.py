"""The part of the status page that calibrates: what will happen, how far it is, what came of it, and what to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from edgeagent.report.markup import Markup, element, join

BEFORE = (
    "Measures loudspeaker, microphone and the room between them. The device falls silent, and for a minute or two it "
    "is deaf: its lamp says so. It plays noise and sweeps, from soft to its own volume and no louder. Keep your ears "
    "off the loudspeaker and do not talk meanwhile. A press of the device's button ends it at once, and it does not "
    "need this page: you may close it."
)

BEGIN, AGAIN, STOP, KEEP = "Calibrate", "Calibrate again", "Stop it", "Keep these settings"

PERSON = "Somebody is there to say a sentence"


@dataclass(frozen=True, slots=True)
class Calibrated:
    """How a calibration goes, or went. told: what it does, the newest last. figures: name, value and note of each.
    advice: sentences, and whether each is urgent. settings: name, what was found, what it is now. kept: what came of
    keeping them. may_keep: whether there is a button for that; otherwise why not, and the lines to type. unfit: why
    there can be no calibration at all."""

    running: bool = False
    since: str = ""
    told: Sequence[str] = ()
    problem: str = ""
    figures: Sequence[tuple[str, str, str]] = ()
    advice: Sequence[tuple[str, bool]] = ()
    settings: Sequence[tuple[str, str, str]] = ()
    kept: str = ""
    may_keep: bool = False
    why_not: str = ""
    lines: Sequence[str] = field(default_factory=tuple)
    unfit: str = ""


def calibration(now: Calibrated, word: str) -> Markup:
    """HTML. word: what buttons send along."""
    if now.unfit:
        return element("p", now.unfit, class_="soft")
    if now.running:
        return _running(now, word)
    if now.figures:
        return join(*_result(now, word), _begin(word, AGAIN))
    problem = element("p", now.problem, class_="bad") if now.problem else ""
    return join(problem, element("p", BEFORE, class_="soft"), _begin(word, AGAIN if now.problem else BEGIN))


def _running(now: Calibrated, word: str) -> Markup:
    head = f"Calibrating since {now.since}. The device is deaf until it is over."
    steps = [element("li", line) for line in now.told] or [element("li", "Waiting for the card.")]
    stop = _form("/calibrate/stop", word, element("button", STOP))
    return join(element("p", head, aria_live="polite"), element("ol", *steps, class_="steps", tabindex=0), stop)


def _result(now: Calibrated, word: str) -> list[Markup]:
    rows = (
        element("tr", element("td", name, class_="topic"), element("td", value), element("td", note, class_="soft"))
        for name, value, note in now.figures
    )
    shown = [element("table", element("tbody", *rows))]
    if now.advice:
        lines = (element("li", line, class_="urgent" if urgent else "") for line, urgent in now.advice)
        shown += [element("h3", "What to do"), element("ul", *lines)]
    else:
        shown.append(element("p", "All is well: nothing has to be moved or turned."))
    return [*shown, *_settings(now, word)]


def _settings(now: Calibrated, word: str) -> list[Markup]:
    if not now.settings:
        return [element("p", "No setting has to be changed.", class_="soft")]
    rows = (
        element("tr", element("td", name, class_="topic"), element("td", value), element("td", f"is {is_now}"))
        for name, value, is_now in now.settings
    )
    shown = [element("h3", "Settings that follow"), element("table", element("tbody", *rows))]
    if now.kept:
        shown.append(element("p", now.kept, class_="kept"))
    elif now.may_keep:
        shown.append(_form("/calibrate/keep", word, element("button", KEEP)))
    if now.why_not:
        shown.append(element("p", now.why_not, class_="soft"))
    if now.lines:
        shown.append(element("pre", element("code", "\n".join(now.lines))))
    return shown


def _begin(word: str, name: str) -> Markup:
    person = element("label", element("input", type="checkbox", name_="person", value="yes"), " ", PERSON)
    return _form("/calibrate", word, join(element("button", name), " ", person))


def _form(action: str, word: str, content: Markup) -> Markup:
    hidden = element("input", type="hidden", name_="word", value=word)
    return element("form", hidden, content, method="post", action=action)

"""What `check` found, and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import IntEnum

from edgeagent.commands.terminal import tame
from edgeagent.settings import Settings


class Grade(IntEnum):
    """How bad it is; the worst of all is the exit code."""

    OK = 0
    WARN = 1
    FAIL = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One line about one topic; fix: the command or setting that mends it, '' if nothing has to be done."""

    grade: Grade
    topic: str
    text: str
    fix: str = ""


Probe = Callable[[Settings], Iterator[Finding]]
"""Looks at one thing, for the settings that are given."""


def ok(topic: str, text: str) -> Finding:
    return Finding(Grade.OK, topic, text)


def warn(topic: str, text: str, fix: str) -> Finding:
    """It works without, but less well."""
    return Finding(Grade.WARN, topic, text, fix)


def fail(topic: str, text: str, fix: str) -> Finding:
    """With these settings the device cannot work."""
    return Finding(Grade.FAIL, topic, text, fix)


def report(findings: Iterable[Finding]) -> Grade:
    """Print them, each as it is found; the worst grade."""
    worst = Grade.OK
    for finding in findings:
        print(f"{finding.grade.name.lower():<5} {finding.topic:<14} {tame(finding.text)}")
        if finding.fix:
            print(f"{'':<5} {'':<14} fix: {tame(finding.fix)}", flush=True)
        worst = max(worst, finding.grade)
    return worst


def plain(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """The findings as JSON takes them."""
    return [{**asdict(finding), "grade": finding.grade.name.lower()} for finding in findings]

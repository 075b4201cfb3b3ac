"""A measurement nobody made: a document, and trials with sound to draw."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeagent.ports import Sound
from edgeagent.units import RATE
from tools.probe.figures import summary
from tools.probe.judge import Judged, Scene


def trials(count: int = 7) -> list[Judged]:
    """The last one was missed; the later, the slower."""
    return [trial(number) for number in range(1, count)] + [Judged(count, {}, stopped=False, undone=False)]


def trial(number: int) -> Judged:
    verdict = 200.0 + 10 * number
    figures = {"duck": 80.0 + number, "verdict": verdict, "cut": 0.1 * number, "stop": verdict + 0.1 * number}
    marks = {"onset": RATE, "verdict": RATE + 3200, "last sample": RATE + 3210}
    return Judged(
        number, figures, stopped=True, undone=number == 1, path_ms=5.0, echo_db=30.0, scene=Scene(*sounds(), marks)
    )


def sounds() -> tuple[Sound, Sound]:
    noise = (0.1 * np.random.default_rng(1).normal(size=2 * RATE)).astype(np.float32)
    return noise, noise[::-1].copy()


def document(judged: list[Judged] | None = None) -> dict[str, Any]:
    judged = trials() if judged is None else judged
    part = {"median": 0.2, "p95": 0.3, "p99": 0.4}
    return {
        "utc": "2026-11-29T02:00:00+00:00",
        "mode": "made up",
        "versions": {"edgeagent": "1"},
        "machine": {"model": "a board <with a name>"},
        "settings": "0123456789abcdef",
        "card": {"name": "a card"},
        "figures": summary(one.figures for one in judged),
        "single": {"trials": len(judged), "missed": 1, "undone": 1, "cpu.idle": 2.5, "cpu.speaking": None, "xruns": 0},
        "cpu": {"idle": {"process": 2.5, "engine": 2.0, "voice": 0.0}},
        "stages": {"whole engine": part},
        "path": {"delay_ms": 5.0},
        "trials": [one.plain() for one in judged],
        "remarks": [],
    }

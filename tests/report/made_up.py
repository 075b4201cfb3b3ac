"""A made-up run: somebody says "uh-huh" (ducked, went on), coughs (nothing), then interrupts (stopped)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeagent.ports import Sound
from edgeagent.report.record import RunRecord, Trace, Truth
from edgeagent.turn.events import Word
from edgeagent.units import HOP, RATE

TEXT = "One two three <b>four</b> & five six."
SILENT_FROM = 6 * RATE + 100


def entry(at: float, event: str, **facts: object) -> dict[str, object]:
    return {"at": round(at * RATE), "at_s": at, "event": event, **facts}


def state(at: float, before: str, after: str) -> dict[str, object]:
    return entry(at, "state", state=after, **{"from": before})


JOURNAL = [
    entry(0, "started", settings="a1b2"),
    entry(0, "ready"),
    state(0, "starting", "idle"),
    entry(1, "scripted", utterance=0, text=TEXT, words=6, pauses=1, length=8 * RATE),
    entry(1, "reply_ready", utterance=0),
    state(1, "idle", "speaking"),
    entry(1, "action", action="play", utterance=0, offset=0),
    entry(1, "playing", utterance=0, offset=0, dac=RATE),
    entry(2.25, "suspected", onset=round(2.125 * RATE)),
    state(2.25, "speaking", "doubting"),
    entry(2.75, "judged", verdict="false_alarm"),
    state(2.75, "doubting", "speaking"),
    entry(5.5, "suspected", onset=round(5.4375 * RATE)),
    state(5.5, "speaking", "doubting"),
    entry(6, "judged", verdict="interruption"),
    state(6, "doubting", "yielding"),
    entry(6, "action", action="halt", utterance=0),
    entry(6.02, "ceased", utterance=0, offset=5 * RATE + 100, dac=SILENT_FROM, finished=False),
    entry(
        6.02,
        "heard_words",
        utterance=0,
        heard=4,
        of=6,
        text_heard="One two three <b>four</b>",
        text_unheard="& five six.",
    ),
    entry(8, "speech_ended", end=round(7.3 * RATE)),
    state(8, "yielding", "thinking"),
    entry(8, "heard", turn=87000, start_s=4.9375, end_s=7.3, audio="turn-001.wav"),
    entry(9, "never_heard_of", text='<script>alert("x")</script>', value=None),
]

TRUTH = (
    Truth("backchannel", 2 * RATE, round(2.4 * RATE), "uh-huh"),
    Truth("noise", 4 * RATE, round(4.2 * RATE), "cough"),
    Truth("interruption", round(5.4 * RATE), 7 * RATE, "wait, no"),
)


def made_up(length_s: float = 10.0) -> RunRecord:
    rng = np.random.default_rng(3)
    length = round(length_s * RATE)
    speaker = np.zeros(length, np.float32)
    speaker[RATE:SILENT_FROM] = rng.uniform(0.1, 0.5, SILENT_FROM - RATE)
    microphone: Sound = (0.1 * rng.standard_normal(length)).clip(-1, 1).astype(np.float32)
    near = rng.uniform(0, 1, length // HOP).astype(np.float32)
    near[:10] = np.nan
    words = tuple(Word(i * RATE, (i + 1) * RATE, text) for i, text in enumerate(TEXT.split()))
    return RunRecord(
        title="A <made-up> run",
        subtitle="10 s & more",
        speaker=speaker,
        microphone=microphone,
        journal=JOURNAL,
        clean=microphone,
        traces=(Trace("Near-end voice", near, 1.0, {"voice": 0.5}), Trace("Evidence", 24 * near, 24.0, {"stop": 12.0})),
        truth=TRUTH,
        words={0: words},
        facts={"settings": "a1b2"},
    )


def without_truth() -> RunRecord:
    return replace(made_up(), truth=(), words={}, clean=None, traces=(), facts={})

"""Collected sessions without a room: a quiet microphone in which takes are bursts, as a recording has them on disk, and
as the ear gets them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgeagent.settings import Settings
from edgeagent.store.journal import JsonLinesJournal
from edgeagent.store.session import Recording
from edgeagent.store.takes import TAKES, Consent, Expected, Outcome, Take, take_to_json, write_consent
from edgeagent.turn import events as e
from edgeagent.units import HOP, RATE
from tests.train.listening import event, scene
from tools.train.acts import Heard
from tools.train.collected import HEARD, Recorded

LASTS = 30 * HOP
"""Of what is done in a take, in samples."""

EVERY = 3 * RATE
"""From take to take, in samples."""

KINDS = (Expected.FLOOR, Expected.BACKCHANNEL, Expected.NOISE, Expected.SILENCE)


def takes(kinds: Sequence[Expected], outcome: Outcome = Outcome.GOOD) -> list[Take]:
    """One after the other, each with a sound a second after its line."""
    made = []
    for number, kind in enumerate(kinds):
        shown = RATE + number * EVERY
        sounds = () if kind is Expected.SILENCE else ((shown + RATE, shown + RATE + LASTS),)
        made.append(Take(number + 1, 1, kind, f"do {kind}", "", shown, shown + 2 * RATE, outcome, sounds, -26.0, -75.0))
    return made


def write(
    folder: Path,
    made: Sequence[Take],
    person: str = "somebody",
    extra: Sequence[tuple[int, int]] = (),
    lost: tuple[int, int] = (0, 0),
) -> Path:
    """A session with these takes on disk. extra: what else is to be heard, nobody having been asked. lost: from which
    sample on how many were lost. The device says nothing."""
    dice = np.random.default_rng(1)
    length = max(take.until for take in made) + RATE
    microphone = dice.normal(0, 1e-4, length).astype(np.float32)
    for start, stop in (*(span for take in made for span in take.sounds), *extra):
        microphone[start:stop] += dice.normal(0, 0.05, stop - start).astype(np.float32)
    microphone[lost[0] : sum(lost)] = 0
    write_consent(folder, Consent(person, "--consent", "2026-01-01T00:00:00+00:00", f"kept in {folder}", 0))
    recording = Recording(folder, Settings(), {}, print)
    recording.tell(e.Ready(0))
    if lost[1]:
        recording.tell(e.Lost(lost[0], "overflow", lost[1]))
    for at in range(0, length, 1600):
        recording.reference(np.zeros(microphone[at : at + 1600].size, np.float32))
        recording.capture(microphone[at : at + 1600])
    recording.close()
    journal = JsonLinesJournal(folder / TAKES, print)
    for take in made:
        journal.write(take_to_json(take))
    journal.close()
    return folder


def heard(name: str, person: str, kinds: Sequence[Expected], seed: int = 0) -> Recorded:
    """A session as the ear gets it, a take every 1.6 s."""
    made = []
    events = []
    for number, kind in enumerate(kinds):
        start = 30 + 100 * number
        sounds = () if kind is Expected.SILENCE else ((start * HOP, (start + 30) * HOP),)
        made.append(
            Take(number + 1, 1, kind, "", "", (start - 20) * HOP, (start + 60) * HOP, Outcome.GOOD, sounds, -26, -75)
        )
        if kind in HEARD:
            events.append(event(HEARD[kind], start, 30))
    hops = 100 * len(kinds) + 60
    listened = scene(events, hops, seed)
    for each in events:  # what it sounds like: the louder, the higher for a listener and the broader for a noise
        span = slice(each.start // HOP + 1, each.stop // HOP + 1)
        bands = {Heard.FLOOR: slice(4, 18), Heard.BACKCHANNEL: slice(2, 8), Heard.NOISE: slice(0, 32)}[each.heard]
        for output in (0, 32):
            listened.packed[span, output + bands.start : output + bands.stop] += 3.0
        listened.packed[span, 96:98] = -3.0
    return Recorded(Path(name), person, listened, tuple(made), np.zeros(hops, np.bool_))

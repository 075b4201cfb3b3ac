"""A recorded session through a new engine: the same sound and the same events give the same journal, byte for byte.

Everything told is handed over first, stamped as the recording has it: the engine keeps what lies ahead until it gets
there. So no size of the blocks can matter, and none is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from edgeagent.engine import Engine
from edgeagent.ports import Sound
from edgeagent.turn.events import Event, Fact
from edgeagent.units import RATE


def replay(
    engine: Engine,
    reference: Sound,
    microphone: Sound,
    told: Iterable[Event | Fact],
    *,
    chunk: int = RATE,
    progress: Callable[[int], None] = lambda _done: None,
) -> None:
    """Feed `engine`, which must be new, with what the recorded one got. What it decides is in its journal.

    reference, microphone: (n,) float32, sample for sample. told: as stamped, in the order told. chunk: samples handed
    over at a time, at least 1; never changes the journal. progress: gets the samples done after each chunk."""
    for event in told:
        engine.tell(event)
    for start in range(0, len(microphone), chunk):
        engine.reference(reference[start : start + chunk])
        engine.capture(microphone[start : start + chunk])
        engine.decisions()  # nobody acts on them: what came of them is in the recording
        progress(start + chunk)

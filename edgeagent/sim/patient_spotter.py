"""A recogniser on the sample clock: whoever asks for its partials waits until everything has been recognised.

A simulation runs faster than real time, and the same scene must give the same journal. So a piece of sound is answered
before the next sample is simulated, however long that takes on the machine; the time that it would have taken is added
to the sample at which the answer is told (`DELAY`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from edgeagent.errors import ServiceError
from edgeagent.ports import Partial, Sound, Spotter, Spotting
from edgeagent.units import samples

DELAY = samples(60)
"""From the end of a piece of sound to its text: 10 ms of computing here, and room for a machine that is five times
slower."""

PATIENCE_S = 60.0
"""After which a recogniser that gives no answer has failed; a busy machine is no reason to."""

REST_S = 0.0005


class PatientSpotter:
    """See `ports.Spotter`. Raises ServiceError where a recogniser fails: what follows would not be repeatable."""

    def __init__(self, spotter: Spotter) -> None:
        self._spotter = spotter

    def listen(self, start: int) -> PatientSpotting:
        return PatientSpotting(self._spotter.listen(start), start)

    def facts(self) -> Mapping[str, int | float]:
        return self._spotter.facts()

    def close(self) -> None:
        self._spotter.close()


class PatientSpotting:
    """See `ports.Spotting`."""

    def __init__(self, spotting: Spotting, start: int) -> None:
        self._spotting = spotting
        self._fed = self._answered = start
        self._finished = self._final = False

    def feed(self, sound: Sound) -> None:
        self._fed += sound.size
        self._spotting.feed(sound)

    def finish(self) -> None:
        self._finished = True
        self._spotting.finish()

    def partials(self) -> Sequence[Partial]:
        said: list[Partial] = []
        deadline = time.monotonic() + PATIENCE_S
        while not self._final and (self._answered < self._fed or self._finished):
            for partial in self._spotting.partials():
                said.append(partial)
                self._answered, self._final = partial.upto, partial.final
            if self._final and not self._finished:
                raise ServiceError("the recogniser died in a simulation", "simulate again, or without hints.words")
            if time.monotonic() > deadline:
                raise ServiceError("the recogniser does not answer", "simulate again, or without hints.words")
            time.sleep(REST_S)
        return said

    def cancel(self) -> None:
        self._spotting.cancel()

"""The one small thread behind every lamp: it draws patterns, so that `show` never waits for a light.

gpiozero's own blinking joins a thread in `off()`, up to 25 ms, on the path of the hard stop; here the path of the stop
appends to a queue and sets a flag.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from itertools import cycle
from math import inf
from threading import Event, Thread
from time import monotonic

from edgeagent.devices.lights import Glow, glows
from edgeagent.turn.outputs import Light

Draw = Callable[[Glow], None]
"""Makes the lamp show it; called from the animator's thread."""

LIGHTS = 32
"""Lights that may wait to be drawn; a lamp so slow loses the oldest."""

LATE = 1.0
"""Seconds a pattern may be behind and catch up; more (after a suspend) is forgotten."""

CLOSING = 1.0
"""Seconds `close` waits for the thread, which may be writing to the lamp."""

log = logging.getLogger(__name__)


class Animator:
    """Draws one light after the other. A lamp that fails is reported once and left alone: nobody needs it to talk."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._wanted: deque[tuple[Light, bool]] = deque(maxlen=LIGHTS)
        self._wake = Event()
        self._closing = False
        self._thread = Thread(target=self._work, name="lamp", daemon=True)
        self._thread.start()

    def show(self, light: Light, impaired: bool = False) -> None:
        """From any thread, at once. Each light is drawn at least once, however short it was wanted."""
        self._wanted.append((light, impaired))
        self._wake.set()

    def close(self) -> None:
        """Ends the thread after the lights still waiting; the lamp keeps its last look. Idempotent."""
        self._closing = True
        self._wake.set()
        self._thread.join(CLOSING)

    def _work(self) -> None:
        try:
            self._animate()
        except Exception as error:  # whatever the driver raises
            log.warning("the lamp failed and stays as it is: %s", error)

    def _animate(self) -> None:
        shown: tuple[Light, bool] | None = None
        steps: Iterator[tuple[Glow, int]] = iter(())
        due = inf
        while True:
            self._wake.clear()  # before looking: whatever comes after this look ends the wait below
            if self._wanted:
                newest = self._wanted.popleft()
                if newest != shown:
                    shown, steps, due = newest, cycle(glows(*newest)), monotonic()
            elif self._closing:
                return
            if shown is not None and monotonic() >= due:
                glow, milliseconds = next(steps)
                self._draw(glow)
                due = max(due, monotonic() - LATE) + milliseconds / 1000 if milliseconds else inf
            if not (self._wanted or self._closing):
                self._wake.wait(None if due == inf else max(0.0, due - monotonic()))

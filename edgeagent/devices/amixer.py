"""A control of the ALSA mixer, by the program `amixer` (alsa-utils, on every Raspberry Pi OS).

A child process for each change, on a thread of its own: a mixer of a card that is just away may take its time. We
refused pyalsaaudio: it is built from source, for what one line of amixer does.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Thread

from edgeagent.errors import DeviceError

PATIENCE_S = 2.0
"""It takes some ms."""

WAITING = 4
"""Changes that may wait; who presses faster is not obeyed faster."""

PERCENT = re.compile(r"\[(\d{1,3})%\]")

INSTALL = "sudo apt install alsa-utils"

Then = Callable[[float, str], None]


class Amixer:
    """See `ports.Mixer`. control: CARD/CONTROL, the card as `amixer -D` takes it (`hw:Device/PCM`). post: leaves what
    is to be told with the engine's thread."""

    def __init__(self, control: str, post: Callable[[Callable[[], None]], object], program: str = "amixer") -> None:
        self._card, _, self._name = control.rpartition("/")
        self._program = program
        self._post = post
        self._orders: Queue[tuple[Callable[[float], float], Then] | None] = Queue(WAITING)
        self._thread = Thread(target=self._work, name="mixer", daemon=True)
        self._thread.start()

    def change(self, by: Callable[[float], float], then: Then) -> None:
        try:
            self._orders.put_nowait((by, then))
        except Full:
            then(0.0, f"the mixer '{self._name}' does not answer")

    def level(self) -> float:
        """As it is felt, 0 .. 1: the first channel's. Raises DeviceError."""
        return self._asked("sget", self._name)

    def close(self) -> None:
        while True:  # what waits is not wanted any more
            try:
                self._orders.put_nowait(None)
                break
            except Full:
                with suppress(Empty):
                    self._orders.get_nowait()
        self._thread.join(PATIENCE_S)

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            by, then = order
            level, trouble = 0.0, ""
            try:
                level = self.level()
                wanted = by(level)
                if wanted != level:  # a control with few steps would round it, perhaps the other way
                    level = self._asked("sset", self._name, f"{100 * wanted:.0f}%")
            except DeviceError as error:
                trouble = str(error)
            self._post(lambda then=then, level=level, trouble=trouble: then(level, trouble))  # type: ignore[misc]

    def _asked(self, *words: str) -> float:
        command = [self._program, "-M", *(("-D", self._card) if self._card else ()), *words]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=PATIENCE_S, check=False
            )
        except FileNotFoundError as error:
            raise DeviceError(f"there is no {self._program}", INSTALL) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DeviceError(
                f"{self._program} does not answer",
                "`aplay -l` lists the cards: set audio.mixer: hw:NAME/PCM, with the name of one",
            ) from error
        found = PERCENT.search(done.stdout)
        if done.returncode or found is None:
            said = " ".join(done.stderr.split()) or "it has no volume"
            remedy = "set audio.mixer to one of `amixer -D CARD scontrols`"
            raise DeviceError(f"the mixer's control '{self._name}' of '{self._card or 'default'}': {said}", remedy)
        return int(found.group(1)) / 100


class FakeMixer:
    """A mixer without hardware, for tests and for trying out. Changes at once."""

    def __init__(self, level: float = 0.5) -> None:
        self.current = level
        self.trouble = ""

    def change(self, by: Callable[[float], float], then: Then) -> None:
        if not self.trouble:
            self.current = by(self.current)
        then(self.current, self.trouble)

    def close(self) -> None:
        pass

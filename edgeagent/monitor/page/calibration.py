"""`edgeagent calibrate` as a job of the page: the device lends its card, gets it back, and is never left without it.

In a process of its own, because the sound library begins anew in each: one that hangs with the card, or is ended in the
midst of a sweep, leaves nothing behind in the device, which would need a new process itself after that; and because its
arithmetic would hold the interpreter's lock, while the device goes on serving its button, its lamp and its watchdog.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence

from edgeagent.monitor.page.job import Job, Outcome, added, begun
from edgeagent.vitals import Lender

LONGEST_S = 150.0
"""A calibration takes one minute, two where much has to be tried; the device takes its card back after three."""

LOOK_S = 0.05
"""Between two looks whether the card is free."""

GRACE_S = 4.0
"""For one that is told to stop: it silences the card and closes it, which takes so long where a driver is slow."""

REFUSED = -1000
"""In place of an exit code: the device keeps its card, and `said` is why."""

STOPPED = -signal.SIGINT
"""Exit code of one that was told to stop; likewise where it had not begun."""


class Nobody:
    """There is no device yet."""

    def ask(self, borrower: Callable[[], None]) -> str:  # noqa: ARG002
        return "the device is not ready yet"

    def answer(self) -> str | None:
        return None

    def give_back(self) -> None: ...


class Calibration(Job):
    """`borrow_from` is to be called before the page is served."""

    lender: Lender = Nobody()

    def borrow_from(self, lender: Lender) -> None:
        """Whose card it is."""
        self.lender = lender

    def stop(self) -> None:
        """As Ctrl-C; if that does not help, by force."""
        self._unwanted = True
        self._signal(signal.SIGINT)
        asyncio.get_running_loop().call_later(GRACE_S, self._insist, self.outcome.begun)

    def _insist(self, since: float) -> None:
        if self.outcome.begun == since:
            self.kill()

    async def _run(self, options: Sequence[str]) -> None:
        self._tell(begun(self.outcome))
        try:
            if why := await self._card():
                self._tell(Outcome(code=REFUSED, said=why.encode()))
                return
            if self._unwanted:
                self._tell(Outcome(code=STOPPED))
                return
            await self._ended([*self._command, *options], LONGEST_S, lambda line: self._tell(added(self.outcome, line)))
        finally:
            self.lender.give_back()

    async def _card(self) -> str:
        """Waits for it, while it is wanted; why it is not to be had."""
        if why := self.lender.ask(self.kill):
            return why
        while (answer := self.lender.answer()) is None and not self._unwanted:
            await asyncio.sleep(LOOK_S)
        return answer or ""

"""A thread that does what others take long for, one job after the other, and leaves what comes of it as notes for the
engine thread.

A job that is called off is cut, not drained: whatever still comes of it finds its flag and is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Thread
from typing import Any, Generic, Protocol, TypeVar

from edgeagent.errors import EdgeAgentError
from edgeagent.live.inbox import Inbox

CLOSING_S = 1.0
"""How long `close` waits for a talker or a replier that ignores its cancel."""


class Job(Protocol):
    """The engine thread makes it, and sets its flag."""

    cancelled: bool


AnyJob = TypeVar("AnyJob", bound=Job)


class Working(Generic[AnyJob]):
    """Who inherits from it says what there is to do, how, and what failing means; and takes orders on the engine
    thread, under `_changed`, which it notifies. The thread runs from `_start` on."""

    def __init__(self, name: str, inbox: Inbox) -> None:
        self._inbox = inbox
        self._changed = Condition()  # of what there is to do, and of `_closing`
        self._closing = False
        self._thread = Thread(target=self._work, name=name, daemon=True)

    def _waiting(self) -> AnyJob | None:
        """What is to be done next, None for nothing yet. Under `_changed`."""
        raise NotImplementedError

    def _do(self, job: AnyJob) -> None:
        """The whole of it, on our thread."""
        raise NotImplementedError

    def _failed(self, job: AnyJob, reason: str) -> None:
        """On the engine thread: no more will come of it."""
        raise NotImplementedError

    def _start(self) -> None:
        self._thread.start()

    def _close(self, cut: Callable[[], None]) -> None:
        """Ends the thread. cut: calls off what it is at."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        cut()
        self._thread.join(CLOSING_S)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                if not job.cancelled:
                    self._do(job)
            except EdgeAgentError as error:
                self._tell(job, self._failed, job, str(error))
            except Exception as error:  # somebody else's code must not end the conversation
                self._tell(job, self._failed, job, f"{type(error).__name__}: {error}")

    def _next(self) -> AnyJob | None:
        """As soon as there is something to do; None for no more."""
        with self._changed:
            job: AnyJob | None = None
            while not self._closing and (job := self._waiting()) is None:
                self._changed.wait()
            return None if self._closing else job

    def _tell(self, job: AnyJob, what: Callable[..., None], *about: Any) -> None:
        """Call this on the engine thread, unless the job is called off by then."""

        def note() -> None:
            if not job.cancelled:
                what(*about)

        self._inbox.put(note, lambda: not (job.cancelled or self._closing))

"""What the page's server answers: the page, its style and script, a stream of what changes, sounds, and its buttons.

Everything is made elsewhere and handed in as functions, which are called on the server's thread.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from edgeagent.monitor.page.calibration import Calibration
from edgeagent.monitor.page.guard import FORM
from edgeagent.monitor.page.job import Job, Outcome

TICK_S = 0.2
"""Between two looks at the device for those who watch it live."""

WATCHING = 6
"""Browsers that may watch live at the same time; others are told to come back."""


CALIBRATION = "/#calibrate"
"""Where on the page it is."""

CALIBRATES = "A calibration is under way already, and there is one at a time: it takes a minute or two.\n"
CHECKS = "A check is under way, which wants the card as well: try again in a few seconds.\n"
NOT_KEPT = "Settings are written for somebody who came with the token, where the file can be written.\n"


@dataclass(frozen=True, slots=True)
class Content:
    """What there is to show."""

    page: Callable[[str, Outcome, Outcome], str]
    """HTML. Gets the word that buttons must send along (`Guard.form_word`), and how check and calibration went."""

    now: Callable[[], Mapping[str, object]]
    """How the device is, as JSON takes it."""

    minute: Callable[[], Sequence[Sequence[object]]]
    """How it was up to now: for every TICK_S what the strip shows, the oldest first."""

    version: Callable[[], int]
    """Changes when `history` does."""

    history: Callable[[], str]
    """HTML of what happened lately."""

    findings: Callable[[Outcome], str]
    """HTML of how the check went."""

    calibrated: Callable[[str, Outcome], str]
    """HTML of how the calibration goes, and its buttons, which send the word."""

    unfit: str
    """Why this device cannot be calibrated; "" if it can."""

    keep: Callable[[Outcome], bool]
    """Writes the settings that a calibration has found; False, and nothing is written, for somebody who may not. What
    came of it is in `calibrated` from then on. Called in a thread."""

    sounds: Callable[[], Mapping[str, Path]]
    """Names in the page to files."""

    style: str
    script: str


class Site:
    """The application, an ASGI one. `form_word` is to be set before it is asked."""

    def __init__(self, content: Content, check: Job, calibration: Calibration) -> None:
        self.form_word = ""
        self.over = False
        """Ends every stream."""
        self._content = content
        self._check = check
        self._calibration = calibration
        self._watching = 0
        self._now = (-TICK_S, "")  # made when, and the event: all who watch get the same
        routes = [
            Route("/", self._page),
            Route("/style.css", _fixed(content.style, "text/css")),
            Route("/script.js", _fixed(content.script, "text/javascript")),
            Route("/events", self._events),
            Route("/sound/{name}", self._sound),
            Route("/check", self._begin, methods=["POST"]),
            Route("/calibrate", self._calibrate, methods=["POST"]),
            Route("/calibrate/stop", self._stop, methods=["POST"]),
            Route("/calibrate/keep", self._keep, methods=["POST"]),
        ]
        self.application = Starlette(routes=routes)

    async def _page(self, _request: Request) -> Response:
        text = self._content.page(self.form_word, self._check.outcome, self._calibration.outcome)
        return Response(text.encode("utf-8", "replace"), media_type="text/html; charset=utf-8")

    async def _begin(self, _request: Request) -> Response:
        if self._calibration.outcome.running:
            return PlainTextResponse(CALIBRATES, 409)
        self._check.begin()
        return RedirectResponse("/#check", 303)

    async def _calibrate(self, request: Request) -> Response:
        if self._content.unfit:
            return PlainTextResponse(f"{self._content.unfit}\n", 409)
        if self._check.outcome.running:
            return PlainTextResponse(CHECKS, 409)
        somebody = request.scope[FORM].get("person") == "yes"
        if not self._calibration.begin(*([] if somebody else ["--no-person"])):
            return PlainTextResponse(CALIBRATES, 409)
        return RedirectResponse(CALIBRATION, 303)

    async def _stop(self, _request: Request) -> Response:
        if self._calibration.outcome.running:
            self._calibration.stop()
        return RedirectResponse(CALIBRATION, 303)

    async def _keep(self, _request: Request) -> Response:
        outcome = self._calibration.outcome
        if not await anyio.to_thread.run_sync(self._content.keep, outcome):
            return PlainTextResponse(NOT_KEPT, 403)
        self._calibration.version += 1
        return RedirectResponse(CALIBRATION, 303)

    async def _sound(self, request: Request) -> Response:
        file = self._content.sounds().get(request.path_params["name"])
        if file is None or not file.is_file():
            return PlainTextResponse("That sound is no longer there.\n", 404)
        return FileResponse(file, media_type="audio/wav")

    async def _events(self, request: Request) -> Response:
        if self._watching >= WATCHING:
            return PlainTextResponse("Enough are watching.\n", 503, {"retry-after": "30"})
        if request.method == "HEAD":  # its answer has no body, and no end if it is a stream
            return Response(media_type="text/event-stream")
        self._watching += 1
        return _Watched(self._stream(), self._leave)

    def _leave(self) -> None:
        self._watching -= 1

    def _now_event(self) -> str:
        now = asyncio.get_running_loop().time()
        if now >= self._now[0] + TICK_S / 2:
            self._now = (now, _event("now", self._content.now()))
        return self._now[1]

    async def _stream(self) -> AsyncIterator[str]:
        """Server-sent events until the browser goes; one that is slow is waited for, and misses what was meanwhile."""
        told = (-1, -1, -1)
        yield _event("minute", self._content.minute())
        while not self.over:
            known = (self._content.version(), self._check.version, self._calibration.version)
            if known[0] != told[0]:
                yield _event("history", self._content.history())
            if known[1] != told[1]:
                yield _event("check", self._content.findings(self._check.outcome))
            if known[2] != told[2]:
                yield _event("calibrate", self._content.calibrated(self.form_word, self._calibration.outcome))
            told = known
            yield self._now_event()
            await asyncio.sleep(TICK_S)


class _Watched(StreamingResponse):
    """A stream that is counted from its request on and not from its first event: browsers ask all at once when the
    device is back."""

    def __init__(self, events: AsyncIterator[str], leave: Callable[[], None]) -> None:
        """leave: called when it is over, however it ends."""
        super().__init__(events, media_type="text/event-stream")
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"


def _fixed(text: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:  # a plain function would run in a thread
        return Response(text, media_type=kind)

    return answer

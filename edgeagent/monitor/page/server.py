"""Runs the site on an event loop in a thread of its own; the sound never waits for it.

uvicorn and starlette, because they are well kept and need one thread for any number of open streams. Measured beside
what the device has loaded anyway: 8 MB, and 16 MB with asyncio; aiohttp took 7 more, and a server with a thread for
each stream (bottle on waitress) 3 less.
"""

from __future__ import annotations

import asyncio
import socket
from threading import Thread

import anyio.to_thread
import uvicorn

from edgeagent.monitor.page.calibration import Calibration
from edgeagent.monitor.page.guard import Guard
from edgeagent.monitor.page.impatient import Impatient
from edgeagent.monitor.page.job import Job
from edgeagent.monitor.page.site import Content, Site

CONNECTIONS = 24
"""Open at a time; more are answered with 503."""

FILES_READ = 2
"""Threads that read sound files."""

KEEP_ALIVE_S = 5
CLOSING_S = 2.0


class Server:
    """Answers on `ours` from `start` to `close`."""

    def __init__(
        self,
        ours: socket.socket,
        content: Content,
        jobs: tuple[Job, Calibration],
        token: str,
        name: str = "",
    ) -> None:
        """jobs: the check and the calibration. See `guard.Guard` for token and name."""
        self._socket = ours
        self._jobs = jobs
        self._site = Site(content, *jobs)
        guard = Guard(self._site.application, token, name, ours.getsockname()[1])
        self._site.form_word = guard.form_word
        config = uvicorn.Config(
            guard,
            loop="asyncio",
            http=Impatient,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), name="page", daemon=True)

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def close(self) -> None:
        """Answer no more. Idempotent."""
        self._site.over = True
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(CLOSING_S)
        self._socket.close()

    async def _serve(self) -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = FILES_READ
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            for job in self._jobs:
                await job.end()

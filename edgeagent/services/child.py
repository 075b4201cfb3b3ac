"""A child process with pipes that never block us: what every service that runs a program is built on.

The child gets a process group of its own, so that Ctrl-C in a terminal reaches only us (we end the child ourselves) and
`kill` ends a whole shell pipeline. Its pipes are non-blocking; `pump` moves bytes for several children in one `poll`.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock

from edgeagent.errors import ServiceError
from edgeagent.services.complaint import one_line
from edgeagent.services.wake import Wake

READ = 65_536
"""Bytes taken from a pipe at a time: a default pipe's whole content."""

COMPLAINT = 4096
"""Bytes of stderr kept, the last ones: enough for the line that says what went wrong."""

GONE_S = 1.0
"""How long `close` waits for a child that was killed. One that stays is stuck in the kernel, or root's (sudo)."""


class Child:
    """One running program. All methods belong to one thread, except `kill`, which any thread may call.

    received: what the child wrote to stdout and nobody took yet; the owner deletes what it used. The owner bounds it by
    not pumping: a child ahead of us then waits in its own `write`.
    """

    def __init__(self, argv: Sequence[str], env: Mapping[str, str] | None = None, pipe_bytes: int = -1) -> None:
        """argv: program and arguments. env: added to our own. pipe_bytes: size of its pipes, -1 for the system's.

        Raises ServiceError when the program cannot be started.
        """
        try:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **(env or {})},
                bufsize=0,
                pipesize=pipe_bytes,
                process_group=0,
            )
        except OSError as error:
            raise ServiceError(
                f"cannot start '{argv[0]}': {error.strerror}", "check that it is installed and executable"
            ) from error
        process = self._process
        assert process.stdin
        assert process.stdout
        assert process.stderr
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        for pipe in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(pipe.fileno(), False)
        self._exit = os.pidfd_open(process.pid)
        self.received = bytearray()
        self._unsent = bytearray()
        self._last_input = False
        self._complaint = b""
        self._reaping = Lock()  # so that `kill` never signals a process number that has been given away again

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        """The child has closed its stdout or exited; all it wrote is in `received`."""
        return self._stdout.closed

    @property
    def exited(self) -> bool:
        """It has exited, as far as pumping saw."""
        return self._exit < 0

    def send(self, data: bytes) -> None:
        """To its stdin: what the pipe takes now at once, the rest while pumping. Lost if the child does not listen."""
        if not self._stdin.closed:
            self._unsent += data
            self._write()

    def end_input(self) -> None:
        """Closes its stdin once everything sent has been written."""
        self._last_input = True
        self._write()

    def kill(self) -> None:
        """Ends the child and all it started, now, if we may. From any thread; never waits. Idempotent."""
        with self._reaping:
            if self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)

    def status(self) -> int | None:
        """Exit status; negative: killed by that signal; None: still running."""
        with self._reaping:
            return self._process.poll()

    def complaint(self) -> str:
        """The last line it wrote to stderr, "" for none."""
        self._read_complaint()
        lines = self._complaint.decode(errors="replace").strip().splitlines()
        return one_line(lines[-1]) if lines else ""

    def close(self) -> None:
        """Kills it if it runs, gives back the pipes and reaps it; leaves one that stays for GONE_S. Idempotent."""
        self.kill()
        for pipe in (self._stdin, self._stdout, self._stderr):
            pipe.close()
        if self._exit >= 0:  # not `wait`, with the lock: whoever kills meanwhile would wait as long
            gone = select.poll()
            gone.register(self._exit, select.POLLIN)
            gone.poll(1000 * GONE_S)
        self.status()
        self._close_exit()

    def waits_for(self) -> Iterable[tuple[int, int]]:
        """The descriptors to poll, and for what."""
        if not self._stdin.closed and self._unsent:
            yield self._stdin.fileno(), select.POLLOUT
        for pipe in (self._stdout, self._stderr):
            if not pipe.closed:
                yield pipe.fileno(), select.POLLIN
        if self._exit >= 0:
            yield self._exit, select.POLLIN

    def handle(self, fd: int) -> None:
        """Moves what can be moved through a descriptor that poll reported."""
        if fd == self._exit:
            self._close_exit()
            while not self._stdout.closed:  # whoever inherited the pipe may keep it open: its last words are in it now
                if not self._read():
                    self._stdout.close()
        elif not self._stdin.closed and fd == self._stdin.fileno():
            self._write()
        elif not self._stdout.closed and fd == self._stdout.fileno():
            self._read()
        else:
            self._read_complaint()

    def _read(self) -> bool:
        """Takes what stdout holds, a pipe full at most; false when it holds nothing now."""
        data = self._stdout.read(READ)
        if data == b"":
            self._stdout.close()
        self.received += data or b""
        return bool(data)

    def _close_exit(self) -> None:
        if self._exit >= 0:
            os.close(self._exit)
            self._exit = -1

    def _write(self) -> None:
        if self._stdin.closed:
            return
        try:
            while self._unsent and (count := self._stdin.write(self._unsent[:READ])):
                del self._unsent[:count]
        except BrokenPipeError:  # it does not want (more) input: its own affair; its exit status tells
            self._unsent.clear()
            self._last_input = True
        if self._last_input and not self._unsent:
            self._stdin.close()

    def _read_complaint(self) -> None:
        while not self._stderr.closed:
            data = self._stderr.read(READ)
            if data is None:
                return
            if not data:
                self._stderr.close()
            self._complaint = (self._complaint + data)[-COMPLAINT:]


def pump(children: Iterable[Child], wake: Wake, timeout: float) -> None:
    """Waits until a child has something, can take something, or `wake` is set, `timeout` seconds at most, and moves it.

    One round: everything that was ready is handled once. `wake` is cleared.
    """
    poll = select.poll()
    poll.register(wake, select.POLLIN)
    owners: dict[int, Child] = {}
    for child in children:
        for fd, mask in child.waits_for():
            poll.register(fd, mask)
            owners[fd] = child
    for fd, _ in poll.poll(max(0.0, timeout) * 1000):
        if fd in owners:
            owners[fd].handle(fd)
        else:
            wake.clear()

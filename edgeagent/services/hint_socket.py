"""The local hook for hints: a Unix datagram socket that a camera, a phone's bridge or a script of yours writes to.

One datagram is one JSON object, `{"source": "camera", "person": 1.0, "floor": 0.5}`: who says it, and the nats that it
brings for a person and for taking the floor (0 when left out). Only our own user may write (mode 0600). What is no such
object is counted, and so is what comes faster than RATE_HZ; nobody is answered, and the engine never waits.
"""

from __future__ import annotations

import json
import os
import re
import select
import socket
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from math import isfinite
from pathlib import Path
from threading import Thread

from edgeagent.errors import ServiceError
from edgeagent.services.wake import Wake
from edgeagent.turn.events import Hint

LONGEST = 512
"""Bytes of a datagram."""

SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")

MOST_NATS = 20.0
"""Either way. What counts is far less (`turn.hints`); a larger number is a percentage or a mistake."""

RATE_HZ = 50.0
"""Hints taken in a second, of all sources; as many may come at once. A camera has 30 pictures a second, and each hint
is a line of the journal."""

REST_MS = 5
"""After a datagram that counts for nothing: a sender that has gone wild waits, once the kernel holds no more of them,
and takes the interpreter from no audio thread."""

CLOSING_S = 2.0

SENDING_S = 2.0
"""How long a sender waits for room: the kernel holds some ten datagrams that are not read yet."""


def parse(datagram: bytes) -> Hint:
    """The hint in a datagram, at sample 0, that is: now. Raises ValueError, saying what is wrong."""
    if len(datagram) > LONGEST:
        raise ValueError(f"longer than {LONGEST} bytes")
    try:
        told = json.loads(datagram.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError("no JSON") from None
    if not isinstance(told, dict):
        raise ValueError("no JSON object")
    if unknown := sorted(set(told) - {"source", "person", "floor"}):
        raise ValueError(f"unknown key {unknown[0]!r}; there are source, person and floor")
    source = told.get("source")
    if not isinstance(source, str) or not SOURCE.fullmatch(source):
        raise ValueError("source must be a name of at most 32 letters, digits and . _ -")
    if len(told) == 1:
        raise ValueError("neither person nor floor")
    return Hint(0, source, _nats(told, "person"), _nats(told, "floor"))


def _nats(told: dict[str, object], key: str) -> float:
    value = told.get(key, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{key} must be a number")
    if abs(value) > MOST_NATS or not isfinite(value):
        raise ValueError(f"{key} must be from {-MOST_NATS:g} to {MOST_NATS:g} nats")
    return float(value)


class HintSocket:
    """Listens from its making to `close`, in a thread of its own.

    refused: datagrams that were no hints. dropped: hints that came too fast, or found the engine's inbox full."""

    def __init__(
        self,
        path: str,
        tell: Callable[[Hint], bool],
        trouble: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """tell: gets each hint on our thread and must not block; False if it was not taken. trouble: gets a line there
        about the first datagram that is refused, and about the first that is dropped. Raises ServiceError."""
        self.refused = self.dropped = 0
        self._path = Path(path).expanduser()
        self._tell = tell
        self._trouble = trouble
        self._clock = clock
        self._allowed, self._looked = RATE_HZ, clock()
        self._socket = _bound(self._path)
        self._inode = self._path.stat().st_ino
        self._wake = Wake()
        self._thread = Thread(target=self._listen, name="hints", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more, and take the socket's file away if it is still ours. Idempotent."""
        self._wake.set()
        self._thread.join(CLOSING_S)
        with suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        self._socket.close()
        self._wake.close()

    def _listen(self) -> None:
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        rest = select.poll()
        rest.register(self._wake, select.POLLIN)
        while all(ready != self._wake.fileno() for ready, _ in poll.poll()):
            with suppress(BlockingIOError):
                if not self._take(self._socket.recv(LONGEST + 1)):
                    rest.poll(REST_MS)

    def _take(self, datagram: bytes) -> bool:
        """Whether it was a hint, and was taken."""
        try:
            hint = parse(datagram)
        except ValueError as error:
            self.refused += 1
            if self.refused == 1:
                self._trouble(f"refused: {error}")
            return False
        if self._in_time() and self._tell(hint):
            return True
        self.dropped += 1
        if self.dropped == 1:
            self._trouble(f"dropped: more than {RATE_HZ:g} a second, the last from {hint.source}")
        return False

    def _in_time(self) -> bool:
        """A token bucket: RATE_HZ in the long run, as many at once after a rest."""
        now = self._clock()
        self._allowed = min(RATE_HZ, self._allowed + RATE_HZ * (now - self._looked))
        self._looked = now
        if self._allowed < 1.0:
            return False
        self._allowed -= 1.0
        return True


def send(path: str, datagram: bytes) -> None:
    """Give a datagram to the device that listens at `path`. Raises ServiceError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        ours.settimeout(SENDING_S)
        try:
            ours.sendto(datagram, str(Path(path).expanduser()))
        except TimeoutError as error:
            raise ServiceError(f"{path}: the device does not take its hints", "send fewer") from error
        except OSError as error:
            remedy = "start `edgeagent run` with hints.socket set to this path, as the same user"
            raise ServiceError(f"{path}: nobody listens ({error.strerror or error})", remedy) from error


def _bound(path: Path) -> socket.socket:
    """A socket at `path`, with mode 0600 from the first moment on."""
    ours = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    try:
        _clear(path)
        os.fchmod(ours.fileno(), stat.S_IRUSR | stat.S_IWUSR)  # Linux gives the file the mode of the unbound socket
        ours.bind(str(path))
        ours.setblocking(False)
    except OSError as error:
        ours.close()
        reason = error.strerror or error
        raise ServiceError(f"hints.socket {path}: {reason}", "give a short path in a folder of yours") from error
    except ServiceError:
        ours.close()
        raise
    return ours


def _clear(path: Path) -> None:
    """Take away what a device that was killed has left at `path`. Raises ServiceError for anything else there."""
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise ServiceError(f"hints.socket {path}: is a file already", "give another path, or move it away")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        try:
            other.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise ServiceError(f"hints.socket {path}: another device listens there", "stop it, or give another path")

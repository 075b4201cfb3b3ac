"""What a person would want to know, in the system's journal, with fields to search by:

    journalctl -u edgeagent EDGEAGENT_STATE=mic_lost

By journald's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram of NAME=value lines for each entry. It
lies with the kernel when `write` returns, so a kill a moment later loses nothing of it. Nothing blocks and nothing
raises: entries that journald has no room for are counted, and the next one says how many.
"""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Callable, Mapping

from edgeagent.turn.states import CALIBRATING

Entry = Mapping[str, object]

STREAM = "JOURNAL_STREAM"
"""The variable that names device and inode of what journald has put in place of our stderr."""

SOCKET = "/run/systemd/journal/socket"

LONGEST = 4000
"""Characters of a message; the file of the journal has it whole."""

ERR, WARNING, INFO, DEBUG = 3, 4, 6, 7
"""Priorities of syslog."""

LOUD = {
    "mic_lost": ERR,
    "faulty": ERR,
    "card_trouble": ERR,
    "ear_failed": ERR,
    "impaired": WARNING,
    "shed": WARNING,
    "lost": WARNING,
    "outage": WARNING,
    "card": WARNING,
    "journal_lost": WARNING,
    "ear_upset": WARNING,
    "discarded": WARNING,
    "reply_broken": WARNING,
}
"""Of states and events that somebody should look at; whatever ends in `_trouble` is a warning, and the rest is news."""

PRIVATE = ("recognised", "words")
"""What people said is nothing for a log that others may read."""

FIELDS = ("state", "from", "at", "utterance", "turn", "reason", "kind")
"""Of an entry, that become fields EDGEAGENT_..., beside its event."""

TIMED = re.compile(r"^ *\d+\.\d+ s  +")
"""What the timeline puts in front; journald has times of its own."""


def under_journald(stderr: int = 2) -> bool:
    """Whether what we write to stderr goes to journald, as systemd.exec(5) says to find out."""
    try:
        about = os.fstat(stderr)
    except OSError:
        return False
    return os.environ.get(STREAM, "") == f"{about.st_dev}:{about.st_ino}"


def priority(entry: Entry) -> int:
    """Of syslog, for an entry."""
    event = str(entry.get("event", ""))
    found = LOUD.get(str(entry.get("state")) if event == "state" else event)
    return found or (WARNING if event.endswith(("_trouble", "_failed")) else INFO)


def datagram(fields: Mapping[str, str | int]) -> bytes:
    """In journald's form: a value of several lines goes with its length."""
    parts = []
    for name, value in fields.items():
        data = str(value).encode("utf-8", "replace")
        if b"\n" in data:
            parts.append(name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n")
        else:
            parts.append(name.encode() + b"=" + data + b"\n")
    return b"".join(parts)


class SystemJournal:
    """See `ports.Journal`. form: an entry's line for a person, None for one that nobody reads. Engine thread only."""

    def __init__(self, form: Callable[[Entry], str | None], address: str = SOCKET) -> None:
        self.lost = 0
        """Entries that journald did not take, and of which no later one has told."""
        self._form = form
        self._meant = False  # that the microphone is lost: its card is lent
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)

    def write(self, entry: Entry) -> None:
        said = self._form(entry)
        if entry.get("event") == "microphone_failed":
            self._meant = entry.get("reason") == CALIBRATING
        if said is None or entry.get("event") in PRIVATE:
            return
        told = {f"EDGEAGENT_{name.upper()}": str(entry[name]) for name in FIELDS if entry.get(name) not in (None, "")}
        fields: dict[str, str | int] = {
            "MESSAGE": " ".join(TIMED.sub("", said).split())[:LONGEST],
            "PRIORITY": INFO if self._meant and entry.get("state") == "mic_lost" else priority(entry),
            "SYSLOG_IDENTIFIER": "edgeagent",
            "EDGEAGENT_EVENT": str(entry.get("event", "")),
            **told,
        }
        if self.lost:
            fields["EDGEAGENT_LOST"] = self.lost
        try:
            self._socket.sendto(datagram(fields), self._address)
        except OSError:
            self.lost += 1
        else:
            self.lost = 0

    def close(self) -> None:
        """Idempotent."""
        self._socket.close()

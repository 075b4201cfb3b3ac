"""The lines and bytes of Wyoming.

A message is a line of JSON, then `data_length` bytes of more JSON, then `payload_length` bytes. The library reads as
many as it is told; whoever listens to a network must not, so here each has a bound and everything else is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

LONGEST_LINE = 1 << 16
"""Bytes of the line. The library writes data behind it, so its own are about 80."""

LONGEST_PART = 1 << 20
"""Bytes of data, and of payload: five seconds of the widest sound that is taken; pieces are 2 KiB."""

LONGEST_DATA = 1 << 16
"""Bytes of data, of whom we did not choose: to read a mebibyte of brackets stops every thread for half a second."""

LARGEST = 1 << 53
"""Of a number: JSON has larger ones, of which no float is made."""


class Breaks(ValueError):
    """The connection ends within a message."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event of the protocol. data: anything that JSON can say."""

    kind: str
    data: Mapping[str, object] = field(default_factory=dict)
    payload: bytes = b""

    def number(self, name: str) -> int | None:
        """A whole number of the data that can be reckoned with; None for anything else."""
        value = self.data.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST else None

    def text(self, name: str) -> str:
        """A text of the data on one line; "" for anything else."""
        value = self.data.get(name)
        return " ".join(value.split()) if isinstance(value, str) else ""


def encoded(message: Message) -> bytes:
    """What goes over the line; half a surrogate pair, which is no letter, as a question mark."""
    head: dict[str, object] = {"type": message.kind, "version": "1.0.0"}
    data = json.dumps(message.data, ensure_ascii=False).encode(errors="replace") if message.data else b""
    if data:
        head["data_length"] = len(data)
    if message.payload:
        head["payload_length"] = len(message.payload)
    return json.dumps(head).encode() + b"\n" + data + message.payload


def read(source: BinaryIO, longest: int = LONGEST_PART, longest_data: int = LONGEST_PART) -> Message | None:
    """The next message, None at the end. longest: bytes of a payload; longest_data: of data. Raises ValueError for what
    is none, Breaks where it is not whole, and what the source raises."""
    line = source.readline(LONGEST_LINE + 1)
    if not line:
        return None
    if len(line) > LONGEST_LINE:
        raise ValueError("a line without an end")
    if not line.endswith(b"\n"):
        raise Breaks("the connection ends within a message")
    head = _object(line)
    kind, data = head.get("type"), head.get("data") or {}
    if not isinstance(kind, str) or not isinstance(data, dict):
        raise ValueError("no message")
    if length := _length(head, "data_length", longest_data):
        data = {**data, **_object(_bytes(source, length))}
    return Message(kind, data, _bytes(source, _length(head, "payload_length", longest)))


def _object(text: bytes) -> dict[str, object]:
    try:
        found = json.loads(text)
    except RecursionError as deep:
        raise ValueError("nested too deep") from deep
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found


def _length(head: Mapping[str, object], name: str, longest: int) -> int:
    length = head.get(name) or 0
    if not isinstance(length, int) or not 0 <= length <= longest:
        raise ValueError(f"{name} is not from 0 to {longest}")
    return length


def _bytes(source: BinaryIO, length: int) -> bytes:
    found = source.read(length) if length else b""
    if len(found) < length:
        raise Breaks("the connection ends within a message")
    return found

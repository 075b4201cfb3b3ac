"""A reply that is there at once."""

from __future__ import annotations

from collections.abc import Iterator


class ReadyReply:
    """See `ports.Reply`. pieces: its text, as it is handed out."""

    def __init__(self, *pieces: str) -> None:
        self._pieces = pieces
        self._cancelled = False

    def __iter__(self) -> Iterator[str]:
        for piece in self._pieces:
            if self._cancelled:
                return
            yield piece

    def cancel(self) -> None:
        """See `ports.Reply`."""
        self._cancelled = True

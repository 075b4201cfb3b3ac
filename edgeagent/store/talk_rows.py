"""Where a conversation stood, in the tables `lines` and `rest` of an open database: each line with the second in which
it was said, and what was left to say."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from edgeagent.dialogue.history import LINES, Line, Who
from edgeagent.dialogue.saved import Saved

Rows = dict[tuple[Who, int], tuple[int, Line]]
"""The lines of a database and their places, oldest first, by speaker and number."""

GONE = 0
"""The place of a line that was deleted."""


def read(database: sqlite3.Connection) -> tuple[Rows, Saved, float]:
    """All there is, and when the rest was written last. Raises ValueError or TypeError for what is senseless."""
    select = "SELECT place, who, text, interrupted, estimated FROM lines ORDER BY place DESC LIMIT ?"
    found = database.execute(select, (LINES,)).fetchall()
    at, more, plain = database.execute("SELECT at, more, texts FROM rest").fetchone() or (0.0, 0, "[]")
    lines = [
        (place, Line(Who(who), -1 - back, str(text), bool(interrupted), bool(estimated)))
        for back, (place, who, text, interrupted, estimated) in enumerate(found)
    ]
    texts = json.loads(plain)
    if not (isinstance(texts, list) and all(isinstance(text, str) for text in texts)):
        raise ValueError
    lines.reverse()
    rows = {(line.who, line.number): (place, line) for place, line in lines}
    return rows, Saved(tuple(line for _, line in lines), tuple(texts), bool(more)), float(at)


def matched(rows: Rows, lines: Sequence[Line]) -> Rows:
    """The rows of a database to which `lines` were written before, under their numbers. Of those that are not there,
    the oldest, it is known that they were."""
    gone: list[tuple[int, Line]] = [(GONE, line) for line in lines]
    there = (gone + list(rows.values()))[-len(lines) :] if lines else []
    return {(line.who, line.number): (place, line) for (place, _), line in zip(there, lines, strict=True)}


def write_lines(database: sqlite3.Connection, rows: Rows, lines: Iterable[Line], now: float) -> Rows:
    """Write what is different; returns what is there then. A line that was deleted for its age stays deleted: it is
    updated nowhere."""
    known = {(line.who, line.number): line for line in lines}
    written = dict(rows)
    following = 1 + max((place for place, _ in rows.values()), default=0)  # SQLite would reuse a deleted one's
    stay = [key for key in written if key in known]
    if stay != list(known)[: len(stay)]:  # another history altogether
        stay = []
    for key in [key for key in written if key not in stay]:
        database.execute("DELETE FROM lines WHERE place = ?", (written.pop(key)[0],))
    for key, line in known.items():
        values = (_utf8(line.text), line.interrupted, line.estimated)
        if key not in written:
            insert = "INSERT INTO lines (place, at, who, text, interrupted, estimated) VALUES (?, ?, ?, ?, ?, ?)"
            database.execute(insert, (following, now, line.who.value, *values))
            written[key] = (following, line)
            following += 1
        elif written[key][1] != line:
            place = written[key][0]
            update = "UPDATE lines SET text = ?, interrupted = ?, estimated = ? WHERE place = ?"
            database.execute(update, (*values, place))
            written[key] = (place, line)
    return written


def write_rest(database: sqlite3.Connection, saved: Saved, now: float) -> None:
    """Replace what was left to say."""
    texts = json.dumps([_utf8(text) for text in saved.rest], ensure_ascii=False)
    database.execute("INSERT OR REPLACE INTO rest VALUES (1, ?, ?, ?)", (now, saved.more, texts))


def prune(database: sqlite3.Connection, now: float, age_s: float) -> bool:
    """Delete what is older; whether there was any. What comes from the future, by a clock that went wrong, is from now:
    it would never be too old."""
    deleted = 0
    for table in ("lines", "rest"):
        database.execute(f"UPDATE {table} SET at = ? WHERE at > ?", (now, now))
        deleted += database.execute(f"DELETE FROM {table} WHERE at < ?", (now - age_s,)).rowcount
    return deleted > 0


def _utf8(text: str) -> str:
    """What SQLite can hold: half a surrogate pair is no text."""
    return text.encode(errors="replace").decode()

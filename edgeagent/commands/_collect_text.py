"""What a person reads before and after: what is recorded and whose it is, and what has come of it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from edgeagent.commands._collect_deck import EACH
from edgeagent.store.takes import Expected, Take
from edgeagent.units import seconds

CONSENT = """\
You are about to be recorded.

What is recorded: everything that the microphone of this device hears from the first word it says until it ends,
what you do when you are asked and everything between and behind it, other people's voices included; and what the
device says itself. Beside it: what you were asked for and when you did it, the settings of the device, the name or
pseudonym that you choose, and this text with its date.

Where it goes: into the folder {folder} on this machine. Nothing is sent anywhere by this program.

What it is for: teaching the device to tell who interrupts it from who only listens, with `python -m tools.train.tune`.
A model taught with it does not contain the recording; but whoever has the folder can hear you.

How to get rid of it: delete the folder, at any time and without giving a reason. It is in no other place, unless
somebody copies it. A model that was taught with it before is not changed by that.

The device will talk, and lines will tell you what to do. It will not stop, whatever you say: that is intended.
Ctrl-C ends it at any time; what is complete by then is kept."""
"""In words that need no lawyer."""

QUESTION = "Type yes if you agree: "
NAME = "A name or pseudonym to store with it (empty: anonymous): "
ANONYMOUS = "anonymous"


def ask(question: str) -> str:
    """What is typed on the terminal; "" where nobody can type."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def counts(takes: Sequence[Take]) -> list[dict[str, object]]:
    """A row for each kind, for JSON and for the table."""
    rows: list[dict[str, object]] = []
    for kind in EACH:
        mine = [take for take in takes if take.expected is kind]
        good = [take for take in mine if take.good]
        lengths = sorted(take.sounds[-1][1] - take.sounds[0][0] for take in good if take.sounds)
        middle = round(seconds(lengths[len(lengths) // 2]), 2) if lengths and kind is not Expected.SILENCE else None
        rows.append(
            {
                "kind": str(kind),
                "asked": len({take.number for take in mine}),
                "good": len(good),
                "again": sum(take.attempt > 1 for take in mine),
                "median_s": middle,
            }
        )
    return rows


def table(rows: Iterable[dict[str, object]]) -> str:
    """The rows for a person."""
    lines = [f"{'':<12} {'asked':>6} {'good':>6} {'again':>6} {'median':>8}"]
    for row in rows:
        median = f"{row['median_s']:.2f} s" if isinstance(row["median_s"], float) else "-"
        lines.append(f"{row['kind']!s:<12} {row['asked']:>6} {row['good']:>6} {row['again']:>6} {median:>8}")
    return "\n".join(lines)


def farewell(folder: Path) -> str:
    """Where it lies, and how to delete it."""
    size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    return f"stored in {folder} ({size:.0f} MB)\nto delete it: rm -r {shlex.quote(str(folder))}"

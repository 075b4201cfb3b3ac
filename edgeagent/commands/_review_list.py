"""`edgeagent review`: the list, one clip in full, the page."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from edgeagent.commands import _review_text as text
from edgeagent.commands.terminal import print_json, warn
from edgeagent.errors import EdgeAgentError
from edgeagent.report.timeline import lines
from edgeagent.store.clips import Clip, read_clip, read_clips
from edgeagent.store.disk import OWN_FILE, write_whole
from edgeagent.store.journal import each_line

NOTHING = 1
"""Exit code where there is nothing to show."""


def run(folder: Path, args: argparse.Namespace) -> int:
    """The list, and the page where one is asked for."""
    if args.shadow and (journal := _journal(folder)) is not None:
        if args.report:
            raise EdgeAgentError("--report: a page shows clips; there are none here", "give the folder of flight.dir")
        return _in_journal(journal, as_json=args.json)
    clips = [clip for clip in read_clips(folder, warn) if clip.shadow or not args.shadow]
    if args.json:
        print_json([text.plain(clip) for clip in clips])
    else:
        print(_listing(folder, clips, shadow=args.shadow))
    if args.report and clips:
        print(_page(args.report, folder, clips, args.cards), file=sys.stderr if args.json else sys.stdout)
    return 0 if clips else NOTHING


def _journal(folder: Path) -> Path | None:
    """Of a recorded session, or itself; None for a folder of clips."""
    if folder.is_file():
        return folder
    return folder / "journal.jsonl" if (folder / "journal.jsonl").is_file() else None


def _in_journal(journal: Path, *, as_json: bool) -> int:
    """Disagreements of which there is no clip."""
    found = [entry for entry in each_line(journal) if entry.get("event") == "shadow"]
    if as_json:
        print_json(found)
    else:
        print("\n".join(lines(found)) or f"{journal}: nowhere did the shadow disagree")
    return 0 if found else NOTHING


def show(folder: Path, number: int, args: argparse.Namespace) -> int:
    """One clip in full."""
    clip = read_clip(folder, number)
    if args.json:
        print_json({**text.plain(clip), "journal": list(clip.journal)})
    else:
        print("\n".join(text.story(clip)))
    return 0


def _listing(folder: Path, clips: list[Clip], *, shadow: bool) -> str:
    if not clips:
        return f"{folder}: " + ("nowhere did the shadow disagree" if shadow else "no clip yet")
    taken = sum(path.stat().st_size for clip in clips for path in clip.folder.iterdir()) / 1e6
    todo = sum(clip.label is None for clip in clips)
    of = "where the shadow disagreed, " if shadow else ""
    head = f"{_count(len(clips), 'clip')} {of}in {folder}, {taken:.1f} MB; {todo} without a label"
    foot = "" if not todo else f"\n`edgeagent review {shlex.quote(str(folder))} ask` goes through those without a label"
    return f"{head}\n\n{text.HEADING}\n" + "\n".join(map(text.row, clips)) + f"\n{foot}"


def _page(path: Path, folder: Path, clips: list[Clip], most: int) -> str:
    """Raises EdgeAgentError before anything is drawn, and OSError. What to say of it."""
    from edgeagent.commands._review_page import page

    if not path.absolute().parent.is_dir():
        raise EdgeAgentError(f"{path.parent}: no such folder", "make it, or write the page elsewhere")
    if most < 1:
        raise EdgeAgentError(f"--cards {most}: nothing would be on it", "give 1 or more")
    written = page(folder, clips, most, warn)
    write_whole(path, written, OWN_FILE)
    return f"{path}: {min(most, len(clips))} of {_count(len(clips), 'clip')}, {len(written) / 1e6:.1f} MB"


def _count(number: int, name: str) -> str:
    return f"{number} {name}" + "s" * (number != 1)

"""How commands speak to a person (progress on stderr) and to a program (JSON on stdout)."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from edgeagent.errors import EdgeAgentError

BAR = 30
"""Columns of the bar at most."""

USUAL = 80
"""Columns of a terminal that does not tell, such as a serial line."""

WARNING = "edgeagent: warning:"

STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
"""Control characters but for the end of a line."""


def tame(text: str) -> str:
    """What may hold the words of a server, a program or a file: these must not steer the terminal."""
    return STEERING.sub(" ", text)


def coloured() -> bool:
    """Whether stdout is a terminal, of somebody who wants colours (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def columns() -> int:
    """Of a line on stdout, if it is a terminal; otherwise more than anybody needs."""
    return room(sys.stdout) if sys.stdout.isatty() else sys.maxsize


def room(stream: TextIO) -> int:
    """Columns of a line on the terminal `stream`. A longer one breaks, and is no longer drawn over but below itself."""
    try:
        told = os.get_terminal_size(stream.fileno()).columns
    except OSError:
        told = 0
    return (told or USUAL) - 1  # some break the line with its last column


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option `--json`, worded alike everywhere."""
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")


def check_seed(seed: int) -> None:
    """Raises EdgeAgentError for one that no generator of random numbers takes."""
    if seed < 0:
        raise EdgeAgentError(f"--seed {seed} is negative", "give 0 or more")


def check_place(option: str, file: Path | None) -> None:
    """Minutes of work must not end with a file that cannot be written. Raises EdgeAgentError."""
    if file is None:
        return
    if file.is_dir():
        raise EdgeAgentError(f"{option} {file}: is a folder", "give the name of a file")
    if not file.absolute().parent.is_dir():
        raise EdgeAgentError(f"{option} {file}: {file.parent}: no such folder", "make it, or write elsewhere")
    special = file.exists() and not file.is_file()  # such as /dev/stdout, in a folder of root's
    if not special and not os.access(file.absolute().parent, os.W_OK):
        raise EdgeAgentError(f"{option} {file}: nothing can be written in {file.parent}", "write elsewhere")


def check_folder(folder: Path) -> None:
    """Nobody shall work for what cannot be kept; `folder` need not be there yet. Raises EdgeAgentError."""
    there = nearest(folder)
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise EdgeAgentError(f"{folder}: {there} is no folder that can be written", "write elsewhere")


def nearest(folder: Path) -> Path:
    """The folder itself, or the first above it that is there. One that may not be entered is none for us, which
    `Path.exists` raises for."""
    return next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))


def print_json(document: object) -> None:
    """One JSON document on stdout, with JSON's own escapes where stdout cannot hold what is in it."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(document, indent=2)
    print(text)


def warn(line: str) -> None:
    """One line on stderr, at once: what a person should know of a run that goes on."""
    print(f"{WARNING} {tame(line)}", file=sys.stderr, flush=True)


class Progress:
    """Shows how far long work is: a bar on a terminal, a line every 10 % in a log. Use it as a context.

    `at(done)` takes any unit, as long as `total` has the same; it draws only when a per cent is gained."""

    def __init__(self, label: str, total: float, stream: TextIO | None = None) -> None:
        self._label = label
        self._total = max(total, 1e-9)
        self._stream = sys.stderr if stream is None else stream
        self._bar = self._stream.isatty()
        self._step = 1 if self._bar else 10
        self._shown = -1

    def at(self, done: float) -> None:
        """So much of the total is done."""
        percent = min(100, int(100 * done / self._total))
        if percent // self._step == self._shown // self._step:
            return
        self._shown = percent
        if self._bar:
            said = f"{percent:3d} %"
            width = min(BAR, room(self._stream) - len(f"{self._label} [] {said}"))
            filled = width * percent // 100
            bar = f"[{'#' * filled}{'.' * (width - filled)}] " if width > 0 else ""
            self._stream.write(f"\r{self._label} {bar}{said}")
        else:
            self._stream.write(f"{self._label}: {percent} %\n")
        self._stream.flush()

    def __enter__(self) -> Self:
        self.at(0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._stream.write("\r\x1b[K")  # wipe the line: what follows is the result
            self._stream.flush()

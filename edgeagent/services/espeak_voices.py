"""Where espeak-ng and its data lie, and which voices it has: seen from the files, without loading the library.

A voice is a file below `lang` or `voices` of the data folder. It is asked for by its path below there, by the name of
its file, or by the name that stands in it, in large or small letters (speak_lib.h, `espeak_SetVoiceByName`); what
follows a + is a variant, and one that does not exist is passed over by the library.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from edgeagent.errors import ServiceError, meant, nearest

LIST = "'espeak-ng --voices' lists them"

DATA = "espeak-ng-data"

SYSTEMS = ("usr/lib/*", "usr/lib", "usr/lib64", "usr/share", "usr/local/lib", "usr/local/share")
"""Where Linux systems keep the data of their library, below the root."""

VARIANTS = "!v"
"""Folder of what may follow a +: no voices by themselves."""

NAME = b"name"
"""Begins the line of a voice's file that tells its name; it stands among the first."""

HEAD = 2048
"""Bytes of a voice's file that are looked at."""


def library() -> tuple[str, str]:
    """Library and data folder: those of the wheel, otherwise the system's (its data folder is built in)."""
    spec = find_spec("espeakng_loader")  # found, not imported: importing is the child's affair
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent
        if (folder / "libespeak-ng.so").exists():
            return str(folder / "libespeak-ng.so"), str(folder / DATA)
    return "libespeak-ng.so.1", ""


def data_folders(root: Path = Path("/")) -> list[Path]:
    """Folders in which the library that `library` names may look for its voices; none where that is not known."""
    if given := library()[1]:
        return [Path(given)] if Path(given).is_dir() else []
    own = os.environ.get("ESPEAK_DATA_PATH", "")
    places = [Path(own), Path(own) / DATA] if own else []
    places += [found for pattern in SYSTEMS for found in sorted(root.glob(f"{pattern}/{DATA}"))]
    return [place for place in places if (place / "lang").is_dir() or (place / "voices").is_dir()]


def check_voice(voice: str, folders: Sequence[Path] | None = None) -> None:
    """Raises ServiceError for a voice that is in none of the folders (None: `data_folders`). Where there are no folders
    nothing is known, and nothing is refused: the library will tell."""
    found = {path.lower(): file for path, file in _files(data_folders() if folders is None else folders)}
    if not found:
        return
    wanted = voice.partition("+")[0].lower()
    files = {path.rpartition("/")[2] for path in found}
    if wanted and (wanted in found or wanted in files or wanted in map(_name, found.values())):
        return
    raise ServiceError(f"espeak-ng has no voice '{voice}'{meant(nearest(wanted, files))}", LIST)


def _files(folders: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Each voice's path as it may be asked for, and its file."""
    for top in [folder / name for folder in folders for name in ("lang", "voices")]:
        for place, inside, names in os.walk(top):
            inside[:] = [name for name in inside if name != VARIANTS]
            for name in names:
                yield str((Path(place) / name).relative_to(top)), Path(place) / name


def _name(file: Path) -> str:
    """The name that a voice's file tells, in small letters; "" for none."""
    with suppress(OSError), file.open("rb") as voice:
        for line in voice.read(HEAD).splitlines():
            if line.split()[:1] == [NAME]:
                return line[len(NAME) :].decode(errors="replace").strip().lower()
    return ""

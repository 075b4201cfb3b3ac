"""Where espeak-ng and its data lie, and which voices it has: seen from the files, without loading the library.

A voice is a file below `lang` or `voices` of the data folder. It is asked for by its path below there, by the name of
its file, or by the name that stands in it, in large or small letters (speak_lib.h, `espeak_SetVoiceByName`); what
follows a + is a variant, and one that does not exist is passed over by the library.

A voice whose file names one of MBROLA's speaks only where that program is installed, and that voice of its own.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from edgeagent.errors import ServiceError, meant, nearest

LIST = "'espeak-ng --voices' lists them"

NO_MBROLA = "the espeak-ng of the Python package espeakng-loader cannot use MBROLA: uninstall it, and take the system's"

MBROLAS = ("mb-", "mb/")
"""How voices begin that need MBROLA."""

DATA = "espeak-ng-data"

SYSTEMS = ("usr/lib/*", "usr/lib", "usr/lib64", "usr/share", "usr/local/lib", "usr/local/share")
"""Where Linux systems keep the data of their library, below the root."""

VARIANTS = "!v"
"""Folder of what may follow a +: no voices by themselves."""

NAME = b"name"
"""Begins the line of a voice's file that tells its name; it stands among the first."""

MBROLA = b"mbrola"
"""Begins the line that tells whose voice of MBROLA it needs, and the table of its phones."""

MBROLA_VOICES = ("usr/share/mbrola/{0}", "usr/share/mbrola/{0}/{0}", "usr/share/mbrola/voices/{0}")
"""Where the library looks for one, below the root, if it is not in `mbrola` of its data folder."""

MBROLA_TABLES = "mbrola_ph"
"""Folder of these tables in the data folder."""

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


def check_voice(voice: str, folders: Sequence[Path] | None = None, root: Path = Path("/")) -> None:
    """Raises ServiceError for a voice that is in none of the folders (None: `data_folders`), or needs what is not
    there. Where there are no folders nothing is known, and nothing is refused: the library will tell."""
    places = data_folders() if folders is None else folders
    found = {
        path.lower(): file for place in reversed(places) for path, file in _files([place])
    }  # the first one's count
    if not found:
        return
    wanted = voice.partition("+")[0].lower()
    files = {path.rpartition("/")[2]: file for path, file in found.items()}
    file = (
        found.get(wanted) or files.get(wanted) or next((file for file in found.values() if _name(file) == wanted), None)
    )
    if not wanted or file is None:
        remedy = NO_MBROLA if wanted.startswith(MBROLAS) and folders is None and library()[1] else LIST
        raise ServiceError(f"espeak-ng has no voice '{voice}'{meant(nearest(wanted, files))}", remedy)
    if needed := _line(file, MBROLA):
        _check_mbrola(voice, file, needed.split(), root)


def _check_mbrola(voice: str, file: Path, needed: Sequence[str], root: Path) -> None:
    """needed: the voice of MBROLA, and the table of its phones. Raises ServiceError where one is not there."""
    of, *tables = needed
    data = next(folder for folder in file.parents if folder.name == "voices" or folder.name == "lang").parent
    places = [data / "mbrola" / of, *(root / place.format(of) for place in MBROLA_VOICES)]
    lacking = [] if shutil.which("mbrola") else ["mbrola"]
    if not any(place.is_file() for place in places):
        lacking.append(f"mbrola-{of}")
    if lacking:
        missing = " and ".join("the program mbrola" if name == "mbrola" else f"its voice {of}" for name in lacking)
        raise ServiceError(f"espeak-ng's voice '{voice}' needs {missing}", f"sudo apt install {' '.join(lacking)}")
    for table in tables[:1]:
        if not (data / MBROLA_TABLES / table).is_file():
            raise ServiceError(f"espeak-ng's voice '{voice}' needs {MBROLA_TABLES}/{table}", LIST)


def _files(folders: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Each voice's path as it may be asked for, and its file."""
    for top in [folder / name for folder in folders for name in ("lang", "voices")]:
        for place, inside, names in os.walk(top):
            inside[:] = [name for name in inside if name != VARIANTS]
            for name in names:
                yield str((Path(place) / name).relative_to(top)), Path(place) / name


def _name(file: Path) -> str:
    """The name that a voice's file tells, in small letters; "" for none."""
    return _line(file, NAME).lower()


def _line(file: Path, begins: bytes) -> str:
    """What stands behind that word in a voice's file; "" for nothing."""
    with suppress(OSError), file.open("rb") as voice:
        for line in voice.read(HEAD).splitlines():
            if line.split()[:1] == [begins]:
                return line.strip()[len(begins) :].decode(errors="replace").strip()
    return ""

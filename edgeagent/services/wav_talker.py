"""A voice of recorded sentences: a folder of WAV files, or one file for everything.

The folder's index.yaml maps each sentence to its file. Sentences are compared without regard to case and blanks. There
are no word times: after a stop the sentence goes on from a pause.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from edgeagent.errors import ServiceError
from edgeagent.ports import Sound
from edgeagent.signal.wav import read_wav
from edgeagent.turn.events import Word
from edgeagent.units import samples

INDEX = "index.yaml"

BLOCK = samples(100)
"""Samples given out at a time."""


def same(text: str) -> str:
    """The form in which sentences are compared."""
    return " ".join(text.split()).casefold()


def read_index(folder: Path) -> dict[str, Path]:
    """Sentences, as compared, to files. Raises ServiceError that lists every fault."""
    index = folder / INDEX
    remedy = f"write '{index}' with a line `sentence: file.wav` for each"
    try:
        table = yaml.safe_load(index.read_text(encoding="utf-8"))
    except OSError as error:
        raise ServiceError(f"cannot read '{index}': {error.strerror}", remedy) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ServiceError(f"'{index}' is not YAML: {' '.join(str(error).split())}", remedy) from error
    if not isinstance(table, dict) or not table:
        raise ServiceError(f"'{index}' names no sentences", remedy)
    wrong = [f"{sentence!r}: {file!r}" for sentence, file in table.items() if not isinstance(file, str)]
    if wrong:
        raise ServiceError(f"'{index}' has entries that are no file names: {', '.join(wrong)}", remedy)
    missing = [file for file in table.values() if not (folder / file).is_file()]
    if missing:
        raise ServiceError(
            f"'{index}' names files that do not exist: {', '.join(missing)}",
            f"record them, or take their lines out: `nano {index}`",
        )
    return {same(str(sentence)): folder / file for sentence, file in table.items()}


class WavTalker:
    """Text to recorded sound."""

    def __init__(self, source: str) -> None:
        """source: the folder, or a WAV file that is spoken whatever the text. Raises ServiceError."""
        path = Path(source).expanduser()
        if not source or not path.exists():
            raise ServiceError(
                f"there are no recorded sentences at '{source}'",
                "set talker.wav_dir to the folder, or the file, that you recorded",
            )
        self._one = path if path.is_file() else None
        self._files = {} if self._one else read_index(path)

    def say(self, text: str) -> WavTalk:
        """Raises ServiceError for a sentence without a recording."""
        file = self._one or self._files.get(same(text))
        if file is None:
            raise ServiceError(f"no recording says '{text}'", f"add it to {INDEX}")
        return WavTalk(file)

    def close(self) -> None:
        pass


class WavTalk:
    """One recorded sentence; see `ports.Talk`. Iterating raises SoundFileError for a damaged file."""

    words: tuple[Word, ...] = ()

    def __init__(self, file: Path) -> None:
        self._file = file
        self._cancelled = False

    def __iter__(self) -> Iterator[Sound]:
        sound = read_wav(self._file)
        for start in range(0, len(sound), BLOCK):
            if self._cancelled:
                return
            yield sound[start : start + BLOCK]

    def cancel(self) -> None:
        self._cancelled = True

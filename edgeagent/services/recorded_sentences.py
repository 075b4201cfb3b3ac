"""Where recorded sentences lie: a folder of WAV files with an index of sentence to file, or one file for everything.

Sentences are compared without regard to case, blanks and Markdown, of which what is to be said has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from edgeagent.dialogue.sayable import sayable
from edgeagent.errors import ServiceError

INDEX = "index.yaml"


def same(text: str) -> str:
    """The form in which sentences are compared."""
    return " ".join(sayable(text).split()).casefold()


def read_index(folder: Path) -> dict[str, Path]:
    """Sentences, as compared, to files. Raises ServiceError that lists every fault."""
    index = folder / INDEX
    remedy = f"write '{index}' with a line `sentence: file.wav` for each"
    try:
        table = yaml.load(index.read_text(encoding="utf-8"), yaml.BaseLoader)  # "Yes" is a sentence, and so is "12:30"
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


def read_sentences(source: str) -> Mapping[str, Path] | Path:
    """The files of a folder, or the file that is spoken whatever the text. Raises ServiceError."""
    path = Path(source).expanduser()
    if not source or not path.exists():
        raise ServiceError(
            f"there are no recorded sentences at '{source}'",
            "set talker.wav_dir to the folder, or the file, that you recorded",
        )
    return path if path.is_file() else read_index(path)

"""The text that is read aloud, as sentences."""

from __future__ import annotations

from pathlib import Path

from edgeagent.dialogue.sentences import of_paragraphs
from edgeagent.errors import ConfigError

MOST_BYTES = 4 << 20
"""Of the file: the longest novels."""


def read_text(file: str) -> tuple[str, ...]:
    """Its sentences. Empty lines part paragraphs; a line's end alone parts nothing. Raises ConfigError."""
    path = Path(file).expanduser()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(
                f"script.reading '{file}' has more than {MOST_BYTES >> 20} MiB",
                f"set script.reading to a part of it, made by `head -c {MOST_BYTES} {file}`",
            )
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot read script.reading '{file}': {error.strerror}", "set script.reading") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"script.reading '{file}' is no UTF-8 text",
            f"`iconv -f latin1 -t utf-8 {file}` converts it; or set script.reading to another",
        ) from error
    if not (found := of_paragraphs(text)):
        raise ConfigError(f"script.reading '{file}' is empty", "set script.reading to a file with sentences")
    return found

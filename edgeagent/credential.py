"""Passwords and tokens. They come from where only this process looks, never from the configuration, and go nowhere."""

from __future__ import annotations

import os
from pathlib import Path

from edgeagent.errors import ServiceError

FOLDER = "CREDENTIALS_DIRECTORY"
"""Where systemd puts what `LoadCredential=` and `LoadCredentialEncrypted=` name."""


NAMES = ("chat-key", "mqtt-password", "page-token")
"""All that there are."""

_hidden: dict[str, str] = {}
"""What the environment had."""


def variable(name: str) -> str:
    """The environment variable that takes the place of the credential."""
    return "EDGEAGENT_" + name.upper().replace("-", "_")


def hide() -> None:
    """Take all of them out of the environment, whoever may ask for them: no child of ours shall inherit one. To be
    called before the first child is started; a second call finds nothing."""
    for name in NAMES:
        if (given := os.environ.pop(variable(name), None)) is not None:
            _hidden[name] = given


def given(name: str) -> bool:
    """Whether there is the credential `name`; it is not read."""
    hide()
    folder = os.environ.get(FOLDER)
    return bool(_hidden.get(name)) or (folder is not None and (Path(folder) / name).exists())


def credential(name: str) -> str:
    """The credential `name` of the service, or else what the environment had; "" for neither. Raises ServiceError, also
    for one of several lines: libraries that refuse such a value print it."""
    hide()
    folder = os.environ.get(FOLDER)
    if folder is None or not (file := Path(folder) / name).exists():
        return _one_line(name, _hidden.get(name, ""))
    try:
        return _one_line(name, file.read_bytes().decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        raise ServiceError(f"credential {name}: {reason}", f"see LoadCredential={name}:FILE of the unit") from error


def _one_line(name: str, value: str) -> str:
    value = value.rstrip("\r\n")  # an editor's line end, of whatever system
    if not value.isprintable():
        raise ServiceError(f"credential {name}: has several lines or control characters", "write it in one line")
    return value

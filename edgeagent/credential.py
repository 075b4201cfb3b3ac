"""Passwords and tokens. They come from where only this process looks, never from the configuration, and go nowhere."""

from __future__ import annotations

import os
from pathlib import Path

from edgeagent.errors import ServiceError

FOLDER = "CREDENTIALS_DIRECTORY"
"""Where systemd puts what `LoadCredential=` and `LoadCredentialEncrypted=` name."""


def variable(name: str) -> str:
    """The environment variable that takes the place of the credential."""
    return "EDGEAGENT_" + name.upper().replace("-", "_")


def credential(name: str) -> str:
    """The credential `name` of the service, or else what the environment has; "" for neither. What was in the
    environment is taken out of it: no child of ours shall inherit it. Raises ServiceError, also for one of several
    lines: libraries that refuse such a value print it."""
    given = os.environ.pop(variable(name), "")
    folder = os.environ.get(FOLDER)
    if folder is None or not (file := Path(folder) / name).exists():
        return _one_line(name, given)
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

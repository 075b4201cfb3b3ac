"""A command line as a person configures it: split by the shell's rules of quoting, and run without a shell."""

from __future__ import annotations

import shlex
from shutil import which

from edgeagent.errors import ServiceError


def words_of(command: str, setting: str) -> list[str]:
    """The command as program and arguments, by the shell's rules of quoting. Raises ServiceError."""
    try:
        argv = shlex.split(command)
    except ValueError as error:
        raise ServiceError(
            f"{setting}: {str(error).lower()} in the command line", f"set {setting} with each \" and ' closed"
        ) from error
    if not argv:
        raise ServiceError(f"{setting} is empty", f"set {setting}: PROGRAM ARGUMENTS")
    if which(argv[0]) is None:
        name, given, _value = argv[0].partition("=")
        if given:  # what is behind it may be a password
            how = f"no shell is asked: set {setting}: env {name}=VALUE PROGRAM"
            raise ServiceError(f"{setting}: '{name}=...' is no program", how)
        raise ServiceError(
            f"{setting}: there is no program '{name}'",
            f"set {setting} with the whole path that `command -v {name}` prints where it works, or install it",
        )
    return argv

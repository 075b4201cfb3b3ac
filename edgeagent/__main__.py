"""The entry point: finds the command, runs it, turns every way it can end into an exit code and at most one line."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from edgeagent import __version__, commands
from edgeagent.commands.terminal import tame
from edgeagent.credential import hide
from edgeagent.errors import EdgeAgentError, install, meant, nearest

WRONG_INPUT = 2
INTERNAL = 70  # EX_SOFTWARE: a fault of ours
CTRL_C = 130  # 128 + SIGINT
BROKEN_PIPE = 141  # 128 + SIGPIPE: whoever read our output went away

TRACEBACK = "EDGEAGENT_TRACEBACK"
"""Set to 1, this variable of the environment makes errors come with their traceback."""

EXTRA_OF = {
    "pyaudio": "card",
    "gpiozero": "pi",
    "lgpio": "pi",
    "spidev": "pi",
    "espeakng_loader": "speech",
    "wyoming": "wyoming",
    "soundfile": "sim",
    "pyroomacoustics": "sim",
}
"""The extra that brings a library which the core does without."""


class Parser(argparse.ArgumentParser):
    """argparse with errors in one line, and no guessing of shortened options."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise EdgeAgentError(message, f"try '{self.prog} --help'")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (without the program's name); the exit code."""
    return ended(lambda: _run(argv))


def ended(work: Callable[[], int]) -> int:
    """Do `work`; its exit code. Whoever stops it, and a reader of its output who goes away, need no traceback. For the
    commands of tools/ as well."""
    try:
        code = work()
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return CTRL_C
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains again at its exit
        return BROKEN_PIPE


def _run(argv: Sequence[str] | None) -> int:
    try:
        _open_streams()
        hide()  # before anything is started
        _print_anything()
        code = _dispatch(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get(TRACEBACK) == "1":
            raise
        code, line = _told(error)
        print(f"edgeagent: error: {tame(line)}", file=sys.stderr)
        return code


def _open_streams() -> None:
    """Whoever starts us may have closed stdout (`>&-`): then a journal would get its number, and with it all that
    libraries print. Where stdin is closed there is nobody to ask, as at its end."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    for stream, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(stream, mode, closefd=False))


def _print_anything() -> None:
    """A file name need not be text, and a terminal need not know every letter: neither may end a device that talks.
    Where no language is set (a service, a container) Python itself lets file names pass and no more."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors in ("strict", "surrogateescape"):
        sys.stdout.reconfigure(errors="backslashreplace")


def _told(error: Exception) -> tuple[int, str]:
    """The exit code and the line for a person."""
    match error:
        case EdgeAgentError():
            return error.exit_code, str(error)
        case ModuleNotFoundError(name=str(name)) if name.partition(".")[0] in EXTRA_OF:
            extra = EXTRA_OF[name.partition(".")[0]]
            return WRONG_INPUT, f"the library {name} is missing; {install(extra)}"
        case OSError(strerror=str(reason)):
            remedy = "make room on the disk" if error.errno == errno.ENOSPC else "check the path and its permissions"
            return WRONG_INPUT, f"{error.filename}: {reason}; {remedy}" if error.filename else f"{reason}; {remedy}"
    fault = f"this is a fault in edgeagent: {type(error).__name__}: {error}"
    return INTERNAL, f"{fault}; run it again with {TRACEBACK}=1 and report what it prints"


def _dispatch(words: list[str]) -> int:
    if not words or words[0].startswith("-"):
        return _overview(words)
    name, *rest = words
    if name not in commands.names():
        wrong = f"there is no command '{name}'" + meant(nearest(name, commands.names()))
        raise EdgeAgentError(wrong, "try 'edgeagent --help'")
    command = commands.command(name)
    parser = Parser(
        prog=f"edgeagent {name}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    args, unknown = parser.parse_known_args(rest)
    if unknown:
        options = [option for action in parser._actions for option in action.option_strings]
        parser.error(f"unknown argument '{unknown[0]}'" + meant(nearest(unknown[0], options)))
    return command.run(args)


def _overview(words: list[str]) -> int:
    listing = "\n".join(f"  {name:<10} {commands.command(name).HELP}" for name in commands.names())
    parser = Parser(
        prog="edgeagent",
        usage="edgeagent COMMAND ...",
        description="A talking device that can be interrupted.",
        epilog=f"commands:\n{listing}\n\n'edgeagent COMMAND --help' tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"edgeagent {__version__}")
    parser.parse_args(words)
    parser.print_help()
    return 0


if __name__ == "__main__":
    sys.exit(main())

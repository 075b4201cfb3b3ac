"""Shows what the flight recorder has kept: the seconds around each stop, hold and press of the button.

  edgeagent review                    lists the clips, the newest first, with what was decided
  edgeagent review show N             what happened in clip N, and what the ear thought
  edgeagent review play N             plays it; --sound clean is what the ear heard, without our own voice
  edgeagent review label N right      or wrong: what you think of the decision; --was says what the sound was, and
                                      is enough
  edgeagent review ask                goes through those without a label: plays each, and takes one key
  edgeagent review export OUT         the labelled ones as recordings for `python -m tools.train.tune`

Name the folder of `flight.dir` first (`edgeagent review FOLDER show 7`), or give the device's --config. --shadow lists
only where the shadow would have decided otherwise, also in a recorded session or a journal; --report writes a page on
which each decision can be looked at and listened to. Nothing is recorded unless `flight.dir` is set; docs/review.md
tells more.

Right and wrong are about what the device did: a stop is right for whoever wanted the floor, and for nobody else. Exit
code 1: there is nothing to show, or nobody agreed to an export.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from edgeagent.commands.terminal import add_json
from edgeagent.errors import EdgeAgentError, meant, nearest
from edgeagent.settings import Settings
from edgeagent.store.occasions import Was

HELP = "what the flight recorder has kept: list, play, label, export"

ACTIONS = ("list", "show", "play", "label", "ask", "export")

TAKES = {"list": "", "show": "N", "play": "N", "label": "N right|wrong", "ask": "", "export": "OUT"}
"""What stands behind each action."""

SOUNDS = ("mic", "clean", "reference")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} [FOLDER] [show N | play N | label N right|wrong | ask | export OUT] [options]"
    parser.add_argument(
        "words", nargs="*", metavar="FOLDER ...", help="folder of the clips, and what to do (see above)"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings of the device, instead of FOLDER")
    parser.add_argument("--was", metavar="WHAT", help="with label: " + ", ".join(Was))
    parser.add_argument("--sound", choices=SOUNDS, default="mic", help="with play and ask (default mic)")
    parser.add_argument("--shadow", action="store_true", help="only where the shadow disagreed")
    parser.add_argument("--report", type=Path, metavar="PAGE.html", help="write a page with every clip of the list")
    parser.add_argument("--cards", type=int, default=60, metavar="N", help="clips on it, the newest (default 60)")
    parser.add_argument("--person", metavar="NAME", help="with export: whose voices these are (default: household)")
    parser.add_argument("--consent", action="store_true", help="with export: everybody who can be heard agrees")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from edgeagent.commands import _review_export, _review_label, _review_list

    folder, action, words = parsed(args.words)
    if action == "label" and len(words) == 1 and args.was:
        words.append("")  # what it was says it
    if len(words) != len(TAKES[action].split()):
        raise EdgeAgentError(f"{action} takes {TAKES[action] or 'nothing more'}", "see `edgeagent review --help`")
    settings = _settings(args.config)
    at = _folder(folder, settings, args.config)
    match action, words:
        case "show", [number]:
            return _review_list.show(at, _number(number), args)
        case "play", [number]:
            return _review_label.play(at, _number(number), args, settings)
        case "label", [number, verdict]:
            return _review_label.label(at, _number(number), verdict, args)
        case "ask", _:
            return _review_label.ask(at, args, settings)
        case "export", [out]:
            return _review_export.run(at, Path(out), args)
    return _review_list.run(at, args)


def parsed(words: list[str]) -> tuple[str, str, list[str]]:
    """Folder ("" for none), action, and the rest. Raises EdgeAgentError for a word that is none of these."""
    folder, rest = ("", words) if not words or words[0] in ACTIONS else (words[0], words[1:])
    if not rest:
        if folder and not Path(folder).expanduser().is_dir() and (near := nearest(folder, ACTIONS)):
            raise EdgeAgentError(f"{folder}: no such folder, and nothing to do{meant(near)}", "see --help")
        return folder, "list", []
    if rest[0] not in ACTIONS:
        raise EdgeAgentError(f"'{rest[0]}' is nothing to do{meant(nearest(rest[0], ACTIONS))}", "see --help")
    return folder, rest[0], rest[1:]


def _settings(config: Path | None) -> Settings:
    if config is None:
        return Settings()
    from edgeagent import config as configuration

    return configuration.load(config, files=False)


def _folder(given: str, settings: Settings, config: Path | None) -> Path:
    if given:
        return Path(given).expanduser()
    if settings.flight.dir:
        from edgeagent.commands._installed import place

        return place(settings.flight.dir)
    if config is not None:
        unset = f"{config}: flight.dir is not set, so nothing is kept"
        raise EdgeAgentError(unset, "set it to a folder; `edgeagent check --example` shows how")
    raise EdgeAgentError("which clips?", "name the folder of `flight.dir`, or give the device's --config FILE")


def _number(text: str) -> int:
    if not text.isdecimal():
        raise EdgeAgentError(f"'{text}' is no number of a clip", "`edgeagent review` lists them")
    return int(text)

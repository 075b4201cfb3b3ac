"""Reads a text aloud, sentence by sentence, and can be interrupted. Says at the end what was heard and what was not.

TEXT is the text itself, a file, or - for standard input. A cough or an "uh-huh" does not stop it, or makes it go on
from the phrase it was in; a real interruption ends it. With --protected (a fire alarm, terms that must be read out)
nobody's voice ends it; it is only lowered for a moment when somebody speaks, and the button still stops it.

Exit code 0: all was read; 1: it was interrupted; 2: the voice, the microphone or the loudspeaker failed; 130: Ctrl-C.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from edgeagent.commands._device import Device, Fan, add_device, hold, leaving, settings_of
from edgeagent.commands.terminal import add_json, print_json
from edgeagent.dialogue.sentences import of_paragraphs
from edgeagent.errors import EdgeAgentError, ServiceError

HELP = "read a text aloud, interruptibly"

SEEMS_A_FILE = re.compile(r"\S+\.(txt|md)|(\.|~)?/\S+")
"""Nobody wants such a word read aloud."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="?", default="-", metavar="TEXT", help="text, a file, or - for stdin (default)")
    parser.add_argument("--protected", action="store_true", help="voices only lower it; it is read to its end")
    add_device(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from edgeagent.live.realtime import one_thread

    one_thread()  # before numpy
    settings = settings_of(args)
    reader = Reader(sentences(text_of(args.text)), protected=args.protected)
    with leaving():
        from edgeagent import app

        with app.build_runtime(settings, reader, Fan(), replies=False) as runtime:
            reader.begin(runtime)
            code = hold(runtime, args.seconds)
    heard, unheard = reader.account()
    if args.json:
        print_json({"heard": heard, "unheard": unheard, "finished": reader.finished})
    else:
        print(f"heard: {heard or '-'}\nunheard: {unheard or '-'}")
    if reader.failure:
        raise ServiceError(reader.failure)
    return code or int(not reader.finished)


def text_of(named: str) -> str:
    """What to read. Raises EdgeAgentError."""
    try:
        if named == "-":
            return sys.stdin.read()
        if _is_file(named):
            return Path(named).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise EdgeAgentError(f"{named}: is no UTF-8 text", "give a text file") from error
    if SEEMS_A_FILE.fullmatch(named):
        raise EdgeAgentError(f"{named}: no such file", "give a file that is there, or a text of more than one word")
    return named


def _is_file(named: str) -> bool:
    try:
        return Path(named).is_file()
    except (OSError, ValueError):  # longer than any name, or with a zero in it: a text
        return False


def sentences(text: str) -> list[str]:
    """The sentences of `text`, blanks evened out. Raises EdgeAgentError when there are none."""
    if not (spoken := of_paragraphs(text)):
        raise EdgeAgentError("there is nothing to say", "give a text, a file, or text on standard input")
    return list(spoken)


class Reader:
    """A journal that reads on: when a sentence begins to sound, the next one is ordered. A protected one that comes
    late, while somebody has the floor, is ordered again when they are done. Engine thread only."""

    def __init__(self, text: list[str], *, protected: bool = False) -> None:
        self.finished = False
        self._protected = protected
        self.failure = ""
        self._text = text
        self._parts = [("", sentence) for sentence in text]
        self._ordered: list[int] = []
        """Utterance to sentence."""
        self._pressed = self._refused = False
        self._device: Device

    def begin(self, device: Device) -> None:
        """Order the first sentence, which must be the device's first utterance."""
        self._device = device
        self._order(0)

    def account(self) -> tuple[str, str]:
        """What was heard and what was not."""
        heard, unheard = zip(*self._parts, strict=True)
        return " ".join(filter(None, heard)), " ".join(filter(None, unheard))

    def write(self, entry: Mapping[str, object]) -> None:
        """See `ports.Journal`."""
        utterance = entry.get("utterance")
        match entry.get("event"):
            case "playing" if utterance == len(self._ordered) - 1 and self._ordered[-1] + 1 < len(self._text):
                self._order(self._ordered[-1] + 1)
            case "heard_words":
                assert isinstance(utterance, int)
                self._parts[self._ordered[utterance]] = str(entry["text_heard"]), str(entry["text_unheard"])
            case "ceased" if entry["finished"]:
                assert isinstance(utterance, int)
                self.finished = self._ordered[utterance] == len(self._text) - 1
                if self.finished:
                    self._device.stop()
            case "button_short" | "button_long":
                self._pressed = True
            case "state" if entry["state"] == "idle" and self._refused:
                self._refused = False
                self._order(self._ordered[-1])
            case "reply_failed" | "microphone_failed" | "failed":
                self.failure = self.failure or str(entry["reason"])
                self._device.stop()
            case "action" if entry["action"] == "discard":
                self._refused = self._protected and not self._pressed
                if not self._refused:
                    self._device.stop()

    def _order(self, sentence: int) -> None:
        self._ordered.append(sentence)
        self._device.say(self._text[sentence], protected=self._protected)

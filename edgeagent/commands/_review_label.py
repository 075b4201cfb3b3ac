"""Listening to a clip, and saying what one thinks of it."""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import shutil
import subprocess
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

from edgeagent.commands import _review_text as text
from edgeagent.commands.terminal import print_json, warn
from edgeagent.errors import DeviceError, EdgeAgentError, SessionError, meant, nearest
from edgeagent.settings import Audio, Settings
from edgeagent.store.clips import Clip, Label, read_clip, read_clips, write_label
from edgeagent.store.occasions import Was, right

RIGHT = {"right": True, "wrong": False}

KEYS = {"i": Was.INTERRUPTION, "b": Was.BACKCHANNEL, "c": Was.COUGH, "n": Was.NOISE, "t": Was.TELEVISION,
        "s": Was.SELF, "o": Was.OTHER}  # fmt: skip
"""One key says what it was, and with that whether the device was right."""

HELP = """\
keys:          i interruption   b backchannel ("uh-huh")   c cough   n noise   t television   s its own voice   o other
               r right   w wrong (without saying what it was)   p play again   space next   q quit
               (a key pressed while it plays ends the playing)"""

ASKS = "        what was it? "

LOOK_S = 0.05
"""Between two looks whether aplay has come to the end: what a person does not notice."""

AGAIN = ("play", "help")
"""Answers after which the same clip is asked about once more."""


def label(folder: Path, number: int, verdict: str, args: argparse.Namespace) -> int:
    """`review label N right|wrong`. verdict: "" where --was says it. Raises EdgeAgentError."""
    if verdict and verdict not in RIGHT:
        raise EdgeAgentError(f"'{verdict}' is no verdict{meant(nearest(verdict, RIGHT))}", "say right or wrong")
    if args.was and args.was not in list(Was):
        wrong = f"--was {args.was}: not known{meant(nearest(args.was, Was))}"
        raise EdgeAgentError(wrong, f"one of {', '.join(Was)}")
    clip = read_clip(folder, number)
    given = Label(RIGHT[verdict] if verdict else right(clip.occasion.kind, Was(args.was)), args.was or "")
    if args.was and given.right != right(clip.occasion.kind, Was(args.was)):
        other = "wrong" if given.right else "right"
        contradiction = f"clip {number}: the device {text.did(clip)}; for {args.was} that is {other}, not {verdict}"
        raise EdgeAgentError(contradiction, f"say {other}, or another --was")
    write_label(clip, given)
    if args.json:
        print_json(text.plain(read_clip(folder, number)))
    else:
        print(f"clip {number}: {text.labelled(given)}")
    return 0


def play(folder: Path, number: int, args: argparse.Namespace, settings: Settings) -> int:
    """`review play N`; where nothing can play it, says where it lies."""
    clip = read_clip(folder, number)
    print(text.row(clip))
    sound(clip, args.sound, settings)
    return 0


def sound(clip: Clip, name: str, settings: Settings, enough: Callable[[float], bool] | None = None) -> None:
    """Through the loudspeaker of the settings, by aplay; or a line that says where the file is. enough: waits so many
    seconds for somebody who has heard enough."""
    path = clip.folder / f"{name}.wav"
    if shutil.which("aplay"):
        failure = _played(path, settings, enough)
    else:
        failure = "aplay is not installed (apt install alsa-utils)"
    if failure:
        print(f"not played: {failure}. The sound is in {path}")


def _played(path: Path, settings: Settings, enough: Callable[[float], bool] | None) -> str:
    """Why not; empty when it has been played, or when somebody had heard enough."""
    try:
        device = _loudspeaker(settings.audio)
    except DeviceError as error:
        return str(error)
    command = ["aplay", "-q", "-D", device, str(path)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as playing:
        while enough is not None and playing.poll() is None:
            if enough(LOOK_S):
                playing.terminate()
                return ""
        _, said = playing.communicate()
    return "" if playing.returncode == 0 else (said.strip().splitlines() or ["aplay failed"])[-1]


def _loudspeaker(audio: Audio) -> str:
    """What ALSA calls it: but for the card `pipe` the settings have PortAudio's name, and ALSA has several for each
    card. Raises DeviceError."""
    from edgeagent.devices.alsa_names import find
    from edgeagent.devices.holders import Holders

    named = Holders().named(audio.output, "output") if audio.card == "pyaudio" else ()
    if len(named) == 1:
        return f"plughw:CARD={named[0].card.id},DEV={named[0].number}"
    return find(audio.output, "aplay")


def ask(folder: Path, args: argparse.Namespace, settings: Settings) -> int:
    """`review ask`. Raises EdgeAgentError without a terminal."""
    if not sys.stdin.isatty():
        raise EdgeAgentError("ask needs a terminal", "use `edgeagent review label N right|wrong --was WHAT`")
    todo = [c for c in read_clips(folder, warn) if c.label is None and (c.shadow or not args.shadow)]
    if not todo:
        print(f"{folder}: every clip has a label")
        return 0
    print(HELP)
    with _keys() as (key, pressed):
        done = asked(todo, lambda clip: sound(clip, args.sound, settings, pressed), key)
    print(f"{done} labelled, {sum(_waits(clip) for clip in todo)} left")
    return 0


def asked(todo: list[Clip], play: Callable[[Clip], None], key: Callable[[], str]) -> int:
    """Goes through the clips; how many were labelled. key: waits for the next key."""
    done = 0
    for place, clip in enumerate(todo, start=1):
        if not _waits(clip):
            continue
        print(f"\n{place} of {len(todo)}\n{text.row(clip)}", flush=True)
        play(clip)
        while (given := _answer(clip, _told(key))) in AGAIN:
            if given == "play":
                play(clip)
        if given == "quit":
            break
        if isinstance(given, Label):
            try:
                write_label(clip, given)
            except EdgeAgentError as error:  # the device has made room meanwhile
                warn(str(error))
                continue
            print(f"{'':8}{text.labelled(given)}", flush=True)
            done += 1
    return done


def _waits(clip: Clip) -> bool:
    """Whether it still has no label: somebody else may have gone through them meanwhile, or the device made room."""
    try:
        return read_clip(clip.folder.parent, clip.number).label is None
    except SessionError:
        return False


def _told(key: Callable[[], str]) -> str:
    print(ASKS, end="", flush=True)
    told = key()
    print(told if told.isprintable() else "")
    return told


def _answer(clip: Clip, key: str) -> Label | str:
    """A label, or what else the key says: next, quit, play, help."""
    if key in KEYS:
        return Label(right(clip.occasion.kind, KEYS[key]), KEYS[key])
    match key:
        case "r" | "w":
            return Label(key == "r")
        case " ":
            return "next"
        case "q" | "" | "\x04":  # Ctrl-D; Ctrl-C interrupts
            return "quit"
        case "p":
            return "play"
    print(HELP)
    return "help"


@contextlib.contextmanager
def _keys() -> Iterator[tuple[Callable[[], str], Callable[[float], bool]]]:
    """The terminal, key by key: waits for the next one; waits so many seconds whether one has been pressed. The
    terminal is as it was before when it is over."""
    before, keys = termios.tcgetattr(sys.stdin), sys.stdin.fileno()
    try:
        tty.setcbreak(keys)
        yield (
            lambda: os.read(keys, 1).decode(errors="replace"),
            lambda seconds: bool(select.select([keys], [], [], seconds)[0]),
        )
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)

"""What a person reads before, during and after a calibration."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from edgeagent.commands._calibrate_advice import Advice
from edgeagent.commands._calibrate_keep import typed
from edgeagent.commands._calibrate_measured import CLIPS, Measured, Stops
from edgeagent.settings import Settings

WIDTH = 100
"""Columns of a paragraph."""

BEFORE = """\
For a minute this plays, through {output}, noise like speech, sweeps and bursts of noise. It begins softly and gets no
louder than {volume} % of full scale{limit}. Keep your ears off the loudspeaker, and do not talk meanwhile{but}.
Ctrl-C ends it at once."""

QUESTION = "Shall it begin? [yes/no] "

STOP_NAMES = {"gate": "stop by gate", "abort": "stop by abort", "pin": "stop by pin"}

VOICE_NOTES = {
    "said": "your sentence",
    "remembered": "as the device remembers its people (memory.file)",
    "assumed": "assumed: nobody said a sentence",
}


class Outcome(Protocol):
    """See `_calibrate_result.Outcome`."""

    @property
    def measured(self) -> Measured: ...
    @property
    def advice(self) -> list[Advice]: ...
    @property
    def changes(self) -> dict[str, int | bool]: ...
    @property
    def file(self) -> Path | None: ...
    @property
    def backup(self) -> object: ...
    @property
    def report(self) -> object: ...
    def now(self, key: str) -> object: ...


def agreed(settings: Settings, person: bool) -> bool:
    """Says what will be played, and asks."""
    audio = settings.audio
    name = "the default card" if audio.output == "default" else f"'{audio.output}'"
    text = BEFORE.format(
        output=name,
        volume=audio.volume_percent,
        limit=" (audio.volume_percent)" if audio.volume_percent < 100 else "",
        but=" but for one sentence that you will be asked for" if person else "",
    )
    print(textwrap.fill(text.replace("\n", " "), WIDTH), file=sys.stderr)
    print(QUESTION, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def show(outcome: Outcome) -> None:
    """The table, then what to do, then the settings."""
    for name, value, note in figures(outcome.measured):
        print(f"{name:<14} {value:<18} {note}".rstrip())
    print()
    lines = outcome.advice
    print("What to do:" if lines else "All is well: nothing has to be moved or turned.")
    for line in lines:
        print(textwrap.fill(line.text, WIDTH, initial_indent="  - ", subsequent_indent="    "))
    _settings(outcome)
    if outcome.report is not None:
        print(f"Drawn in {outcome.report}")


def _settings(outcome: Outcome) -> None:
    if not outcome.changes:
        print("No setting has to be changed.")
        return
    print("Settings that follow:")
    for key, value in outcome.changes.items():
        print(f"  {key}: {_yaml(value)}" + f"    # is {_yaml(outcome.now(key))}")
    if outcome.backup is not None:
        print(f"Written into {outcome.file}; as it was before: {outcome.backup}")
    else:
        print("To put them into the file, which --write does at once:")
        print(f"  {typed(outcome.file, outcome.changes)}")


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def figures(measured: Measured) -> Iterator[tuple[str, str, str]]:
    """Name, value and note of each figure."""
    yield "card", measured.card, ""
    yield "quiet room", f"{measured.floor_dbfs:.1f} dBFS", "noise of the room and the microphone"
    yield "your voice", f"{measured.voice_dbfs:.1f} dBFS", VOICE_NOTES[measured.voice_from]
    yield "echo", _echo(measured), f"of our own voice at {measured.volume_percent} %"
    yield "echo to voice", _ratio(measured), "up to 12 dB is good"
    yield "microphone", *_clipping(measured)
    yield "loudspeaker", *_bent(measured)
    whole = measured.acoustic_ms + measured.card_ms
    note = f"program to program; {measured.acoustic_ms:.2f} ms of it from the loudspeaker to the microphone"
    about = f"; right to {measured.right_to_ms:.0f} ms, for this card tells no times" if measured.right_to_ms else ""
    yield "round trip", f"{whole:.1f} ms", note + about
    drift = f"{measured.drift_ppm:+.1f} ppm" if measured.drift_ppm else "none found"
    yield "clock drift", drift, "the loudspeaker's against the microphone's"
    erle = "not known" if measured.erle_db is None else f"{measured.erle_db:.0f} dB"
    linear = "" if measured.linear_erle_db is None else f", {measured.linear_erle_db:.0f} dB without suppression"
    yield "canceller", erle, "of the echo taken out" + linear
    for stops in measured.stops:
        value, note = _stop(stops)
        yield STOP_NAMES[stops.way], value, note + about


def _echo(measured: Measured) -> str:
    if measured.echo_dbfs is not None:
        return f"{measured.echo_dbfs:.1f} dBFS"
    heard = any(step.echo_dbfs is not None for step in measured.steps)  # and clipped
    return "not known" if heard else "not audible"


def _ratio(measured: Measured) -> str:
    return "-" if measured.echo_to_voice_db is None else f"{measured.echo_to_voice_db:+.1f} dB"


def _clipping(measured: Measured) -> tuple[str, str]:
    loudest = measured.steps[-1]
    if loudest.clipped >= CLIPS:
        return f"clips at {loudest.volume_percent} %", f"{100 * loudest.clipped:.2g} % of the samples"
    return f"peaks {loudest.peak_dbfs:.1f} dBFS", f"at {loudest.volume_percent} %: it does not clip"


def _bent(measured: Measured) -> tuple[str, str]:
    bend = measured.bend
    if bend is None or bend.distortion_percent is None:
        return "not known", "the microphone clipped"
    if bend.distortion_percent <= bend.doubt_percent:
        return f"under {bend.doubt_percent:.1f} %", "distortion, lost in the noise"
    others = (
        f"{other.distortion_percent:.1f} % at {other.volume_percent} %"
        for other in measured.bends
        if other is not bend and other.distortion_percent is not None
    )
    return f"{bend.distortion_percent:.1f} %", "; ".join(["distortion", *others])


def _stop(stops: Stops) -> tuple[str, str]:
    if not stops.all_ms:
        return "no end heard", f"in {stops.missed} trials"
    note = f"longest {stops.longest_ms:.1f} ms of {len(stops.all_ms)}, by the microphone"
    return f"{stops.median_ms:.1f} ms", note + (f"; {stops.missed} spoilt" if stops.missed else "")

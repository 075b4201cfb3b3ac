"""`check --levels`: what the microphone gives, while a person looks at the meter, and the verdict on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from edgeagent.app import build_card
from edgeagent.commands._beside import NOBODY, Beside
from edgeagent.commands._finding import Finding, Grade, Probe, fail, ok, warn
from edgeagent.commands._held import held_card
from edgeagent.commands._meter import Meter
from edgeagent.devices.alsa_names import KernelCard, kernel_cards
from edgeagent.devices.holders import HARDWARE
from edgeagent.devices.names import unnumbered
from edgeagent.errors import DeviceBusy, DeviceError, EdgeAgentError
from edgeagent.live.actuators import NoMutePin
from edgeagent.live.sounder import Sounder
from edgeagent.ports import Sound
from edgeagent.settings import Audio, Settings
from edgeagent.signal.level import level
from edgeagent.units import samples, seconds

CLIPS = 1e-4
"""Share of clipped samples that can be heard."""

FAINT_DBFS = -50.0
"""Highest peak below which nobody has spoken, or the microphone hardly hears."""

HUM_DBFS = -40.0
"""The quietest quarter of a second above which the microphone or the room is noisy."""

QUARTER = samples(250)

SHORTEST_S, LONGEST_S = 1, 600
"""Of looking: there must be something to judge, and it is kept in memory."""


def levels(for_s: float, beside: Beside = NOBODY) -> Probe:
    """Looks for so long; Ctrl-C ends it sooner, and is no reason not to say what was found. Raises EdgeAgentError."""
    if not SHORTEST_S <= for_s <= LONGEST_S:
        raise EdgeAgentError(f"--seconds {for_s:g} is out of range", f"give {SHORTEST_S} .. {LONGEST_S}")

    def probe(settings: Settings) -> Iterator[Finding]:
        with Meter() as meter:
            try:
                with Sounder(build_card(settings.audio), NoMutePin()) as sounder, sounder.watched(meter.hear):
                    sounder.record(for_s)
            except KeyboardInterrupt:
                if meter.whole().size < QUARTER:
                    raise
            except DeviceBusy as busy:
                yield _elsewhere(settings, busy, beside)
                return
            except DeviceError as error:
                yield fail("microphone", error.problem, error.remedy)
                return
        yield from verdict(meter.whole(), mixer(settings.audio))

    return probe


def _elsewhere(settings: Settings, busy: DeviceBusy, beside: Beside) -> Finding:
    """Nothing was heard, which was asked for; so it is not well even where it is the running device that hears."""
    held = held_card("input", settings.audio.input, busy, beside)
    if held.grade:  # somebody else's
        return held
    text = "; ".join(filter(None, (held.text, beside.level(settings))))
    return replace(held, grade=Grade.WARN, text=text, fix=beside.alone)


def mixer(audio: Audio, kernel: Callable[[], tuple[KernelCard, ...]] = kernel_cards) -> str:
    """The command that shows the bars of the microphone's card, of that card alone where the name leads to one."""
    hardware = HARDWARE.match(audio.input)
    name = unnumbered(audio.input.casefold())
    for card in kernel():
        if (hardware and hardware[1] in (card.id, str(card.number))) or (card.text and card.text.casefold() in name):
            return f"`alsamixer -V capture -c {card.id}`"
    meant = [card for card in kernel() if card.captures and name in card.text.casefold()]
    return f"`alsamixer -V capture -c {meant[0].id}`" if len(meant) == 1 else "`alsamixer -V capture`"


def verdict(sound: Sound, mixer: str = "`alsamixer -V capture`") -> Iterator[Finding]:
    """On (n,) float32 of the microphone. mixer: the command that shows its bars."""
    if len(sound) < QUARTER:
        yield fail("microphone", "it gave hardly any sound", "unplug it and plug it in again")
        return
    heard = level(sound)
    text = f"peak {heard.peak_dbfs:.1f} dBFS in {seconds(len(sound)):.0f} s"
    if heard.zero:
        yield fail("microphone", "it gives only zeros", f"{mixer}: the space bar switches it on; or its own switch")
    elif heard.still:
        yield fail("microphone", "it is frozen: one and the same value", "unplug it and plug it in again")
    elif heard.clipped >= CLIPS:
        yield warn("microphone", f"{text}; {100 * heard.clipped:.2g} % of it clipped", f"{mixer}: lower its bar")
    elif heard.peak_dbfs < FAINT_DBFS:
        yield warn("microphone", f"{text}: nobody spoke, or it hardly hears", f"speak; or {mixer}: raise its bar")
    else:
        yield ok("microphone", text)
    if not heard.still:
        yield _noise(sound)


def _noise(sound: Sound) -> Finding:
    quiet = min(level(piece).rms_dbfs for piece in sound[: len(sound) // QUARTER * QUARTER].reshape(-1, QUARTER))
    if quiet > HUM_DBFS:
        fix = "keep it away from fans and power supplies; if it hums, try another USB port or power supply"
        return warn("noise floor", f"{quiet:.0f} dBFS where it is quietest", fix)
    return ok("noise floor", f"{quiet:.0f} dBFS where it is quietest")

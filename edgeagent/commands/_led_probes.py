"""`check --leds`: each LED of the lamp alone, for a person to look at."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

from edgeagent.app import build_factory
from edgeagent.commands._beside import NOBODY, Beside
from edgeagent.commands._finding import Finding, Grade, Probe, fail, ok, warn
from edgeagent.commands._pin_probes import beside_strip, taken
from edgeagent.devices.led_walk import LedWalk
from edgeagent.errors import DeviceBusy, DeviceError
from edgeagent.settings import Settings

SHOWN_S = 0.7
"""Each, where nobody can be asked."""

Ask = Callable[[str], bool | None]
"""Shows a name while that LED is lit; whether a person sees it; None where nobody can be asked, or says."""

WIRING = {
    "led": "set lamp.pins to the LED's, by its BCM number; or mend the resistor, or which way round the LED is",
    "rgb": "set lamp.pins in the order red, green, blue; the LED must have a common cathode",
    "apa102": "set lamp.leds, lamp.spi_device and lamp.power_pin to the board's; its wires go to GPIO 10 and 11",
}


def leds(ask: Ask, beside: Beside = NOBODY) -> Probe:
    """One finding for the lamp, and one for each LED that a person does not see."""

    def probe(settings: Settings) -> Iterator[Finding]:
        kind = settings.lamp.kind
        if kind not in WIRING:
            yield warn(
                "LEDs",
                f"lamp.kind is {kind}: there are none",
                "set lamp.kind: led and lamp.pins: [25]; or lamp.kind: apa102 for the LEDs of a HAT",
            )
            return
        if kind == "apa102" and (left := beside_strip(settings.lamp, beside)):
            yield replace(left, grade=Grade.WARN, fix=beside.alone)
            return
        try:
            with closing(LedWalk(settings.lamp, build_factory(settings))) as walk:
                yield from _walked(walk, ask, WIRING[kind])
        except DeviceBusy as busy:
            held = taken("lamp", settings, busy, beside)
            yield held if held.grade else replace(held, grade=Grade.WARN, fix=beside.alone)
        except DeviceError as error:
            yield fail("LEDs", error.problem, error.remedy)

    return probe


def _walked(walk: LedWalk, ask: Ask, wiring: str) -> Iterator[Finding]:
    seen: list[bool | None] = []
    for name, light in walk.steps:
        light()
        seen.append(ask(name))
        if seen[-1] is False:
            yield fail("LEDs", f"{name}: not seen", wiring)
    if None in seen:
        told = f"{seen.count(True)} seen, and of {seen.count(None)} nobody said" if any(seen) else "nobody was asked"
        yield ok("LEDs", f"{len(seen)} driven, one after the other; {told}")
    elif all(seen):
        yield ok("LEDs", f"{len(seen)} driven, one after the other, and seen")


def asked(name: str) -> bool | None:
    """On a terminal: yes or no, or with Ctrl-D neither. Elsewhere the LED is left lit for a moment."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        print(name, file=sys.stderr, flush=True)
        time.sleep(SHOWN_S)
        return None
    print(f"Lit now: {name}. Do you see it? [Y/n] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer:  # Ctrl-D
        print(file=sys.stderr)
        return None
    return answer.strip().lower() not in ("n", "no")

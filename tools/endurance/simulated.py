"""A day in the life of a device, in about an hour: the closed loop of everything but a sound card, with people.

What is looked at: memory, what a period costs (see yardstick), how soon an interruption is a stop, what was lost beside
what was told, and whether turns are still handed over in the end.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np

from edgeagent.commands._speech import DEVICE, PEOPLE, Voices
from edgeagent.ports import Sound
from edgeagent.sim.acoustics import Model, loudspeaker, room
from edgeagent.sim.mix import convolved
from edgeagent.sim.person import echo_gain
from edgeagent.sim.voices import from_speech
from edgeagent.units import CARD_BLOCK, RATE, samples, seconds
from tools.endurance.air import AirCard
from tools.endurance.device import Device
from tools.endurance.figures import Hour, Look, Simulated
from tools.endurance.people import Clips, People, clips_of
from tools.endurance.process import cost
from tools.endurance.yardstick import Yardstick

LOOK = 300 * RATE
"""Samples between two looks."""

BESIDE = 3 * RATE
"""Samples between two hops of the yardstick: a hundred for each look."""

HOUR = 3600 * RATE

PPM = 35.0
"""By how much the loudspeaker's clock is fast: two ordinary crystals. 3 s in a day."""

ECHO_LEVEL = -24.0
"""dBFS of the device at the microphone: a little above the people."""

RESPONSE = 512
"""Taps: 32 ms of a furnished room hold nearly all of its energy at a hand's breadth."""

LOSSES = 1 / (90 * RATE / CARD_BLOCK)
"""Probability that the card begins to lose blocks in a period: once in 90 s."""

LONGEST_LOSS = 30
"""Blocks (0.3 s)."""

ANSWERED = samples(4000)
"""A stop so long after the onset was no answer to it."""

Tell = Callable[[Look], None]


@dataclass(slots=True)
class Tally:
    """What the journal says, counted hour by hour; one object for ever."""

    people: People
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("stops", "turns", "lost", "xruns"), 0))
    latencies: list[float] = field(default_factory=list)
    """Milliseconds from onset to stop, since this was last emptied."""

    def watch(self, entry: Mapping[str, object]) -> None:
        """Gets each entry."""
        match entry["event"]:
            case "heard":
                self.counts["turns"] += 1
            case "lost" if entry["kind"] == "overflow":
                self.counts["lost"] += int(str(entry["frames"]))
            case "action" if entry["action"] == "halt":
                self.counts["stops"] += 1
                passed = int(str(entry["at"])) - self.people.onset
                if self.people.onset >= 0 and passed < ANSWERED:
                    self.latencies.append(1000 * seconds(passed))
                    self.people.onset = -1


def simulated(folder: Path, hours: float, seed: int, tell: Tell) -> Simulated:
    """Let a day pass. folder: for what the device keeps. Ctrl-C ends the day early. Raises EdgeAgentError."""
    response, clips, line = _cast(seed)
    yardstick = Yardstick(line, np.convolve(line, response)[: line.size].astype(np.float32))
    card = AirCard(response, PPM, 0.5)
    people = People(clips, seed)
    tally = Tally(people)
    dice = np.random.default_rng((seed, 2))
    day = Simulated(hours)
    missing = 0
    begun = time.monotonic()
    with ExitStack() as closing:
        device = closing.enter_context(Device(card, folder, tally.watch))
        watch = _Watch(device, card, tally, yardstick, day)
        try:
            while card.at < hours * HOUR:
                if not missing and dice.random() < LOSSES:
                    missing = int(dice.integers(1, LONGEST_LOSS))
                card.turn(people.hear(card.at, card.sounded), lose=missing > 0)
                missing = max(0, missing - 1)
                device.turn()
                if card.at % BESIDE == 0:
                    yardstick.step()
                if card.at % LOOK == 0:
                    tell(watch.look(time.monotonic() - begun))
        except KeyboardInterrupt:
            day.ended_early = True
        for _ in range(LONGEST_LOSS):  # a loss that is under way is told with the next block
            card.turn(people.hear(card.at, card.sounded))
            device.turn()
        day.slip = card.at - device.engine.at
        day.lost, day.told = card.lost, tally.counts["lost"]
    return day


class _Watch:
    """Looks at the device again and again, and draws up the hours."""

    def __init__(self, device: Device, card: AirCard, tally: Tally, yardstick: Yardstick, day: Simulated) -> None:
        self._device = device
        self._yardstick = yardstick
        self._card = card
        self._tally = tally
        self._day = day
        self._round_s = 0.0
        self._before = dict(tally.counts) | {"spoke": 0}

    def look(self, passed_s: float) -> Look:
        """Every LOOK samples. passed_s: real seconds since the start."""
        spent, self._round_s = self._device.round_s - self._round_s, self._device.round_s
        period_us = 1e6 * spent * CARD_BLOCK / LOOK
        here = cost(os.getpid())
        look = Look(self._card.at / HOUR, here, period_us, period_us / (self._yardstick.take() or 1.0), passed_s)
        self._day.looks.append(look)
        if self._card.at % HOUR == 0:
            self._hour()
        return look

    def _hour(self) -> None:
        tally, now = self._tally, {**self._tally.counts, "spoke": self._tally.people.spoke}
        grown = {name: count - self._before[name] for name, count in now.items()}
        self._before = now
        latencies, tally.latencies = tally.latencies, []
        looks = self._day.looks[-HOUR // LOOK :]
        self._day.hours.append(
            Hour(
                grown["spoke"],
                grown["stops"],
                grown["turns"],
                round(median(latencies), 1) if latencies else 0.0,
                round(median(look.relative for look in looks), 4),
                round(self._device.engine.drift_ppm, 1),
                self._card.at - self._device.engine.at,
            )
        )


def _cast(seed: int) -> tuple[Sound, Clips, Sound]:
    """The way from the loudspeaker to the microphone, what the people say, and something that the device says."""
    dice = np.random.default_rng((seed, 3))
    with Voices() as speech:
        cast = from_speech(speech.say, DEVICE, PEOPLE)
        lines = [clip.load() for clip in cast.device]
        clips = clips_of(cast)
    path = convolved(loudspeaker(dice), room(dice, Model.DECAY, 0.3, 0.15))[:RESPONSE]
    path *= echo_gain(lines, path, ECHO_LEVEL)
    return path.astype(np.float32), clips, lines[0]

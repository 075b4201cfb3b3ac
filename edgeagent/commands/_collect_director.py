"""Who asks a person to do something while the device talks, and judges whether it can be used.

Runs in the engine thread, hop by hop on the sample clock, and waits for nobody: what it shows and what it keeps goes to
functions that return at once. It prompts only while the device speaks, after some quiet, and judges by the cleaned
sound alone. A take that is no good is said to be so and asked for once more, right away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from edgeagent.commands._collect_deck import Prompt
from edgeagent.detect.stretch import SILENCE_DB, Ground, Stretches, clear_db, level_db
from edgeagent.signal.canceller import Cancelled, Canceller
from edgeagent.signal.level import FULL_SCALE
from edgeagent.store.takes import ATTEMPTS, Expected, Outcome, Take
from edgeagent.units import HOP, RATE, samples, seconds

WARM_UP = round(8.0 * RATE / HOP)
"""Hops of our own voice before the first prompt: the canceller learns the room, and in the second half of them the
ground is taken."""

CALM = round(0.5 * RATE / HOP)
"""Hops of quiet before a prompt."""

NOISY = samples(20_000)
"""After so long without that quiet the ground is taken from what is there, whatever it is, and the person is told."""

REST = (samples(800), samples(2200))
"""Between two takes, drawn anew each time: a prompt must not become a beat."""

ANSWER = samples(4500)
"""To begin what was asked for: reading takes a second, and an interruption of one's own needs a thought."""

LONGEST = samples(9000)
"""Of a take in all."""

SILENCE = samples(4000)
"""For which a person is asked to be silent."""

OVER = round(0.8 * RATE / HOP)
"""Hops of quiet after which what the person did is over."""

MOST_BACKCHANNEL = samples(1500)
"""A longer one is none: nearly all that occur in conversations are over after 0.9 s."""

MOST_STIR = samples(300)
"""Sound that is passed over while the person is to be silent: a burst of echo, a chair. It is what the device must not
take for a person."""

CLEAR_DB = 14.0
"""By which what was done must be above the ground, or its beginning and its end are not sure."""

CLIPPED = 8
"""Microphone samples at full scale in a take that make it no good."""

ADVICE = {
    Outcome.NOTHING: "I heard nothing",
    Outcome.QUIET: "that was too quiet beside my own voice: come closer, or turn me down",
    Outcome.CLIPPED: "the microphone is overdriven: move back a little, or turn me down",
    Outcome.LONG: "that was long for a listener: just the word",
    Outcome.STIRRED: "I heard something",
}


@dataclass(slots=True)
class _Asked:
    """The prompt that is being shown."""

    prompt: Prompt
    attempt: int
    shown: int
    stretches: Stretches
    clipped: int = 0
    hops: int = 0


class Director:
    """Engine thread only."""

    def __init__(
        self,
        prompts: Sequence[Prompt],
        seed: int,
        show: Callable[[str], object],
        keep: Callable[[Take], None],
        done: Callable[[], None],
    ) -> None:
        """show: gets lines for the person. keep: gets each take when it is over. done: called after the last one."""
        self._speaking = False
        self._prompts = prompts
        self._tell = (show, keep, done)
        self._dice = np.random.default_rng(seed)
        self._ground = Ground()
        self._ground_db = SILENCE_DB
        self._number = 0
        self._attempt = 1
        self._warm = 0
        self._calm = 0
        self._rests_until = 0
        self._asked: _Asked | None = None

    @property
    def finished(self) -> bool:
        """Whether every prompt has been shown."""
        return self._number >= len(self._prompts)

    def speaks(self, speaking: bool) -> None:
        """Whether our voice sounds and the echo is under control."""
        self._speaking = speaking

    def hop(self, cancelled: Cancelled, at: int) -> None:
        """What the canceller made of the hop that ended at sample `at`; see `detect.deaf.Watch`."""
        level = level_db(cancelled.clean)
        if self.finished or not self._speaking:
            self._void(at)
        elif self._asked is not None:
            self._listen(self._asked, cancelled, level, at)
        elif self._warm < WARM_UP:
            self._warm += 1
            if self._warm > WARM_UP // 2:
                self._ground.push(level)
            self._ground_db = self._ground.level() if self._warm == WARM_UP else SILENCE_DB
        else:
            self._rest(level, at)

    def _void(self, at: int) -> None:
        """Our voice has ceased, or sound was lost: what was asked is asked again later, and does not count."""
        if self._asked is not None:
            self._asked = None
            self._rests_until = at + REST[0]
        self._calm = 0

    def _rest(self, level: float, at: int) -> None:
        self._calm = 0 if level >= clear_db(self._ground_db) else self._calm + 1
        stubborn = at >= self._rests_until + NOISY
        if self._calm or stubborn:
            self._ground.push(level)
        if at >= self._rests_until and (self._calm >= CALM or stubborn):
            if stubborn:
                self._show("(it is not quiet here, or I hear much of my own voice; I go on all the same)")
            self._ground_db = self._ground.level()
            self._ask(at)

    def _ask(self, at: int) -> None:
        prompt = self._prompts[self._number]
        self._asked = _Asked(prompt, self._attempt, at, Stretches(self._ground_db))
        again = "" if self._attempt == 1 else "once more, "
        self._show(f"{self._number + 1:3d} of {len(self._prompts)}   {again}{prompt.show}")

    def _listen(self, asked: _Asked, cancelled: Cancelled, level: float, at: int) -> None:
        asked.hops += 1
        if at - asked.shown != HOP * asked.hops:  # the engine has passed over lost sound
            self._void(at)
            return
        asked.stretches.push(level)
        heard = cancelled.linear + cancelled.echo  # the microphone
        asked.clipped += int(np.count_nonzero(np.abs(heard) >= FULL_SCALE))
        since, silent = at - asked.shown, asked.prompt.expected is Expected.SILENCE
        if silent:
            over = since >= SILENCE
        elif asked.stretches.begun:
            over = asked.stretches.quiet >= OVER or since >= LONGEST
        else:
            over = since >= ANSWER
        if over:
            self._judge(asked, at)

    def _judge(self, asked: _Asked, at: int) -> None:
        first = at - HOP * asked.hops - Canceller.delay  # of the microphone, in the first hop listened to
        spans = asked.stretches.found()
        sounds = tuple((max(0, first + HOP * a), max(0, first + HOP * b)) for a, b in spans)
        level = asked.stretches.level_db(spans)
        outcome = _outcome(asked, sounds, level)
        prompt, ground = asked.prompt, asked.stretches.ground_db
        self._tell[1](
            Take(
                self._number + 1, asked.attempt, prompt.expected, prompt.show, prompt.text, asked.shown, at, outcome,
                sounds, round(level, 1), round(ground, 1),
            )
        )  # fmt: skip
        self._asked = None
        self._rests_until = at + int(self._dice.integers(*REST))
        if outcome is Outcome.GOOD:
            lasted = f", {seconds(sounds[-1][1] - sounds[0][0]):.1f} s" if sounds else ""
            self._show(f"           good{lasted}")
        else:
            self._show(f"           {ADVICE[outcome]}")
        again = outcome is not Outcome.GOOD and asked.attempt < ATTEMPTS
        self._attempt = asked.attempt + 1 if again else 1
        self._number += not again
        if self.finished:
            self._tell[2]()

    def _show(self, line: str) -> None:
        self._tell[0](line)


def _outcome(asked: _Asked, sounds: tuple[tuple[int, int], ...], level: float) -> Outcome:
    """What a take is good for."""
    expected = asked.prompt.expected
    if expected is Expected.SILENCE:
        stirred = sum(stop - start for start, stop in sounds) > MOST_STIR
        return Outcome.STIRRED if stirred else Outcome.GOOD
    if not sounds:
        return Outcome.NOTHING
    if asked.clipped >= CLIPPED:
        return Outcome.CLIPPED
    if level < asked.stretches.ground_db + CLEAR_DB:
        return Outcome.QUIET
    lasted = sounds[-1][1] - sounds[0][0]
    return Outcome.LONG if expected is Expected.BACKCHANNEL and lasted > MOST_BACKCHANNEL else Outcome.GOOD

"""The player: utterances in, loudspeaker samples out, with a gate that ramps, ducks, halts and resumes to the sample.

The same object runs in the card's callback and in the simulator. One owner thread (the engine's) loads sound and posts
commands; one other thread, the card's callback, renders. There is no lock:

- A command is posted to a deque (`append` and `popleft` are atomic) together with the loudspeaker sample `at` from
  which it holds; rendering splits its block there. So the samples depend on `at` alone, never on the block size.
- Sound is written before the length that announces it; `sealed` is set after the last length. The renderer reads in
  the opposite order.
- What happened comes back through the deque `cues`.

The gain has a constant slope: 5 ms for a full swing, less for a duck. Only what sounds has a gain: whatever starts to
sound, be it a new utterance, a resumed one or one that had run dry, fades in from zero; the end of an utterance is its
own. Gain is counted in whole steps, so that a ramp is the same in one block or in eighty.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from operator import itemgetter

import numpy as np

from edgeagent.errors import ServiceError
from edgeagent.signal import Sound
from edgeagent.units import RATE, samples, seconds

LONGEST = samples(180_000)
"""Samples of one utterance at most (11.5 MB): three minutes without a pause is a talker gone wild."""

SLOPE = 256
"""Gain levels per sample; resolves gains of 1/20480 (-86 dB) at a ramp of 80 samples."""

FULL = samples(5) * SLOPE
"""The level of gain 1. At 5 ms per full swing a ramp neither clicks nor can be heard as a fade."""

RAMP = SLOPE * np.arange(1, samples(5) + 1)

QUEUE = 256
"""Commands or cues that may wait. So many unread ones mean that the other side is dead; then the earliest fall."""

FIRST_ROOM = 2 * RATE
"""Samples for which a new utterance has room before it must grow; most sentences are not much longer."""


class Kind(StrEnum):
    """What a cue tells."""

    PLAYING = "playing"
    CEASED = "ceased"


@dataclass(frozen=True, slots=True)
class Cue:
    """An utterance began or ceased to sound at loudspeaker sample `dac`.

    playing: its sample `offset` sounds at `dac`. ceased: its samples before `offset` have sounded, the last one before
    `dac`. finished: nothing of it is left. An utterance that runs dry ceases, and plays again when it is fed.
    """

    kind: Kind
    utterance: int
    offset: int
    dac: int
    finished: bool = False


@dataclass(slots=True)
class _Utterance:
    """Sound of one utterance. The owner thread writes all but `position`, which the renderer moves."""

    number: int
    sound: Sound = field(default_factory=lambda: np.empty(FIRST_ROOM, np.float32))
    length: int = 0
    sealed: bool = False
    wanted: bool = False
    position: int = 0

    def append(self, sound: Sound) -> None:
        length = self.length + sound.size
        if length > LONGEST:
            raise ServiceError(f"utterance {self.number} exceeds {seconds(LONGEST):.0f} s", "let it say less at a time")
        if length > self.sound.size:
            grown = np.empty(min(max(length, 2 * self.sound.size), LONGEST), np.float32)
            grown[: self.length] = self.sound[: self.length]
            self.sound = grown
        self.sound[self.length : length] = sound
        self.length = length


@dataclass(slots=True)
class _Stretch:
    """Loudspeaker samples [start, stop) sounded the utterance from its sample `offset` on."""

    utterance: int
    offset: int
    start: int
    stop: int


class Playback:
    """The player. `load` .. `position` are for the owner thread, `render` .. `pass_over` for the card's callback."""

    def __init__(self) -> None:
        self.dac = 0
        """Samples rendered since the start; never goes back."""
        self.underruns = 0
        """How often an utterance ran dry before it was sealed."""
        self.cues: deque[Cue] = deque(maxlen=QUEUE)
        """What happened, oldest first; the owner thread takes them with `popleft`."""
        self._utterances: dict[int, _Utterance] = {}
        self._posted: deque[tuple[int, Callable[[], None]]] = deque(maxlen=QUEUE)
        self._pending: list[tuple[int, Callable[[], None]]] = []
        self._current: _Utterance | None = None
        self._stretches: deque[_Stretch] = deque(maxlen=16)  # what sounded last, for `take_back`
        self._sounding = False
        self._level = 0
        self._target = 0

    # The owner thread -------------------------------------------------------------------------------------------------

    def load(self, utterance: int) -> None:
        """Make room for a new utterance. Numbers are not used twice."""
        self._utterances[utterance] = _Utterance(utterance)

    def feed(self, utterance: int, sound: Sound) -> None:
        """Append (n,) float32. Sound for a dropped utterance is ignored: talkers may be late. ServiceError, and nothing
        taken, beyond 180 s."""
        if utterance in self._utterances:
            self._utterances[utterance].append(sound)

    def seal(self, utterance: int) -> None:
        """The talker is done: what was fed is the whole utterance."""
        if utterance in self._utterances:
            self._utterances[utterance].sealed = True

    def drop(self, utterance: int, at: int = 0) -> None:
        """Forget the utterance and free its sound. If it sounds, it is cut at `at`."""
        dropped = self._utterances.pop(utterance, None)
        if dropped is not None and dropped.wanted:  # or many that are refused would push out a command that counts
            self._post(at, partial(self._forget, dropped))

    def aim(self, gain: float, at: int = 0) -> None:
        """Let the gain move to `gain` (0 .. 1) from loudspeaker sample `at` on. Towards 0 the fade still sounds; then
        the utterance stands still until the gain is raised again. ValueError outside 0 .. 1."""
        if not 0 <= gain <= 1:
            raise ValueError(f"a gain of {gain} is not within 0 .. 1")
        self._post(at, partial(self._set_target, round(gain * FULL)))

    def play(self, utterance: int, offset: int = 0, at: int = 0) -> None:
        """Play from the utterance's sample `offset`, from loudspeaker sample `at` on, as soon as the gain allows. What
        sounds then is cut. KeyError if it was never loaded or is dropped."""
        self._utterances[utterance].wanted = True
        self._post(at, partial(self._place, self._utterances[utterance], offset))

    def halt(self, at: int = 0) -> None:
        """Silence from loudspeaker sample `at` on, without a ramp, until the next `aim`. The position is kept."""
        self._post(at, self._cut)

    def take_back(self, frames: int) -> None:
        """The last `frames` rendered samples never sounded. Only while the output is stopped, so that nobody renders.

        Whatever sounded ceases. Each utterance that loses sound gets a `ceased` cue that corrects earlier ones: the
        latest holds. If the output goes on without `play`, an unfinished utterance goes on at its corrected position.
        """
        cut = max(0, self.dac - frames)
        if self._sounding and cut == self.dac:
            self._cease()
        self._sounding, self._level = False, 0
        taken: dict[int, int] = {}
        while self._stretches and self._stretches[-1].stop > cut:
            last = self._stretches.pop()
            taken[last.utterance] = last.offset + max(0, cut - last.start)
            if last.start < cut:
                last.stop = cut
                self._stretches.append(last)
        for number, position in reversed(taken.items()):
            if number in self._utterances:
                self._utterances[number].position = position
            self.cues.append(Cue(Kind.CEASED, number, position, cut))

    def position(self, utterance: int) -> int:
        """The utterance's next sample to sound: those before were rendered, and not taken back, or skipped by `play`.
        KeyError if it was never loaded or is dropped."""
        return self._utterances[utterance].position

    def _post(self, at: int, action: Callable[[], None]) -> None:
        self._posted.append((at, action))

    # The card's callback ----------------------------------------------------------------------------------------------

    def render(self, count: int) -> Sound:
        """The next `count` loudspeaker samples, (count,) float32. Never blocks, locks or raises."""
        out = np.empty(count, np.float32)
        self.render_into(out)
        return out

    def render_into(self, out: Sound) -> None:
        """As `render`, into (n,) float32 `out`; allocates nothing but the gains of a ramp. Silence is exact zeros."""
        while self._posted:
            at, action = self._posted.popleft()
            insort(self._pending, (max(at, self.dac), action), key=itemgetter(0))
        del self._pending[:-QUEUE]
        while out.size:
            while self._pending and self._pending[0][0] <= self.dac:
                self._pending.pop(0)[1]()
            until = self._pending[0][0] - self.dac if self._pending else out.size
            self._render_stretch(out[:until])
            out = out[until:]

    def pass_over(self, count: int) -> bool:
        """Whether nothing sounds in the next `count` samples and nobody wants anything: then they count as rendered. A
        device is silent most of its life, and its callbacks find the processor's caches cold."""
        if self._current is not None or self._posted or self._pending:
            return False
        self.dac += count
        return True

    def _render_stretch(self, out: Sound) -> None:
        """Render samples between two commands."""
        while out.size:
            count = min(self._ready(), out.size)
            if not count:
                out[:] = 0
                self.dac += out.size
                return
            self._emit(out[:count])
            self._finish_if_over()
            out = out[count:]

    def _ready(self) -> int:
        """How many samples can sound now under one law of gain; 0 if none. Notices that the sound ends."""
        self._finish_if_over()
        current = self._current
        if current is None:
            return 0
        ready = current.length - current.position
        if ready <= 0:
            self.underruns += self._sounding
            self._cease()
            return 0
        if self._target == 0:
            ready = min(ready, (self._level - 1) // SLOPE)  # of the fade, what is not yet zero
            if ready <= 0:
                self._cease()
                return 0
        elif self._level != self._target:
            ready = min(ready, -(-abs(self._target - self._level) // SLOPE))
        return ready

    def _emit(self, out: Sound) -> None:
        """Render as many samples as `out` has room for; they are there."""
        current = self._current
        assert current is not None
        start, stop = current.position, current.position + out.size
        if not self._sounding:
            self._sounding = True
            self._stretches.append(_Stretch(current.number, start, self.dac, self.dac))
            self.cues.append(Cue(Kind.PLAYING, current.number, start, self.dac))
        if self._level == self._target:
            np.multiply(current.sound[start:stop], np.float32(self._level / FULL), out=out)
        else:
            ramp = RAMP[: out.size]
            if self._target > self._level:
                levels = np.minimum(self._level + ramp, self._target)
            else:
                levels = np.maximum(self._level - ramp, self._target)
            self._level = int(levels[-1])
            np.multiply(current.sound[start:stop], (levels / FULL).astype(np.float32), out=out)
        current.position = stop
        self.dac += out.size
        self._stretches[-1].stop = self.dac

    def _finish_if_over(self) -> None:
        current = self._current
        if current is not None and current.sealed and current.position >= current.length:
            self._cease(finished=True)
            self._current = None

    def _cease(self, finished: bool = False) -> None:
        if self._current is not None and (self._sounding or finished):
            self.cues.append(Cue(Kind.CEASED, self._current.number, self._current.position, self.dac, finished))
        self._sounding, self._level = False, 0

    # Commands, obeyed by the renderer ---------------------------------------------------------------------------------

    def _set_target(self, level: int) -> None:
        self._target = level

    def _place(self, utterance: _Utterance, offset: int) -> None:
        self._cease()
        utterance.position = offset
        self._current = utterance

    def _cut(self) -> None:
        self._cease()
        self._target = 0

    def _forget(self, utterance: _Utterance) -> None:
        if self._current is utterance:
            self._cease()
            self._current = None

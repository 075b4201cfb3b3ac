"""What the engine and the runtime ask of the outer world. Adapters live in devices/, services/, sim/ and store/.

Each port has a contract test suite that every adapter and every shipped fake passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeagent.dialogue.history import Line
from edgeagent.dialogue.kinds import Understood
from edgeagent.signal.canceller import Cancelled
from edgeagent.turn.events import Word
from edgeagent.turn.outputs import Light

Sound = NDArray[np.float32]
"""(n,) float32 in [-1, 1], 16 kHz unless a rate is named."""

Pcm = NDArray[np.int16]
"""(n,) int16, one channel, at the card's rate."""

Heard = Callable[[Pcm, int, float], None]
"""Called from the card's callback thread with a microphone block (the receiver's to keep), the frames lost just before
it, and the moment at which its first frame was heard, in seconds of time.monotonic(). Must not block, log or raise."""

Play = Callable[[Pcm, float], None]
"""Called from the card's callback thread; must fill the block it is given. The second argument is the moment at which
its first frame will sound, in seconds of time.monotonic(). Must not block, log, lock or raise."""


class Card(Protocol):
    """A microphone and a loudspeaker. Made with its devices found and their rates known; opened once. One thread owns
    it: `open`, `abort`, `restart` and `close` are never called at the same time. Output may be aborted and restarted
    while input goes on."""

    name: str
    input_rate: int
    output_rate: int

    def open(self, heard: Heard, play: Play) -> None:
        """Start both directions. Raises DeviceError with the remedy."""

    def abort(self) -> int:
        """Silence the output now, hard. Returns the output frames handed over but never played; 0 when it was silent
        already. Input goes on where the hardware allows; where not, `heard` is told what was lost."""

    def restart(self) -> None:
        """Let the output run again after `abort`; nothing to do without one. Raises DeviceError if the card is gone."""

    def age(self) -> float:
        """Seconds since the last callback of the direction that is longer silent (an aborted output does not count).
        Any thread."""

    def facts(self) -> Mapping[str, int | float | str]:
        """Counters since `open`: overflows, underflows, aborts, restarts, latencies in ms, ... Any thread."""

    def close(self) -> None:
        """Stop and release, in bounded time; raises DeviceHung if the sound library does not answer."""


class Lamp(Protocol):
    """Shows one light, and between whiles, where the device is impaired, that it is. `show` returns at once; blinking
    and timing are the adapter's business."""

    def show(self, light: Light, impaired: bool = False) -> None: ...

    def close(self) -> None: ...


class MutePin(Protocol):
    """The amplifier's mute. `amplify(False)` silences it within microseconds."""

    def amplify(self, on: bool) -> None: ...

    def close(self) -> None: ...


class Mixer(Protocol):
    """A control of the card's mixer: how loud the loudspeaker is."""

    def change(self, by: Callable[[float], float], then: Callable[[float, str], None]) -> None:
        """Move it from its level, 0 .. 1 as it is felt, to `by` of it. At once; `then` gets the level that was reached,
        and why it is not the wanted one, "" for that it is. Engine thread, and `then` is called there; `by` may be
        called on another."""

    def close(self) -> None: ...


class EchoCanceller(Protocol):
    """From what was played and what was heard to what a person said; see `signal.canceller`."""

    @property
    def drift_ppm(self) -> float:
        """By how much the loudspeaker's clock is fast."""

    def process(self, reference: Sound, microphone: Sound) -> Cancelled:
        """One hop of each, (HOP,) float32."""

    def rest(self, hops: int) -> None:
        """So many hops are not shown, in which and for 5 s before which nothing was played, and the microphone's sound
        is like the last one."""

    def miss(self, reference: Sound) -> None:
        """One hop of what the loudspeaker got, (HOP,) float32, while the microphone's sound was lost, and is not
        shown."""

    def take_discarded(self) -> int:
        """Samples of both that were no sound and counted as silence, since this was last asked."""

    def suppress(self, on: bool) -> None:
        """Whether what the filter leaves is suppressed; where not, `clean` is `linear`."""

    def realign(self, shift: int, frames_lost: int = 0) -> None:
        """The card tells that the loudspeaker is now `shift` samples later, or that so many samples were lost."""


class Model(Protocol):
    """A streaming model: named float32 inputs in, named outputs out; recurrent state is an input and an output."""

    @property
    def inputs(self) -> Mapping[str, tuple[int, ...]]:
        """Name to shape."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names, in order."""

    def run(self, feeds: Mapping[str, NDArray[np.float32]]) -> Mapping[str, NDArray[np.float32]]: ...


class Talk(Protocol):
    """One utterance being spoken by a talker. Iterating yields float32 sound at 16 kHz as it is made; ends when done;
    raises ServiceError when the talker dies or stalls. `words` grows while iterating."""

    words: tuple[Word, ...]

    def __iter__(self) -> Iterator[Sound]: ...

    def cancel(self) -> None:
        """From any thread, within 10 ms, even when the other side is stalled. Iteration ends."""


class Talker(Protocol):
    """Text to sound."""

    def say(self, text: str) -> Talk: ...

    def close(self) -> None: ...


class VoicedTalk(Talk, Protocol):
    """A talk whose text may become known while it is spoken."""

    text: str
    """What it says, "" while that is unknown. Any thread."""


class Voiced(str):
    """Text that comes with its own sound, as that of somebody who both answers and speaks. It is said whole and by
    `talk`: to cut it into sentences, the sound would have to be cut as well."""

    __slots__ = ("talk",)

    def __new__(cls, text: str, talk: VoicedTalk) -> Voiced:
        """text: what is known of it yet. talk: iterated once."""
        voiced = super().__new__(cls, text)
        voiced.talk = talk
        return voiced

    talk: VoicedTalk


@dataclass(frozen=True, slots=True)
class Request:
    """A turn of the user that wants a reply.

    sound: (n,) float32 at 16 kHz, our own voice taken out. text: what a recogniser made of it, "" without one.
    understood: what kind of interruption it was. history: what has been said and heard, this turn at its end. saying:
    what is said before the reply. resumes: what was cut off is to go on, behind `saying`. brief: people have had to
    interrupt often, or asked us to speak slower: a short reply is wanted."""

    turn: int
    sound: Sound
    text: str
    understood: Understood
    history: tuple[Line, ...] = ()
    saying: tuple[str, ...] = ()
    resumes: bool = False
    brief: bool = False


class Reply(Protocol):
    """A reply in the making. Iterating yields its text in pieces, as they come, a `Voiced` one among them whole; ends
    when it is complete or cancelled; raises ServiceError when the other side dies, stalls or refuses."""

    def __iter__(self) -> Iterator[str]: ...

    def cancel(self) -> None:
        """From any thread, within 10 ms, even when the other side is stalled. Iteration ends."""


class Replier(Protocol):
    """The user's turn to what the device says next."""

    def reply(self, request: Request) -> Reply:
        """A reply without any text: nothing is to be said. One at a time."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Partial:
    """What a recogniser makes of a stretch of sound so far; later ones may take everything back.

    text: words as it writes them, "" for none. upto: the microphone sample up to which it listened. final: it will say
    no more of this stretch."""

    text: str
    upto: int
    final: bool = False


class Spotting(Protocol):
    """One stretch of sound being recognised. For the engine thread: no method waits, and whatever happens to the
    recogniser none raises."""

    def feed(self, sound: Sound) -> None:
        """The next piece, (n,) float32. Of what a slow recogniser has not got to yet the oldest is dropped."""

    def finish(self) -> None:
        """That was all: the last partial is to be final."""

    def partials(self) -> Sequence[Partial]:
        """What it has said since this was last asked. One for every piece, in their order; of pieces that were dropped
        none. When the recogniser dies the last one is final."""

    def cancel(self) -> None:
        """Nobody wants to know any more. No partial comes after it."""


class Spotter(Protocol):
    """Any recogniser that tells what it has understood while somebody still speaks."""

    def listen(self, start: int) -> Spotting:
        """A new stretch, whose first sample will be microphone sample `start`. Cancels the one before. At once."""

    def facts(self) -> Mapping[str, int | float]:
        """Counters since it was made: samples dropped, recognisers that died, ... Any thread."""

    def close(self) -> None:
        """Ends it, in bounded time. Idempotent."""


class Journal(Protocol):
    """Where the engine writes what happened: one entry a call, each with `at` (sample index) and `event`."""

    def write(self, entry: Mapping[str, object]) -> None: ...

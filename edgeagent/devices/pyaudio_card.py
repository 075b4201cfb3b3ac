"""The card through PortAudio callbacks: stops within a period, tells what was never played, and outlives a pulled plug.

The hard stop is Pa_AbortStream, which PyAudio's `Stream` does not offer; the module below it does. After it, PyAudio's
own `start_stream` would do nothing (it believes the stream still runs), so start, too, goes to that module. PortAudio
blocks for ever, or takes the process down, if two threads stop a stream or if its card is gone: hence one owner, no
call into a stream that has been silent for long, and a `close` that waits in a thread of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Literal

import numpy as np

from edgeagent.devices.moments import Steady, StreamClock
from edgeagent.devices.portaudio import Device, Direction, PortAudio
from edgeagent.devices.thread_state import ThreadStates
from edgeagent.devices.urgency import urgent
from edgeagent.errors import DeviceError, DeviceHung
from edgeagent.ports import Heard, Play

CONTINUE = 0
"""paContinue."""

OVERFLOW, UNDERFLOW = 2, 4
"""paInputOverflow, paOutputUnderflow."""

GAP_S = 0.005
"""A jump of the microphone's stamps by so much means lost frames, though nobody told of any; stamps jitter by a tenth
of it. Where the run is known to be broken, by a restart or an xrun, every frame counts."""

DEAD_S = 1.0
"""After so long without a callback PortAudio is not called for an abort: it might never return, and nothing sounds."""

CLOSE_S = 2.0
"""How long PortAudio may take to close before it counts as hung; it takes 50 ms."""


class _Way:
    """One direction: its form, its clock, when it last came by. `taken` or `given` run in the callback thread."""

    def __init__(self, rate: int, channels: int, states: ThreadStates) -> None:
        self.rate = rate
        self.channels = channels
        self._states = states
        self.latency = 0.0
        self.last = time.monotonic()
        self.faults = 0
        self.realtime = -1
        """1: runs under SCHED_FIFO; 0: not permitted; -1: to be tried by the next callback, which has a new thread."""
        self.clock = StreamClock()
        self.broken = False
        """The next frames do not follow upon the last ones."""
        self._steady = Steady(rate)

    def moment(self, stamp: float, current: float, frames: int) -> float:
        """`stamp` of the stream's clock in time.monotonic(). Without stamps worth the name: when those frames began."""
        offset = self.clock.offset(current)
        if self.clock.kind == "none":
            if self.broken:
                self._steady = Steady(self.rate)
            return self._steady.arrived(frames, self.last)
        return stamp + offset

    def again(self) -> None:
        """The stream is about to be started again."""
        self.last = time.monotonic()
        self.realtime = -1
        self.broken = True

    def came(self, status: int) -> None:
        self.last = time.monotonic()
        if status & (OVERFLOW | UNDERFLOW):  # PortAudio has started all directions of the stream again
            self.broken = True
        if self.realtime < 0:
            self.realtime = int(urgent())
            self._states.keep()


class _Input(_Way):
    """The microphone's side of the callback."""

    heard: Heard

    def __init__(self, rate: int, channels: int, states: ThreadStates) -> None:
        super().__init__(rate, channels, states)
        self._next = 0.0
        self._owed = 0.0
        """Of what was lost, in frames: what rounding has left untold, so that it never adds up."""

    def taken(self, data: bytes, frames: int, stamps: Mapping[str, float], status: int) -> None:
        self.came(status)
        self.faults += bool(status & OVERFLOW)
        when = self.moment(stamps["input_buffer_adc_time"], stamps["current_time"], frames)
        lost = self._lost(when - self._next) if self._next else 0
        self.broken = False
        self._next = when + frames / self.rate
        pcm = np.frombuffer(data, np.int16)
        self.heard(pcm if self.channels == 1 else pcm[:: self.channels].copy(), lost, when)

    def _lost(self, gap: float) -> int:
        """Frames lost in `gap` seconds between two blocks."""
        if not self.broken and (gap <= GAP_S or self.clock.kind == "none"):
            return 0
        self._owed += gap * self.rate
        lost = max(0, round(self._owed))
        self._owed -= lost
        return lost


class _Output(_Way):
    """The loudspeaker's side of the callback."""

    play: Play

    def __init__(self, rate: int, channels: int, states: ThreadStates) -> None:
        super().__init__(rate, channels, states)
        self.handed = 0
        """Frames since the last start."""
        self.ends = 0.0
        """When the last of them will have sounded."""
        self.left = 0.0
        """When the callback last returned."""
        self._block = np.zeros((0, channels), np.int16)

    def given(self, frames: int, stamps: Mapping[str, float], status: int) -> bytes:
        """Always full length: a short answer would end the stream."""
        self.came(status)
        self.faults += bool(status & UNDERFLOW)
        when = self.moment(stamps["output_buffer_dac_time"], stamps["current_time"], frames)
        self.broken = False
        if self.clock.kind == "none":
            when += self.latency + frames / self.rate
        if len(self._block) != frames:
            self._block = np.zeros((frames, self.channels), np.int16)
        self.play(self._block[:, 0], when)
        if self.channels > 1:
            self._block[:, 1:] = self._block[:, :1]
        self.handed += frames
        self.ends = when + frames / self.rate
        data = self._block.tobytes()
        self.left = time.monotonic()
        return data

    def unplayed(self, dropped: float) -> int:
        """Frames that had not sounded at the moment `dropped`."""
        return min(max(0, round((self.ends - dropped) * self.rate)), self.handed)


class PyAudioCard:
    """See `ports.Card`. `streams="split"`: one stream each way, so that the microphone goes on through a hard stop.
    `duplex`: one stream for both, for cards that refuse two; an abort then costs microphone frames, told to `heard`."""

    def __init__(
        self,
        input: str = "default",
        output: str = "default",
        streams: Literal["split", "duplex"] = "split",
        rate: int = 0,
        block_ms: int = 10,
    ) -> None:
        """Finds the devices and their rates. Raises DeviceError; the remedy names the devices there are."""
        self._library = PortAudio()
        self._states = ThreadStates()
        try:
            self._shape(input, output, streams, rate)
        except BaseException:  # left open, it would show the devices of this moment to all that follow
            self._library.close()
            raise
        self.input_rate, self.output_rate = self._in.rate, self._out.rate
        self._block_ms = block_ms
        self._streams: dict[Direction, Any] = {}
        self._running = False
        self._counts = {"aborts": 0, "restarts": 0, "failures": 0}

    def _shape(self, input: str, output: str, streams: str, rate: int) -> None:
        microphone = self._library.find(input, "input")
        loudspeaker = self._library.find(output, "output")
        self.name = " / ".join(dict.fromkeys((microphone.name, loudspeaker.name)))
        self._ends: dict[Direction, Device] = {"input": microphone, "output": loudspeaker}
        self._split = streams == "split"
        if self._split:
            self._in = _Input(*self._library.shape({"input": microphone}, rate), self._states)
            self._out = _Output(*self._library.shape({"output": loudspeaker}, rate), self._states)
        else:
            shape = self._library.shape(self._ends, rate)
            self._in, self._out = _Input(*shape, self._states), _Output(*shape, self._states)

    def open(self, heard: Heard, play: Play) -> None:
        """See `ports.Card`."""
        self._in.heard, self._out.play = heard, play
        try:
            if self._split:
                self._streams["input"] = self._opened(self._in, ("input",), self._on_input)
                self._streams["output"] = self._opened(self._out, ("output",), self._on_output)
            else:
                self._streams["output"] = self._opened(self._out, ("input", "output"), self._on_both)
            self._in.latency = next(iter(self._streams.values())).get_input_latency()
            self._out.latency = self._streams["output"].get_output_latency()
            self._in.last = self._out.last = time.monotonic()
            for stream in self._streams.values():
                stream.start_stream()
        except (DeviceError, OSError) as refused:
            self.close()
            raise self._gone("start", refused) from refused
        self._running = True

    def _opened(self, way: _Way, directions: tuple[Direction, ...], callback: Callable[..., object]) -> Any:
        form: dict[str, object] = {"rate": way.rate, "channels": way.channels, "stream_callback": callback}
        form["frames_per_buffer"] = way.rate * self._block_ms // 1000
        for direction in directions:
            form |= {direction: True, f"{direction}_device_index": self._ends[direction].index}
        return self._library.open(self.name, form)

    def _on_input(self, data: bytes, frames: int, stamps: Mapping[str, float], status: int) -> tuple[None, int]:
        self._in.taken(data, frames, stamps, status)
        return None, CONTINUE

    def _on_output(self, _: None, frames: int, stamps: Mapping[str, float], status: int) -> tuple[bytes, int]:
        return self._out.given(frames, stamps, status), CONTINUE

    def _on_both(self, data: bytes, frames: int, stamps: Mapping[str, float], status: int) -> tuple[bytes, int]:
        out = self._out.given(frames, stamps, status)
        self._in.taken(data, frames, stamps, status)
        return out, CONTINUE

    def abort(self) -> int:
        """See `ports.Card`. Exact to a few frames where the host stamps its callbacks, otherwise to a period."""
        if not self._running:
            return 0
        self._running = False
        self._counts["aborts"] += 1
        asked = time.monotonic()
        if asked - self._out.last > DEAD_S:
            return 0
        try:
            self._low_level.abort_stream(self._streams["output"]._stream)
        except OSError:
            self._counts["failures"] += 1
            return 0
        # PortAudio drops as soon as no callback runs; our own return from it may come later, for want of the GIL.
        return self._out.unplayed(max(asked, self._out.left))

    def restart(self) -> None:
        """See `ports.Card`. First sound after what the host buffers (some 30 ms at periods of 10 ms)."""
        if self._running or not self._streams:
            return
        self._states.free()
        self._out.handed = 0
        for way in (self._out,) if self._split else (self._out, self._in):
            way.again()
        try:
            self._low_level.start_stream(self._streams["output"]._stream)
        except OSError as refused:
            raise self._gone("start again", refused) from refused
        self._running = True
        self._counts["restarts"] += 1

    def _gone(self, verb: str, cause: Exception) -> DeviceError:
        if isinstance(cause, DeviceError):
            return cause
        return DeviceError(f"sound device '{self.name}' does not {verb}: {cause}", "unplug it and plug it in again")

    @property
    def _low_level(self) -> Any:
        """PyAudio's C module; see the head of this file."""
        return self._library.module._portaudio

    def age(self) -> float:
        """See `ports.Card`."""
        now = time.monotonic()
        ages = [now - self._out.last] if self._running else []
        if self._running or self._split:
            ages.append(now - self._in.last)
        return max(ages, default=0.0)

    def facts(self) -> Mapping[str, int | float | str]:
        """See `ports.Card`. realtime: 1 if the output's callback runs under SCHED_FIFO; clock: what its stamps are."""
        return {
            **self._counts,
            "input_latency_ms": round(self._in.latency * 1000, 1),
            "output_latency_ms": round(self._out.latency * 1000, 1),
            "overflows": self._in.faults,
            "underflows": self._out.faults,
            "realtime": self._out.realtime,
            "clock": self._out.clock.kind,
        }

    def close(self) -> None:
        """See `ports.Card`. After DeviceHung leave with os._exit: the interpreter's own end would hang as well."""
        streams, self._streams = self._streams, {}
        self._running = False
        worker = threading.Thread(target=self._close, args=(streams,), name="card-close", daemon=True)
        worker.start()
        worker.join(CLOSE_S)
        if worker.is_alive():
            raise DeviceHung(f"the sound library hangs closing '{self.name}'", "only a new process can use it again")

    def _close(self, streams: Mapping[Direction, Any]) -> None:
        for stream in streams.values():
            with suppress(OSError):  # what is left of a pulled card
                stream.close()
        self._states.free()
        self._library.close()

"""The card through arecord and aplay: for codecs that PortAudio cannot drive, and kernels it panics.

Sound that waits in a pipe cannot be called back by closing it: aplay would play it out. So the pipes are small, aplay
gets no more than it needs to keep going, and the hard stop kills it, which drops what the card holds within a
millisecond; a restart is a new aplay. Neither program tells when a frame sounds: moments are those of the pipe's
rhythm, right to about a period, and so is the count of unplayed frames.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping

import numpy as np

from edgeagent.devices.alsa_names import Program, find
from edgeagent.devices.moments import Steady
from edgeagent.devices.rates import RATES
from edgeagent.devices.refusals import refusal
from edgeagent.devices.urgency import urgent
from edgeagent.errors import DeviceError, DeviceHung
from edgeagent.ports import Heard, Pcm, Play

PERIODS = 3
"""Periods that the card buffers: what PortAudio takes, too."""

PIPE_BLOCKS = 8
"""What a pipe may hold at most; we keep two blocks in it."""

PIPE_PAGES = 2
"""What it may hold at least: one of a page alone takes no block until the page, once full, is read to its end."""

MEND_S = 0.05
"""How long a child may take to leave after SIGTERM, which it does in 1 ms; then it is killed."""

GONE_S = 2.0
"""After so long even a killed child is stuck in the kernel."""

PROBE_S = 5.0
"""How long one frame may take to pass while a rate is tried."""

WORDS = {"LC_ALL": "C"}
"""For the environment of a child whose words are read: arecord and aplay speak German, French or Japanese, too."""

UNFIT = "non available"
"""What they say of a format or a number of channels that a device does not have."""

XRUN = re.compile(r"(?:over|under)run!!! \(at least ([\d.]+) ms long\)")


def _command(program: Program, device: str, rate: int) -> list[str]:
    return [program, "-D", device, "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(rate)]


def _supports(program: Program, device: str, rate: int) -> bool:
    """Lets one frame pass. Raises DeviceError if the device does not open at all."""
    file = "/dev/zero" if program == "aplay" else "/dev/null"
    command = [*_command(program, device, rate), "--samples=1", file]
    try:
        tried = subprocess.run(
            command, capture_output=True, text=True, timeout=PROBE_S, check=False, env=os.environ | WORDS
        )
    except subprocess.TimeoutExpired as stuck:
        raise DeviceError(f"sound device '{device}' gives no sound", "unplug it and plug it in again") from stuck
    if tried.returncode and UNFIT in tried.stderr:
        what = f"sound device '{device}' does not do one channel of 16 bit by itself"
        raise DeviceError(what, "name it as plughw:..., which converts")
    if tried.returncode:
        raise refusal(device, tried.stderr, (tried.stderr.strip().splitlines() or ["no reason given"])[-1])
    return "rate is not accurate" not in tried.stderr  # it would go on at another; with -q it would not even say so


def _rate(program: Program, device: str, rate: int) -> int:
    for wanted in (rate,) if rate else RATES:
        if _supports(program, device, wanted):
            return wanted
    raise DeviceError(
        f"sound device '{device}' cannot run at {rate or RATES} Hz", "set audio.rate_hz: 0, or name it as plughw:..."
    )


class _Child:
    """One arecord or aplay, and the pipe to it."""

    def __init__(self, program: Program, device: str, rate: int, period: int) -> None:
        self._program = program
        form = [f"--period-size={period}", f"--buffer-size={PERIODS * period}"]
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        stdin, stdout = (pipe, nothing) if program == "aplay" else (nothing, pipe)
        command = [*_command(program, device, rate), *form]
        self.process = subprocess.Popen(
            command, bufsize=0, stdin=stdin, stdout=stdout, stderr=pipe, env=os.environ | WORDS
        )
        urgent(self.process.pid)  # with the threads at the pipes it is the card's callback, and must not wait
        stream = self.process.stdin or self.process.stdout
        assert stream is not None
        assert self.process.stderr is not None
        self._streams = (stream, self.process.stderr)
        self.fd = stream.fileno()
        fcntl.fcntl(self.fd, fcntl.F_SETPIPE_SZ, max(PIPE_BLOCKS * 2 * period, PIPE_PAGES * mmap.PAGESIZE))
        os.set_blocking(self.process.stderr.fileno(), False)

    def waiting(self) -> int:
        """Bytes in the pipe."""
        return int(struct.unpack("i", fcntl.ioctl(self.fd, termios.FIONREAD, b"\0" * 4))[0])

    def lost_ms(self) -> float:
        """Of over- or underruns that the child told of since the last call."""
        said = self._streams[1].read()
        return sum(map(float, XRUN.findall(said.decode(errors="replace")))) if said else 0.0

    def kill(self) -> None:
        """Silence. Raises DeviceHung if the child stays."""
        self.process.terminate()
        try:
            self.process.wait(MEND_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            try:
                self.process.wait(GONE_S)
            except subprocess.TimeoutExpired:
                raise DeviceHung(f"{self._program} cannot be killed", "restart the device") from None

    def close(self) -> None:
        """After `kill`, when no thread uses the pipe."""
        for stream in self._streams:
            stream.close()


class _Microphone:
    """Reads arecord in a thread of its own until it ends."""

    def __init__(self, child: _Child, rate: int, period: int, heard: Heard) -> None:
        self.child, self._rate, self._period, self._heard = child, rate, period, heard
        self._steady = Steady(rate)
        self.last = time.monotonic()
        self.faults = 0
        self.thread = threading.Thread(target=self._run, name="arecord", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        urgent()
        while (pcm := self._read()) is not None:
            self.last = time.monotonic()
            told_s = self.child.lost_ms() / 1000
            self.faults += told_s > 0
            # a device that is a plugin may be stamped by another clock than arecord's: it then tells of 56 years
            most_s = self._steady.late(pcm.size + self.child.waiting() // 2, self.last)
            lost = round(min(told_s, most_s) * self._rate)
            when = self._steady.arrived(lost + pcm.size, self.last) + lost / self._rate
            self._heard(pcm, lost, when)

    def _read(self) -> Pcm | None:
        data = b""
        while missing := 2 * self._period - len(data):
            part = os.read(self.child.fd, missing)
            if not part:
                return None
            data += part
        return np.frombuffer(data, np.int16)


class _Loudspeaker:
    """Writes to aplay in a thread of its own until it ends or `over` is set."""

    def __init__(self, child: _Child, rate: int, period: int, play: Play) -> None:
        self.child, self._rate, self._play = child, rate, play
        self._block = np.zeros(period, np.int16)
        self._steady = Steady(rate)
        self.last = time.monotonic()
        self.faults = 0
        self._handed = 0
        self._ends = 0.0
        self._over = threading.Event()
        self.thread = threading.Thread(target=self._run, name="aplay", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        period = self._block.size
        urgent()
        while not self._over.is_set():
            if (queued := self.child.waiting()) > 2 * period:  # a block is enough to keep aplay going
                self._over.wait(period / self._rate / 4)
                continue
            self.last = time.monotonic()
            if self.child.lost_ms() > 0:
                self.faults += 1
                self._steady = Steady(self._rate)  # aplay has begun anew behind the gap: the rhythm is another
            # before this block: the pipe, the one that aplay holds in its hand, and the card's full buffer
            ends = self.last + (queued / 2 + (PERIODS + 2) * period) / self._rate
            when = self._steady.arrived(period, ends)
            self._play(self._block, when)
            self._handed += period
            self._ends = when + period / self._rate
            try:
                os.write(self.child.fd, self._block.tobytes())
            except BrokenPipeError:
                return

    def stop(self) -> int:
        """Frames that never sounded. Raises DeviceHung."""
        self._over.set()
        asked = time.monotonic()
        self.child.kill()
        self.thread.join(GONE_S)
        self.child.close()
        return min(max(0, round((self._ends - asked) * self._rate)), self._handed)


class PipeCard:
    """See `ports.Card`. Needs arecord and aplay (alsa-utils), and nothing else."""

    def __init__(self, input: str = "default", output: str = "default", rate: int = 0, block_ms: int = 10) -> None:
        """Finds the devices and tries their rates. Raises DeviceError."""
        self._input, self._output = find(input, "arecord"), find(output, "aplay")
        self.name = " / ".join(dict.fromkeys((self._input, self._output)))
        self.input_rate = _rate("arecord", self._input, rate)
        self.output_rate = _rate("aplay", self._output, rate)
        self._block_ms = block_ms
        self._play: Play | None = None
        self._microphone: _Microphone | None = None
        self._loudspeaker: _Loudspeaker | None = None
        self._counts = {"aborts": 0, "restarts": 0, "underflows": 0}

    def open(self, heard: Heard, play: Play) -> None:
        """See `ports.Card`."""
        self._play = play
        period = self.input_rate * self._block_ms // 1000
        child = _Child("arecord", self._input, self.input_rate, period)
        self._microphone = _Microphone(child, self.input_rate, period, heard)
        self._start(play)

    def _start(self, play: Play) -> None:
        period = self.output_rate * self._block_ms // 1000
        child = _Child("aplay", self._output, self.output_rate, period)
        self._loudspeaker = _Loudspeaker(child, self.output_rate, period, play)

    def abort(self) -> int:
        """See `ports.Card`. Right to about a period. Raises DeviceHung if aplay cannot be killed."""
        loudspeaker, self._loudspeaker = self._loudspeaker, None
        if loudspeaker is None:
            return 0
        self._counts["aborts"] += 1
        self._counts["underflows"] += loudspeaker.faults
        return loudspeaker.stop()

    def restart(self) -> None:
        """See `ports.Card`."""
        if self._play is None or self._loudspeaker is not None:
            return
        self._counts["restarts"] += 1
        self._start(self._play)

    def age(self) -> float:
        """See `ports.Card`."""
        now = time.monotonic()
        return max((now - way.last for way in (self._microphone, self._loudspeaker) if way), default=0.0)

    def facts(self) -> Mapping[str, int | float | str]:
        """See `ports.Card`."""
        microphone, loudspeaker = self._microphone, self._loudspeaker  # once: another thread may close them meanwhile
        underflows = self._counts["underflows"] + (loudspeaker.faults if loudspeaker else 0)
        overflows = microphone.faults if microphone else 0
        return {**self._counts, "overflows": overflows, "underflows": underflows, "clock": "pipe"}

    def close(self) -> None:
        """See `ports.Card`."""
        self._play = None
        self.abort()
        microphone, self._microphone = self._microphone, None
        if microphone is not None:
            microphone.child.kill()
            microphone.thread.join(GONE_S)
            microphone.child.close()

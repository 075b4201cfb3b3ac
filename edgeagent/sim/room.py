"""The room: what the microphone hears of what the loudspeaker plays (scene format 1, "Echo, exactly").

Soft clip, delay and clock drift by a Hann-windowed sinc, then the room's response by uniformly partitioned convolution
(Stockham 1966; Gardner, "Efficient convolution without input-output delay", JAES 1995, here with equal partitions: the
path's own delay pays for the block). Everything is computed on a fixed grid of blocks that does not depend on how the
caller cuts the sound, so the microphone is the same bit for bit for any chunking. Double precision inside: the result
is rounded to 16 bits, and must round alike everywhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeagent.errors import SceneError
from edgeagent.ports import Pcm, Sound
from edgeagent.signal.convert import to_int16
from edgeagent.signal.ring import Ring
from edgeagent.sim.scene import EchoPath
from edgeagent.units import CARD_BLOCK, RATE, milliseconds, seconds

TAPS = 32
"""Length of the interpolating sinc, as the format fixes it."""

FADE = RATE // 50
"""Samples of the cross-fade when the path changes (20 ms), as the format fixes it."""

GRID_MOST = 128
"""Largest grid block in samples. Below the least delay of 10 ms less half the sinc; a power of two for the FFT."""

Spectra = NDArray[np.complex128]
Exact = NDArray[np.float64]


class Room:
    """The microphone of a scene. One caller; call `hear` with consecutive blocks of at most CARD_BLOCK samples."""

    def __init__(self, near: Sound, echo: EchoPath) -> None:
        """near: (length,) float32. Raises SceneError when the loudspeaker's clock would overtake the delay."""
        self._near = near
        self._echo = Echo(echo, near.size) if echo.response.any() or echo.change else None
        self._at = 0

    def hear(self, loudspeaker: Sound) -> Pcm:
        """The microphone over the samples in which `loudspeaker` (n,) float32 plays, as a 16-bit converter gives it."""
        n = len(loudspeaker)
        microphone: Exact | Sound = self._near[self._at : self._at + n]
        if self._echo is not None:
            microphone = microphone + self._echo.block(loudspeaker)
        self._at += n
        return to_int16(microphone.astype(np.float32))


class Echo:
    """The echo path alone, streaming. `length`: samples of the whole scene, which bounds the drift."""

    def __init__(self, path: EchoPath, length: int) -> None:
        self._path = path
        self._grid = grid(path, length)
        latest = path.delay + max(0.0, -path.drift_ppm * 1e-6) * length
        self._padding = int(latest) + TAPS
        """Silence put before the first sample: s[n] = 0 for n < 0."""
        self._played = Ring(self._padding + 2 * CARD_BLOCK + GRID_MOST)
        self._played.write_silence(self._padding)
        responses = [path.response] if path.change is None else [path.response, path.change.response]
        self._responses = [_partition(h, max(r.size for r in responses), self._grid) for h in responses]
        self._changes_at = length + GRID_MOST if path.change is None else path.change.at
        self._spectra: Spectra = np.zeros_like(self._responses[0])
        self._delayed = np.zeros(2 * self._grid)
        """The last two grid blocks behind soft clip and delay."""
        self._ready: Exact = np.zeros(0)
        """Echo already computed and not yet handed out."""
        self._made = 0

    def block(self, loudspeaker: Sound) -> Exact:
        """(n,) float32 of what the loudspeaker plays, n <= CARD_BLOCK; returns the echo over the same n samples."""
        n = len(loudspeaker)
        self._played.write(loudspeaker)
        while self._ready.size < n:
            self._ready = np.concatenate((self._ready, self._next()))
        echo, self._ready = self._ready[:n], self._ready[n:]
        return echo

    def _next(self) -> Exact:
        """The next grid block of echo. Its loudspeaker samples are fixed by then: so `grid` chooses the size."""
        g = self._grid
        index = np.arange(self._made, self._made + g)
        self._delayed[:g] = self._delayed[g:]
        self._delayed[g:] = self._interpolate(index)
        self._spectra[1:] = self._spectra[:-1]
        self._spectra[0] = np.fft.rfft(self._delayed)
        self._made += g
        return self._faded(np.clip((index - self._changes_at) / FADE, 0.0, 1.0))

    def _faded(self, share: Exact) -> Exact:
        """The newest block through the response, of which `share` (g,) is already the changed one."""
        if not share.any():
            return self._convolve(self._responses[0])
        if share[0] == 1.0:
            return self._convolve(self._responses[1])
        return (1.0 - share) * self._convolve(self._responses[0]) + share * self._convolve(self._responses[1])

    def _convolve(self, response: Spectra) -> Exact:
        """Overlap-save: the second half of the circular convolution is the linear one."""
        return np.fft.irfft((self._spectra * response).sum(axis=0), 2 * self._grid)[self._grid :]

    def _interpolate(self, index: NDArray[np.int64]) -> Exact:
        """The loudspeaker behind soft clip, at the microphone samples `index` (g,) less the delay."""
        position = index * (1.0 + self._path.drift_ppm * 1e-6) - self._path.delay
        whole = np.floor(position).astype(np.int64)
        first = int(whole[0]) + 1 - TAPS // 2
        last = int(whole[-1]) + TAPS // 2 + 1
        sound = self._played.read(first + self._padding, last + self._padding).astype(np.float64)
        if self._path.saturation:
            sound = self._path.saturation * np.tanh(sound / self._path.saturation)
        around = np.lib.stride_tricks.sliding_window_view(sound, TAPS)[whole - whole[0]]
        delayed: Exact = np.einsum("mk,mk->m", around, _sinc(position - whole))
        return delayed


def grid(path: EchoPath, length: int) -> int:
    """Samples of a grid block: the largest power of two for which no block needs a loudspeaker sample after the one
    that plays when the block begins, anywhere in a scene of `length` samples."""
    drift = path.drift_ppm * 1e-6
    most = 1 + int(np.floor(path.delay - TAPS // 2 - max(0.0, drift) * (length + GRID_MOST)))
    if most < 1:
        delay, drifted = f"{milliseconds(round(path.delay)):g} ms", f"{path.drift_ppm:g} ppm"
        raise SceneError(
            f"echo: within {seconds(length):g} s a drift of {drifted} uses up the delay of {delay}",
            "raise delay_ms, or lower drift_ppm or duration_s",
        )
    return int(min(GRID_MOST, 1 << (most.bit_length() - 1)))


def _partition(response: Sound, taps: int, g: int) -> Spectra:
    """(partitions, g + 1) spectra of the response, padded with zeros to `taps`."""
    count = -(-taps // g)
    padded = np.zeros(count * g)
    padded[: response.size] = response
    return np.fft.rfft(padded.reshape(count, g), 2 * g, axis=1)


_TAP = np.arange(1 - TAPS // 2, TAPS // 2 + 1)
_SIGN = np.where(_TAP % 2, -1.0, 1.0) / np.pi
_TURN = 2.0 * np.pi / TAPS
_COSINE, _SINE = 0.5 * np.cos(_TAP * _TURN), 0.5 * np.sin(_TAP * _TURN)

_NOWHERE = 1e-9
"""Samples by which a position keeps off the grid, where the sinc is 0 / 0. Changes the echo by less than -170 dB."""


def _sinc(fraction: Exact) -> Exact:
    """(m, TAPS) weights of a Hann-windowed sinc for m positions between two samples, 0 <= fraction < 1.

    The addition theorems leave one division for each weight: sin pi(f - k) = (-1)^k sin pi f, and the cosine of the
    window splits likewise."""
    f = np.clip(fraction, _NOWHERE, 1.0 - _NOWHERE)[:, None]
    sinc: Exact = np.sin(np.pi * f) * _SIGN / (f - _TAP)
    window: Exact = 0.5 + np.cos(f * _TURN) * _COSINE + np.sin(f * _TURN) * _SINE
    return sinc * window

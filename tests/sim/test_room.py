"""The echo path: against the definition worked out sample by sample, against the reference, and for any chunking."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeagent.errors import SceneError
from edgeagent.ports import Sound
from edgeagent.signal.convert import to_int16
from edgeagent.sim.room import Echo, Room, grid
from edgeagent.sim.scene import Change, EchoPath, Line, load_scene
from edgeagent.units import CARD_BLOCK, RATE

RNG = np.random.default_rng(7)
RESPONSES = [(RNG.normal(size=n) * np.exp(-np.arange(n) / 80) * 0.2).astype(np.float32) for n in (700, 300)]
SOUND = (RNG.normal(size=4000) * 0.2).astype(np.float32)

PATHS = {
    "whole delay": EchoPath(RESPONSES[0], 480.0),
    "split sample": EchoPath(RESPONSES[0], 333.37),
    "soft clip": EchoPath(RESPONSES[1], 240.0, saturation=0.12),
    "slow clock": EchoPath(RESPONSES[1], 181.5, drift_ppm=-400.0),
    "fast clock": EchoPath(RESPONSES[1], 181.5, drift_ppm=400.0),
    "least delay": EchoPath(RESPONSES[0], 160.0),
    "change": EchoPath(RESPONSES[0], 400.0, change=Change(1999, RESPONSES[1])),
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_echo_follows_the_definition(path: EchoPath) -> None:
    assert error_db(stream(path, SOUND), by_definition(path, SOUND)) < -100


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("chunk", [1, 37, 128])
def test_chunking_never_matters(path: EchoPath, chunk: int) -> None:
    np.testing.assert_array_equal(stream(path, SOUND, chunk), stream(path, SOUND, CARD_BLOCK))


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(1, CARD_BLOCK), min_size=1, max_size=30))
def test_any_cut_gives_the_same_echo(cuts: list[int]) -> None:
    path = PATHS["fast clock"]
    echo = Echo(path, SOUND.size)
    edges = np.minimum(np.cumsum([0, *cuts]), SOUND.size)
    pieces = [echo.block(SOUND[a:b]) for a, b in pairwise(edges)]
    np.testing.assert_array_equal(np.concatenate(pieces), stream(path, SOUND)[: edges[-1]])


def test_echo_ends_when_the_loudspeaker_does() -> None:
    sound = SOUND.copy()
    sound[1000:] = 0
    echo = stream(PATHS["whole delay"], sound)
    assert np.abs(echo[1400:1480]).max() > 0.01
    assert np.abs(echo[1000 + 480 + 700 + 32 :]).max() < 1e-12


def test_microphone_is_near_and_echo_in_sixteen_bits() -> None:
    near = np.linspace(-1.5, 1.5, SOUND.size).astype(np.float32)
    room = Room(near, PATHS["split sample"])
    heard = np.concatenate([room.hear(SOUND[at : at + CARD_BLOCK]) for at in range(0, SOUND.size, CARD_BLOCK)])
    assert heard.dtype == np.int16
    np.testing.assert_array_equal(heard, to_int16((near + stream(PATHS["split sample"], SOUND)).astype(np.float32)))
    assert (heard[0], heard[-1]) == (-32768, 32767)


def test_without_an_echo_the_microphone_hears_what_is_near() -> None:
    near = np.linspace(-0.5, 0.5, 480).astype(np.float32)
    room = Room(near, EchoPath(np.zeros(1, np.float32), 0.0))
    heard = [room.hear(np.ones(160, np.float32)) for _ in range(3)]
    np.testing.assert_array_equal(np.concatenate(heard), to_int16(near))


def test_a_clock_that_overtakes_the_delay_is_refused() -> None:
    with pytest.raises(SceneError, match="uses up the delay"):
        grid(EchoPath(RESPONSES[0], 160.0, drift_ppm=200.0), 60 * RATE)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves files open
@pytest.mark.parametrize("number", [0, 3, 6, 15])
def test_agrees_with_the_reference(bench: Path, number: int) -> None:
    folder = bench / "dev" / f"dev-{number:03d}"
    scene = load_scene(folder)
    first = scene.agent[0]
    span = first.at + first.sound.size + RATE if scene.echo.change is None else scene.echo.change.at + 2 * RATE
    speaker = played(scene.agent, scene.length)[:span]
    wanted = reference(bench).render(str(folder), speaker.astype(np.float64))
    assert error_db(stream(scene.echo, speaker, length=scene.length), wanted) < -60


def stream(path: EchoPath, sound: Sound, chunk: int = CARD_BLOCK, length: int = 0) -> NDArray[np.float64]:
    echo = Echo(path, length or sound.size)
    return np.concatenate([echo.block(sound[at : at + chunk]) for at in range(0, sound.size, chunk)])


def by_definition(path: EchoPath, sound: Sound) -> NDArray[np.float64]:
    """The format's three steps, one microphone sample after the other."""
    clipped = sound.astype(np.float64)
    if path.saturation:
        clipped = path.saturation * np.tanh(clipped / path.saturation)
    delayed = np.zeros(sound.size)
    for m in range(sound.size):
        position = m * (1 + path.drift_ppm / 1e6) - path.delay
        for k in range(int(np.floor(position)) - 15, int(np.floor(position)) + 17):
            if 0 <= k < sound.size:
                away = position - k
                delayed[m] += clipped[k] * np.sinc(away) * np.cos(np.pi * away / 32) ** 2
    old = np.convolve(delayed, path.response)[: sound.size]
    if path.change is None:
        return old
    new = np.convolve(delayed, path.change.response)[: sound.size]
    share = np.interp(np.arange(sound.size), (path.change.at, path.change.at + 320), (0.0, 1.0))
    return (1 - share) * old + share * new


def played(lines: tuple[Line, ...], length: int) -> Sound:
    speaker = np.zeros(length, np.float32)
    for line in lines:
        speaker[line.at : line.at + line.sound.size] = line.sound[: length - line.at]
    return speaker


def error_db(got: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.sum((got - wanted) ** 2) / np.sum(wanted**2)))


def reference(bench: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_echo", bench / "echo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

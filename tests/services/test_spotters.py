"""The contract of `ports.Spotter`, which every adapter and the shipped fake pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter

import numpy as np
import pytest

from edgeagent.errors import ServiceError
from edgeagent.ports import Partial, Sound, Spotter, Spotting
from edgeagent.services.pocketsphinx_spotter import PocketsphinxSpotter
from edgeagent.services.scripted_spotter import ScriptedSpotter
from edgeagent.signal import Sound as Samples
from edgeagent.units import samples

Eventually = Callable[[Callable[[], object]], None]

PIECE = samples(100)
START = 12_345


@pytest.fixture(params=["scripted", "pocketsphinx"])
def spotter(request: pytest.FixtureRequest) -> Iterator[Spotter]:
    made: Spotter
    if request.param == "scripted":
        made = ScriptedSpotter([[(PIECE, "stop")]])
    else:
        try:
            made = PocketsphinxSpotter(["stop", "yes"])
            made.check()
        except ServiceError as error:
            pytest.skip(str(error))
    yield made
    made.close()


def quiet(count: int) -> Samples:
    return (0.001 * np.random.default_rng(3).standard_normal(count)).astype(np.float32)


def until(spotting: Spotting, so: Callable[[list[Partial]], object], eventually: Eventually) -> list[Partial]:
    said: list[Partial] = []

    def enough() -> object:
        said.extend(spotting.partials())
        return so(said)

    eventually(enough)
    return said


def test_every_piece_is_answered_in_order_and_the_end_finally(spotter: Spotter, eventually: Eventually) -> None:
    spotting = spotter.listen(START)
    sizes = [3 * PIECE, PIECE, 37, PIECE]
    for size in sizes:
        spotting.feed(quiet(size))
    spotting.finish()
    said = until(spotting, lambda said: said and said[-1].final, eventually)
    ends = [START + sum(sizes[: n + 1]) for n in range(len(sizes))]
    assert [partial.upto for partial in said] == [*ends, ends[-1]]
    assert [partial.final for partial in said] == [False] * len(sizes) + [True]


def test_after_the_end_nothing_is_heard_and_nothing_said(spotter: Spotter, eventually: Eventually) -> None:
    spotting = spotter.listen(START)
    spotting.feed(quiet(PIECE))
    spotting.finish()
    until(spotting, lambda said: said and said[-1].final, eventually)
    spotting.feed(quiet(PIECE))
    spotting.finish()
    assert not spotting.partials()


def test_a_cancelled_stretch_says_nothing_any_more(spotter: Spotter, eventually: Eventually) -> None:
    first = spotter.listen(START)
    first.feed(quiet(PIECE))
    first.cancel()
    first.feed(quiet(PIECE))
    second = spotter.listen(START + 1)
    second.feed(quiet(PIECE))
    said = until(second, lambda said: said, eventually)
    assert said[0].upto == START + 1 + PIECE
    assert not first.partials()


def test_a_new_stretch_ends_the_one_before(spotter: Spotter, eventually: Eventually) -> None:
    first = spotter.listen(START)
    second = spotter.listen(START)
    first.feed(quiet(PIECE))
    second.feed(quiet(2 * PIECE))
    assert [partial.upto for partial in until(second, lambda said: said, eventually)] == [START + 2 * PIECE]
    assert not first.partials()


@pytest.mark.timing
def test_no_method_waits(spotter: Spotter) -> None:
    begun = perf_counter()
    for _ in range(50):
        spotting = spotter.listen(START)
        for _ in range(20):
            spotting.feed(quiet(PIECE))
            spotting.partials()
        spotting.finish()
        spotting.cancel()
        spotter.facts()
    assert perf_counter() - begun < 10  # recognising it would take a minute


def test_silence_no_sound_and_noise_are_survived(spotter: Spotter, eventually: Eventually) -> None:
    spotting = spotter.listen(0)
    sounds: list[Sound] = [
        np.zeros(PIECE, np.float32),
        np.zeros(0, np.float32),
        np.full(PIECE, 5.0, np.float32),
        np.full(PIECE, np.nan, np.float32),
        quiet(PIECE),
    ]
    for sound in sounds:
        spotting.feed(sound)
    spotting.finish()
    said = until(spotting, lambda said: said and said[-1].final, eventually)
    assert said[-1].upto == 4 * PIECE


def test_close_is_for_ever_and_harmless(spotter: Spotter) -> None:
    spotting = spotter.listen(START)
    spotting.feed(quiet(PIECE))
    spotter.close()
    spotter.close()
    spotting.feed(quiet(PIECE))
    spotting.finish()
    assert all(partial.final for partial in spotting.partials())

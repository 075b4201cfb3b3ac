"""pocketsphinx in its own process: what it understands, and what becomes of us when it dies, hangs or lags."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.config.languages import floor_words
from edgeagent.errors import ServiceError
from edgeagent.ports import Partial
from edgeagent.services import pocketsphinx_spotter
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.services.pocketsphinx_child import SAID, cues, grammar
from edgeagent.services.pocketsphinx_spotter import RESTARTS, PocketsphinxSpotter
from edgeagent.services.pocketsphinx_spotting import BEHIND, PocketsphinxSpotting
from edgeagent.services.wake import Wake
from edgeagent.signal import Sound
from edgeagent.turn.cue_words import Cue, cue
from edgeagent.units import samples
from tests.services.talkers import loaded

Eventually = Callable[[Callable[[], object]], None]

ENGLISH = floor_words("en")

PIECE = samples(100)


@pytest.fixture
def trouble() -> list[str]:
    return []


@pytest.fixture
def spotter(trouble: list[str]) -> Iterator[PocketsphinxSpotter]:
    try:
        spotter = PocketsphinxSpotter(ENGLISH.all, trouble.append)
        spotter.check()
    except ServiceError as error:
        pytest.skip(str(error))
    else:
        yield spotter
        spotter.close()


@pytest.fixture(scope="module")
def voice() -> Iterator[Callable[[str], Sound]]:
    rng = np.random.default_rng(5)
    with closing(loaded(EspeakTalker(settings.Talker()))) as talker:

        def say(text: str) -> Sound:
            pause = np.zeros(samples(300), np.float32)
            sound = np.concatenate([pause, *talker.say(text), pause])
            return (sound + 0.001 * rng.standard_normal(sound.size)).astype(np.float32)

        yield say


def child_of(spotter: PocketsphinxSpotter) -> int:
    assert spotter._link is not None
    return spotter._link.child.pid


def understood(spotter: PocketsphinxSpotter, sound: Sound, eventually: Eventually) -> list[Partial]:
    """Everything said of it, piece by piece."""
    spotting, said = spotter.listen(0), list[Partial]()
    for at in range(0, sound.size, PIECE):
        spotting.feed(sound[at : at + PIECE])
        _collect(spotting, said, lambda at=at: said and said[-1].upto > at, eventually)  # type: ignore[misc]
    spotting.finish()
    _collect(spotting, said, lambda: said[-1].final, eventually)
    return said


def _collect(
    spotting: PocketsphinxSpotting, said: list[Partial], so: Callable[[], object], eventually: Eventually
) -> None:
    def enough() -> object:
        said.extend(spotting.partials())
        return so()

    eventually(enough)


def works(spotter: PocketsphinxSpotter, eventually: Eventually) -> bool:
    return understood(spotter, np.zeros(PIECE, np.float32), eventually)[-1].upto == PIECE


@pytest.mark.parametrize(
    ("text", "expected"),
    [("stop", Cue.TAKES), ("hold on", Cue.TAKES), ("yes", Cue.LISTENS), ("right", Cue.LISTENS)],
)
def test_cue_words_are_understood(
    text: str,
    expected: Cue,
    spotter: PocketsphinxSpotter,
    voice: Callable[[str], Sound],
    eventually: Eventually,
) -> None:
    assert cue(understood(spotter, voice(text), eventually)[-1].text, ENGLISH) is expected


def test_other_words_and_noise_are_not(
    spotter: PocketsphinxSpotter, voice: Callable[[str], Sound], eventually: Eventually
) -> None:
    noise = (0.05 * np.random.default_rng(1).standard_normal(16_000)).astype(np.float32)
    assert understood(spotter, noise, eventually)[-1].text == ""
    assert cue(understood(spotter, voice("umbrella"), eventually)[-1].text, ENGLISH) is Cue.NOTHING


def test_what_was_said_before_changes_nothing(
    spotter: PocketsphinxSpotter, voice: Callable[[str], Sound], eventually: Eventually
) -> None:
    word = voice("stop")
    first = understood(spotter, word, eventually)
    understood(spotter, 20 * voice("yes, right, what?"), eventually)
    spotter.listen(0).feed(word[: 3 * PIECE])  # left unfinished
    assert understood(spotter, word, eventually) == first


def test_the_library_is_in_the_child_and_nowhere_else(spotter: PocketsphinxSpotter) -> None:
    child = Path(f"/proc/{child_of(spotter)}/maps").read_text()
    assert "pocketsphinx" in child
    assert "numpy" not in child
    assert "_pocketsphinx" not in Path("/proc/self/maps").read_text()


def test_a_child_that_dies_ends_its_stretch_and_is_replaced(
    spotter: PocketsphinxSpotter, trouble: list[str], eventually: Eventually
) -> None:
    dead = child_of(spotter)
    spotting, said = spotter.listen(0), list[Partial]()
    os.kill(dead, signal.SIGSTOP)
    spotting.feed(np.zeros(PIECE, np.float32))
    spotting.feed(np.zeros(PIECE, np.float32))
    eventually(lambda: not spotting._waiting)  # both are on their way
    os.kill(dead, signal.SIGKILL)
    _collect(spotting, said, lambda: said and said[-1].final, eventually)
    assert said[-1] == Partial("", 2 * PIECE, final=True)
    assert works(spotter, eventually)
    assert child_of(spotter) != dead
    assert spotter.facts()["died"] == len(trouble) == 1


def test_a_child_that_hangs_is_replaced(
    spotter: PocketsphinxSpotter, trouble: list[str], eventually: Eventually
) -> None:
    assert spotter._link is not None
    spotter._link._stall_s = 0.2  # the next child has its whole time again
    os.kill(child_of(spotter), signal.SIGSTOP)
    spotting, said = spotter.listen(0), list[Partial]()
    spotting.feed(np.zeros(PIECE, np.float32))
    _collect(spotting, said, lambda: said and said[-1].final, eventually)
    assert spotter.facts()["stalled"] == 1
    assert works(spotter, eventually)
    assert trouble == ["the pocketsphinx child did not answer"]


def test_it_is_replaced_a_few_times_and_then_no_more(
    spotter: PocketsphinxSpotter, trouble: list[str], eventually: Eventually
) -> None:
    for _ in range(1 + RESTARTS):
        assert works(spotter, eventually)
        lost = len(trouble)
        os.kill(child_of(spotter), signal.SIGKILL)
        eventually(lambda lost=lost: len(trouble) > lost)  # type: ignore[misc]
    assert [text.endswith("no more hints from words") for text in trouble] == [False] * RESTARTS + [True]
    spotter._thread.join(10)
    (partial,) = spotter.listen(7).partials()
    assert partial == Partial("", 7, final=True)


def test_a_lagging_child_costs_the_oldest_sound_and_no_memory(
    spotter: PocketsphinxSpotter, eventually: Eventually
) -> None:
    os.kill(child_of(spotter), signal.SIGSTOP)
    spotting, said = spotter.listen(0), list[Partial]()
    fed = 10 * BEHIND // PIECE
    for _ in range(fed):
        spotting.feed(np.zeros(PIECE, np.float32))
    waiting = sum(0 if piece is None else piece.size for piece, _ in spotting._waiting)
    assert waiting <= BEHIND
    assert spotter.facts()["dropped_s"] >= (fed * PIECE - BEHIND - 3 * PIECE) / 16_000
    os.kill(child_of(spotter), signal.SIGCONT)
    _collect(spotting, said, lambda: said and said[-1].upto == fed * PIECE, eventually)
    assert len(said) <= BEHIND // PIECE + 3


def test_what_is_called_off_while_it_answers_stays_so() -> None:
    class Answered:
        text, upto = "stop", 1

        @property
        def final(self) -> bool:
            spotting.cancel()  # by the engine's thread, at this moment
            return False

    with closing(Wake()) as wake:
        spotting = PocketsphinxSpotting(0, wake)
        spotting.say(cast(Partial, Answered()))
        assert spotting.over


def test_one_long_piece_is_never_dropped() -> None:
    wake = Wake()
    spotting = PocketsphinxSpotting(0, wake)
    spotting.feed(np.zeros(2 * BEHIND, np.float32))
    assert spotting.dropped == 0
    spotting.feed(np.zeros(PIECE, np.float32))
    assert spotting.dropped == 2 * BEHIND
    wake.close()


def test_the_child_goes_when_we_go(spotter: PocketsphinxSpotter, eventually: Eventually) -> None:
    assert spotter._link is not None
    child = spotter._link.child
    with open(os.devnull, "wb") as nowhere:  # in place of the pipe, which the spotter's thread may write to just now
        os.dup2(nowhere.fileno(), child._stdin.fileno(), inheritable=False)
    eventually(lambda: child.status() == 0)


def test_close_ends_the_child_whatever_it_does(spotter: PocketsphinxSpotter) -> None:
    assert spotter._link is not None
    child = spotter._link.child
    os.kill(child.pid, signal.SIGSTOP)
    spotter.listen(0).feed(np.zeros(PIECE, np.float32))
    spotter.close()
    assert child.status() == -signal.SIGKILL


def test_without_the_package_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pocketsphinx_spotter, "find_spec", lambda _name: None)
    with pytest.raises(ServiceError, match=r"not installed.*\.\[words\]"):
        PocketsphinxSpotter(ENGLISH.all)


def test_a_package_that_does_not_load_is_said_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pocketsphinx_spotter, "package", lambda: tmp_path)
    trouble: list[str] = []
    spotter = PocketsphinxSpotter(ENGLISH.all, trouble.append)
    with pytest.raises(ServiceError, match=r"cannot be loaded.*\.\[words\]"):
        spotter.check()
    spotter._thread.join(20)
    assert len(trouble) == 1 + RESTARTS
    spotter.close()


def test_every_word_in_the_grammar_can_be_pronounced_and_fillers_are_no_words() -> None:
    spoken = grammar(sorted(ENGLISH.all))
    phrases = [phrase for phrase in ENGLISH.all if all(word in SAID for word in phrase.split())]
    assert all(phrase in spoken for phrase in phrases)
    assert ENGLISH.takes <= set(phrases)
    assert cues("_T stop(2) _AA _B yeah") == "stop yeah"

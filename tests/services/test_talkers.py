"""The contract of `ports.Talker`, kept by every voice, whatever its other side does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread, Timer
from time import monotonic, perf_counter

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.ports import Talk, Talker
from edgeagent.services.library_talker import LibraryTalker
from tests.services.leftovers import children, descriptors
from tests.services.talkers import EVERY, OTHERS, Side, absent

Eventually = Callable[[Callable[[], object]], None]
SENTENCE = "This is the first sentence, and it goes on for a while. This is the second one."
LONG = "This sentence goes on and on, and nobody knows where it ends. " * 40
GIVE_UP_S = 60.0


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(params=EVERY)
def talker(request: pytest.FixtureRequest, tmp_path: Path, stack: ExitStack) -> Talker:
    return Side(request.param, "whole", tmp_path, stack).talker


others = pytest.mark.parametrize("kind", OTHERS)


def test_a_talk_is_sound_with_words_inside_it(talker: Talker) -> None:
    talk = talker.say(SENTENCE)
    assert not talk.words
    blocks = list(talk)
    assert all(block.dtype == np.float32 and block.ndim == 1 and len(block) for block in blocks)
    sound = np.concatenate(blocks)
    assert len(sound) > 30_000
    assert 0.01 < np.abs(sound).max() <= 1
    ends = [0, *(word.end for word in talk.words)]
    assert all(end <= word.start < word.end for end, word in zip(ends, talk.words, strict=False))
    assert ends[-1] <= len(sound)
    if talk.words:
        assert " ".join(word.text for word in talk.words) == SENTENCE


def test_words_only_grow(talker: Talker) -> None:
    talk = talker.say(SENTENCE)
    before = talk.words
    for _ in talk:
        assert talk.words[: len(before)] == before
        before = talk.words


def test_a_talk_cancelled_before_it_begins_is_silent(talker: Talker) -> None:
    talk = talker.say(SENTENCE)
    talk.cancel()
    assert list(talk) == []


def test_nothing_follows_a_cancel_and_the_next_sentence_is_whole(talker: Talker) -> None:
    sentence = sum(len(block) for block in talker.say(SENTENCE))
    for _ in range(5):
        talk = talker.say(SENTENCE)
        blocks = iter(talk)
        next(blocks)
        talk.cancel()
        talk.cancel()
        assert list(blocks) == []
        # espeak-ng differs from run to run by a few samples
        assert abs(sum(len(block) for block in talker.say(SENTENCE)) - sentence) < 400


def test_cancel_from_another_thread_ends_the_iteration(talker: Talker) -> None:
    talk = talker.say(SENTENCE)
    timer = Timer(0.01, talk.cancel)
    timer.start()
    heard = 0
    for block in talk:
        timer.join()  # so it is cancelled while the voice has more to say
        heard += len(block)
    assert heard < 30_000  # of 48000 and more: a busy reader gets a pipe's 64 KiB at once
    timer.join()


@pytest.mark.timing
def test_cancel_takes_less_than_10_ms(talker: Talker) -> None:
    times = []
    for _ in range(9):
        talk = talker.say(SENTENCE)
        blocks = iter(talk)
        next(blocks)
        begun = perf_counter()
        talk.cancel()
        times.append(perf_counter() - begun)
        assert list(blocks) == []
    assert sorted(times)[4] < 0.01  # the median: the test machine may be busy


def test_an_abandoned_talk_does_not_stop_the_next(talker: Talker) -> None:
    blocks = iter(talker.say(SENTENCE))
    next(blocks)
    del blocks
    assert list(talker.say(SENTENCE))


def test_cancel_after_the_end_is_harmless(talker: Talker) -> None:
    talk = talker.say(SENTENCE)
    assert list(talk)
    talk.cancel()
    assert list(talker.say(SENTENCE))


class Reader:
    """Iterates a talk on a thread of its own."""

    def __init__(self, side: Side, talk: Talk) -> None:
        self.blocks = 0
        self.begun = Event()
        self.error: Exception | None = None
        self.ended = 0.0
        self._side = side
        self._talk = talk
        self.thread = Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        try:
            for _ in self._talk:
                self.blocks += 1
                if self.blocks == 1:
                    self._side.begun()
                    self.begun.set()
        except Exception as error:
            self.error = error
        self.ended = monotonic()


@pytest.mark.timing
@pytest.mark.parametrize("mode", ["endless", "stalled", "silent"])
@others
def test_a_cancel_takes_ten_milliseconds_whatever_the_other_side_does(
    kind: str, mode: str, tmp_path: Path, stack: ExitStack, eventually: Eventually
) -> None:
    took, ends = [], []
    for _ in range(3):
        side = Side(kind, mode, tmp_path, stack)
        talk = side.talker.say(LONG)
        reader = Reader(side, talk)
        eventually(side.asked if mode == "silent" else reader.begun.is_set)
        asked = monotonic()
        talk.cancel()
        took.append(monotonic() - asked)
        reader.thread.join(GIVE_UP_S)
        assert not reader.thread.is_alive()
        assert reader.error is None
        ends.append(reader.ended - asked)
    assert sorted(took)[1] < 0.01  # medians: a busy machine
    child_s = 0.05 if mode == "endless" else 0.3  # one that stalls is replaced
    assert sorted(ends)[1] < (child_s if kind in ("espeak", "flite") else 0.05)


@pytest.mark.parametrize("mode", ["silent", "stalled", "dies"])
@others
def test_one_that_fails_is_told_in_one_line_and_leaves_nobody_waiting(
    kind: str, mode: str, tmp_path: Path, stack: ExitStack
) -> None:
    side = Side(kind, mode, tmp_path, stack)
    reader = Reader(side, side.talker.say(LONG))
    reader.thread.join(GIVE_UP_S)
    assert not reader.thread.is_alive()
    assert bool(reader.blocks) == (mode != "silent")
    assert isinstance(reader.error, ServiceError)
    assert "\n" not in str(reader.error)


@others
def test_one_that_is_not_there_is_told_with_its_remedy(kind: str, tmp_path: Path, stack: ExitStack) -> None:
    def speak() -> None:
        talker = absent(kind, tmp_path)
        stack.callback(talker.close)
        list(talker.say(SENTENCE))

    with pytest.raises(ServiceError) as failed:
        speak()
    assert failed.value.remedy
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize("mode", ["endless", "stalled"])
@others
def test_closing_ends_everything_and_may_be_done_twice(
    kind: str, mode: str, tmp_path: Path, eventually: Eventually
) -> None:
    before = children(), descriptors()
    with ExitStack() as stack:
        side = Side(kind, mode, tmp_path, stack)
        talk = side.talker.say(LONG)
        reader = Reader(side, talk)
        assert reader.begun.wait(GIVE_UP_S)
        talk.cancel()
        side.talker.close()
        side.talker.close()
        reader.thread.join(GIVE_UP_S)
        assert not reader.thread.is_alive()
    eventually(lambda: children() <= before[0])
    eventually(lambda: descriptors() <= before[1])


def test_many_talks_leave_nothing_behind(talker: Talker, eventually: Eventually) -> None:
    list(talker.say("Hello."))
    before = descriptors()
    for n in range(12):
        talk = talker.say("Hello there, you.")
        if n % 3 == 0:
            talk.cancel()
        for _ in talk:
            if n % 3 == 1:
                talk.cancel()
    eventually(lambda: descriptors() <= before + 1)


def test_what_is_no_sound_ends_the_child_and_the_talk(stack: ExitStack) -> None:
    flood = ["sh", "-c", "while :; do printf '\\377\\377\\377\\377\\377\\377\\377\\377\\377\\377'; done"]
    talker = LibraryTalker("made-up", flood, "en", settings.Talker())
    stack.callback(talker.close)
    for _ in range(2):
        with pytest.raises(ServiceError, match="what is no sound"):
            list(talker.say("Hello."))

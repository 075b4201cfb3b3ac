"""The contract of `ports.Talker`, kept by every voice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer
from time import perf_counter

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.ports import Talker
from edgeagent.services.command_talker import CommandTalker
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.services.tone_talker import ToneTalker
from edgeagent.services.wav_talker import WavTalker
from edgeagent.services.wyoming_talker import WyomingTalker
from edgeagent.signal.wav import write_wav

SENTENCE = "This is the first sentence, and it goes on for a while. This is the second one."


def command() -> Talker:
    """Reads all of the text, then writes 3 s of sound at 22.05 kHz, a bit at a time."""
    program = "cat >/dev/null; for n in 1 2 3 4 5 6; do head -c 22050 /dev/zero | tr '\\0' '\\20'; done"
    return CommandTalker(settings.Talker(kind="command", command=f'sh -c "{program}"', command_rate_hz=22_050))


def espeak() -> Talker:
    talker = EspeakTalker(settings.Talker())
    try:
        talker.check()
    except ServiceError as error:
        talker.close()
        pytest.skip(str(error))
    return talker


@pytest.fixture
def wyoming_uri(request: pytest.FixtureRequest) -> Iterator[str]:
    """A voice server, where one is wanted and its library is installed."""
    if "wyoming" not in request.node.name:
        yield ""
        return
    pytest.importorskip("wyoming", reason="needs the extra [wyoming]")
    from tests.services.wyoming_server import serving

    with serving() as server:
        yield server.uri


@pytest.fixture(params=["espeak", "command", "wav", "tone", "wyoming"])
def talker(request: pytest.FixtureRequest, tmp_path: Path, wyoming_uri: str) -> Iterator[Talker]:
    def wyoming() -> Talker:
        return WyomingTalker(settings.Talker(kind="wyoming", uri=wyoming_uri))

    def wav() -> Talker:
        write_wav(tmp_path / "voice.wav", np.full(48_000, 0.1, np.float32))
        return WavTalker(str(tmp_path / "voice.wav"))

    makers: dict[str, Callable[[], Talker]] = {"espeak": espeak, "command": command, "wav": wav, "tone": ToneTalker}
    makers["wyoming"] = wyoming
    talker = makers[request.param]()
    yield talker
    talker.close()


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
    assert heard < 20_000
    timer.join()


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

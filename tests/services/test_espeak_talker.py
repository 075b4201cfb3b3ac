"""The built-in voice when its process stalls, dies, or was never there; and whom it must not touch."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from threading import Thread, Timer
from time import perf_counter

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.services import espeak_talker, espeak_voices
from edgeagent.services.espeak_talker import EspeakTalker

LONG = "This sentence goes on and on, and nobody knows where it ends. " * 40
DEFAULT = settings.Talker(stall_ms=5000)

Eventually = Callable[[Callable[[], object]], None]


@pytest.fixture
def talker() -> Iterator[EspeakTalker]:
    talker = EspeakTalker(DEFAULT)
    try:
        talker.check()
    except ServiceError as error:
        pytest.skip(str(error))
    else:
        yield talker
    finally:
        talker.close()


def child_of(talker: EspeakTalker) -> int:
    return talker._child.pid


def maps(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


def test_the_library_is_in_the_child_and_nowhere_else(talker: EspeakTalker) -> None:
    assert list(talker.say("Hello."))
    assert "espeak" in maps(child_of(talker))
    assert "numpy" not in maps(child_of(talker))
    assert "libespeak" not in maps(os.getpid())


def test_words_begin_where_their_sound_does(talker: EspeakTalker) -> None:
    talk = talker.say("Only. Even. Ice. Our.")  # each begins after a silence, and with a vowel: at once
    sound = np.abs(np.concatenate(list(talk)))
    assert [word.text for word in talk.words] == ["Only.", "Even.", "Ice.", "Our."]
    for word in talk.words:
        onset = word.start + int(np.argmax(sound[word.start : word.end] > 0.003))
        assert onset - word.start < 240  # 15 ms
        assert sound[max(0, word.start - 200) : word.start].max(initial=0) < 0.01


@pytest.mark.usefixtures("talker")  # which says whether there is the library
def test_nearly_each_sign_of_mandarin_has_its_time() -> None:
    text = "今天天气很好。我们去公园玩吧。"
    mandarin = EspeakTalker(replace(DEFAULT, voice="cmn"))
    talk = mandarin.say(text)
    sound = np.abs(np.concatenate(list(talk)))
    mandarin.close()
    assert "".join(word.text for word in talk.words) == text
    assert len(talk.words) >= 12  # of 13: "很好" may be one
    assert all(word.end - word.start > 2000 for word in talk.words)  # 125 ms
    good, we = next(pair for pair in pairwise(talk.words) if pair[1].text == "我")
    assert good.text.endswith("好。")
    assert sound[good.end : we.start].max() < 0.01  # the pause between the sentences belongs to neither


def test_what_is_not_english_or_not_text_is_survived(talker: EspeakTalker) -> None:
    for text in ("", "...", "Größe 日本 नमस्ते", "a\0b", "\ud800", "<speak>x</speak>", "[[h@l'oU]]"):
        talk = talker.say(text)
        assert all(len(block) for block in talk)
        assert " ".join(word.text for word in talk.words) in ("", " ".join(text.split()))


def test_a_stalled_child_is_told_replaced_and_forgotten(talker: EspeakTalker) -> None:
    stalled = child_of(talker)
    talker._settings = replace(DEFAULT, stall_ms=300)
    blocks = iter(talker.say(LONG))
    next(blocks)
    os.kill(stalled, signal.SIGSTOP)
    with pytest.raises(ServiceError, match="no sound for 300 ms"):
        list(blocks)
    assert child_of(talker) != stalled
    talker._settings = DEFAULT
    assert list(talker.say("Hello."))


@pytest.mark.timing
def test_a_stalled_child_cannot_hold_up_a_cancel(talker: EspeakTalker) -> None:
    stalled = child_of(talker)
    talk = talker.say(LONG)
    blocks = iter(talk)
    next(blocks)
    os.kill(stalled, signal.SIGSTOP)
    begun = perf_counter()
    talk.cancel()
    assert perf_counter() - begun < 0.1  # did it wait for the child, it would be 0.2 s
    assert list(blocks) == []
    assert child_of(talker) != stalled
    assert list(talker.say("Hello."))


def test_a_waiting_iteration_is_woken_by_the_cancel(talker: EspeakTalker) -> None:
    os.kill(child_of(talker), signal.SIGSTOP)
    talk = talker.say("Hello.")
    timer = Timer(0.02, talk.cancel)
    timer.start()
    assert list(talk) == []  # no ServiceError: it did not wait for the stall
    timer.join()


def test_a_dying_child_ends_the_talk_as_failed_and_only_that(talker: EspeakTalker) -> None:
    talk = talker.say(LONG)
    blocks = iter(talk)
    list(islice(blocks, 60))
    os.kill(child_of(talker), signal.SIGKILL)
    with pytest.raises(ServiceError, match="died"):
        list(blocks)
    assert len(talk.words) > 3  # what was made so far stays known
    assert list(talker.say("Hello."))


def test_a_child_that_died_in_idleness_costs_nothing(talker: EspeakTalker, eventually: Eventually) -> None:
    dead = child_of(talker)
    os.kill(dead, signal.SIGKILL)
    eventually(lambda: talker._child.status() is not None)
    assert list(talker.say("Hello."))
    assert child_of(talker) != dead


def test_the_child_is_reused(talker: EspeakTalker) -> None:
    child = child_of(talker)
    for _ in range(10):
        talk = talker.say(LONG)
        next(iter(talk))
        talk.cancel()
        assert list(talker.say("Hello."))
    assert child_of(talker) == child


def test_a_second_sentence_waits_for_the_first_and_can_be_cancelled_meanwhile(talker: EspeakTalker) -> None:
    first = iter(talker.say(LONG))
    next(first)
    second = talker.say("Hello.")
    heard: list[int] = []
    thread = Thread(target=lambda: heard.extend(len(block) for block in second))
    thread.start()
    second.cancel()
    thread.join(5)
    assert not thread.is_alive()
    assert heard == []
    assert list(first)


def test_the_child_goes_when_we_go(talker: EspeakTalker, eventually: Eventually) -> None:
    child = talker._child
    next(iter(talker.say(LONG)))
    child._stdin.close()
    eventually(lambda: child.status() == 0)


def test_close_ends_a_talk_that_is_being_iterated(talker: EspeakTalker, eventually: Eventually) -> None:
    blocks = iter(talker.say(LONG))
    next(blocks)
    child = talker._child
    talker.close()
    eventually(lambda: child.status() is not None)
    with pytest.raises(ServiceError):
        list(blocks)


@pytest.mark.usefixtures("talker")
def test_an_unknown_voice_is_said_at_once() -> None:
    wrong = EspeakTalker(replace(DEFAULT, voice="klingon-x"))
    with pytest.raises(ServiceError, match=r"no voice 'klingon-x'.*--voices"):
        wrong.check()
    wrong.close()


def test_another_voice_and_speed(talker: EspeakTalker) -> None:
    slow = EspeakTalker(replace(DEFAULT, voice="en-us+f3", words_per_minute=80))
    ordinary, slowed = (sum(map(len, voice.say("One two three four."))) for voice in (talker, slow))
    assert slowed > 1.5 * ordinary
    slow.close()


def test_without_the_library_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(espeak_talker, "library", lambda: ("libespeak-ng-that-is-not-there.so", ""))
    talker = EspeakTalker(DEFAULT)
    with pytest.raises(ServiceError, match=r"cannot be loaded.*\.\[speech\]"):
        talker.check()
    with pytest.raises(ServiceError, match="cannot be loaded"):
        list(talker.say("Hello."))
    talker.close()


def test_without_the_wheel_the_system_library_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(espeak_voices, "find_spec", lambda _: None)
    talker = EspeakTalker(DEFAULT)
    try:
        talker.check()
    except ServiceError as error:
        pytest.skip(str(error))
    else:
        assert list(talker.say("Hello."))
        assert "libespeak-ng.so.1" in maps(child_of(talker))
    finally:
        talker.close()


def test_slower_is_slower_from_the_next_sentence_on(talker: EspeakTalker) -> None:
    text = "The train to Mysore leaves at nine in the morning."
    plain = sum(map(len, talker.say(text)))
    talker.pace(0.7)
    slow = sum(map(len, talker.say(text)))
    talker.pace(1.0)
    again = sum(map(len, talker.say(text)))
    assert slow > 1.2 * plain
    assert again == pytest.approx(plain, rel=0.02)

"""`edgeagent say`: sentence by sentence, and an honest account of what was heard."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgeagent.commands.say import Reader, sentences, text_of
from edgeagent.errors import EdgeAgentError
from edgeagent.signal.wav import write_wav
from edgeagent.units import RATE
from tests.commands.test_run import Command, command, done

__all__ = ["command"]  # a fixture
pytestmark = pytest.mark.live


def test_it_reads_to_the_end(command: Command, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("One two.\nThree\nfour!\n")
    run = done(command("say", str(tmp_path / "text"), seconds=6))
    assert run.stdout == "heard: One two. Three four!\nunheard: -\n"
    assert (run.returncode, run.stderr) == (0, "")


def test_cut_off_it_says_what_was_heard_and_what_was_not(command: Command) -> None:
    text = "This is a sentence that takes a while to be said. And here is one more."
    run = done(command("say", "--json", "--seconds", "1.2", seconds=9), input=text)
    account = json.loads(run.stdout)
    assert run.returncode == 1
    assert not account["finished"]
    assert account["heard"].startswith("This is")
    assert f"{account['heard']} {account['unheard']}" == text


def test_a_voice_without_a_sound_ends_it_and_is_named(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text('talker: {kind: command, command: "true"}\n')
    run = done(command("say", "--config", str(config), "One. Two.", seconds=20))
    assert run.returncode == 2
    assert run.stdout == "heard: -\nunheard: One. Two.\n"
    assert "made no sound" in run.stderr


def test_a_lost_microphone_ends_it_and_is_named(command: Command, tmp_path: Path) -> None:
    line = command("say", "This is a sentence that takes a while to be said, much longer than two seconds.")
    write_wav(tmp_path / "room.wav", np.full(8 * RATE, 0.1, np.float32))
    run = done(line)
    assert run.returncode == 2
    assert run.stdout.startswith("heard: This is")
    assert "one and the same value" in run.stderr


@pytest.mark.parametrize("text", ["", "  \n "])
def test_nothing_to_say_is_an_error(command: Command, text: str) -> None:
    run = done(command("say", "-"), input=text)
    assert run.returncode == 2
    assert "nothing to say" in run.stderr


def test_sentences_end_where_people_breathe() -> None:
    text = 'It is 3.5 km. "Really?" she asked!\n\nA heading\n\nAnd 3 more… ठीक है। 好的。走吧'
    assert sentences(text) == [
        "It is 3.5 km.", '"Really?" she asked!', "A heading", "And 3 more…", "ठीक है।", "好的。", "走吧"
    ]  # fmt: skip


def test_a_list_without_marks_is_said_in_pieces_and_titles_are_not_torn_off() -> None:
    found = sentences("".join(f"item number {n}\n" for n in range(400)))
    assert max(map(len, found)) <= 400
    assert " ".join(found) == " ".join(f"item number {n}" for n in range(400))
    assert sentences("Mr. J. R. Smith met Mrs. Jones. She left.") == ["Mr. J. R. Smith met Mrs. Jones.", "She left."]


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "sound").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EdgeAgentError, match="UTF-8"):
        text_of(str(tmp_path / "sound"))


@pytest.mark.parametrize("text", ["अगर " * 90, "One. " * 70, "nul\0", "wait.", "and/or"])
def test_a_text_is_no_file_however_long(text: str) -> None:
    assert text_of(text) == text


@pytest.mark.parametrize("name", ["story.txt", "docs/story.md", "./story", "/srv/story", "~/story"])
def test_a_file_that_is_not_there_is_not_read_aloud(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EdgeAgentError, match="no such file"):
        text_of(name)


class Device:
    """See `_device.Device`."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.protected: list[bool] = []
        self.stopped = False

    def say(self, text: str, *, protected: bool = False) -> int:
        self.said.append(text)
        self.protected.append(protected)
        return len(self.said) - 1

    def run(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        self.stopped = True


def heard(utterance: int, text_heard: str, text_unheard: str) -> dict[str, object]:
    return {"event": "heard_words", "utterance": utterance, "text_heard": text_heard, "text_unheard": text_unheard}


@pytest.mark.parametrize("event", ["reply_failed", "microphone_failed", "failed"])
def test_a_fault_ends_it_with_the_first_reason(event: str) -> None:
    device, reader = Device(), Reader(["A b."])
    reader.begin(device)
    reader.write({"event": "playing", "utterance": 0})
    reader.write({"event": event, "reason": "the plug was pulled"})
    assert device.stopped
    reader.write({"event": "failed", "reason": "and more"})
    assert reader.failure == "the plug was pulled"


def test_every_sentence_of_a_protected_text_is_protected() -> None:
    for protected in (True, False):
        device, reader = Device(), Reader(["A b.", "C d."], protected=protected)
        reader.begin(device)
        reader.write({"event": "playing", "utterance": 0})
        assert device.protected == [protected] * 2


def refused(*, protected: bool, pressed: str = "") -> tuple[Device, Reader]:
    """The second of two sentences comes late, and finds that somebody has the floor."""
    device, reader = Device(), Reader(["A b.", "C d."], protected=protected)
    reader.begin(device)
    reader.write({"event": "playing", "utterance": 0})
    reader.write(heard(0, "A b.", ""))
    reader.write({"event": "ceased", "utterance": 0, "finished": True})
    reader.write({"event": "state", "state": "hearing"})
    if pressed:
        reader.write({"event": pressed})
    reader.write({"event": "action", "action": "discard", "utterance": 1})
    return device, reader


def test_a_protected_text_goes_on_when_whoever_came_between_is_done() -> None:
    device, reader = refused(protected=True)
    for state in ("thinking", "idle", "speaking"):
        assert device.said == ["A b.", "C d."] + ["C d."] * (state == "speaking")
        reader.write({"event": "state", "state": state})
    reader.write({"event": "playing", "utterance": 2})
    reader.write(heard(2, "C d.", ""))
    assert not device.stopped
    reader.write({"event": "ceased", "utterance": 2, "finished": True})
    assert device.stopped
    assert reader.finished
    assert device.said == ["A b.", "C d.", "C d."]
    assert reader.account() == ("A b. C d.", "")


@pytest.mark.parametrize(("protected", "pressed"), [(False, ""), (True, "button_short"), (True, "button_long")])
def test_any_other_text_and_one_that_a_button_has_stopped_do_not(protected: bool, pressed: str) -> None:
    device, reader = refused(protected=protected, pressed=pressed)
    assert device.stopped
    assert not reader.finished
    reader.write({"event": "state", "state": "idle"})
    assert len(device.said) == 2


def test_it_goes_on_after_a_false_alarm_and_ends_at_an_interruption() -> None:
    device, reader = Device(), Reader(["A b.", "C d.", "E f."])
    reader.begin(device)
    reader.write({"event": "playing", "utterance": 0})
    assert device.said == ["A b.", "C d."]
    reader.write(heard(0, "A", "b."))
    reader.write({"event": "playing", "utterance": 0})  # resumed
    assert device.said == ["A b.", "C d."]
    reader.write(heard(0, "A b.", ""))
    reader.write({"event": "playing", "utterance": 1})
    reader.write(heard(1, "C", "d."))
    assert not device.stopped
    reader.write({"event": "action", "action": "discard", "utterance": 1})
    assert device.stopped
    assert reader.account() == ("A b. C", "d. E f.")
    assert not reader.finished

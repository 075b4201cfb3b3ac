"""`edgeagent say`: sentence by sentence, and an honest account of what was heard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeagent.commands.say import Reader, sentences, text_of
from edgeagent.errors import EdgeAgentError
from tests.commands.test_run import Command, command, done

__all__ = ["command"]  # a fixture


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


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "sound").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EdgeAgentError, match="UTF-8"):
        text_of(str(tmp_path / "sound"))


class Device:
    """See `_device.Device`."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.stopped = False

    def say(self, text: str) -> int:
        self.said.append(text)
        return len(self.said) - 1

    def run(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        self.stopped = True


def heard(utterance: int, text_heard: str, text_unheard: str) -> dict[str, object]:
    return {"event": "heard_words", "utterance": utterance, "text_heard": text_heard, "text_unheard": text_unheard}


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

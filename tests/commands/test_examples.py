"""The examples, run as a person would, on real servers on loopback and with a synthetic person at the microphone."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeagent import config
from edgeagent.errors import ServiceError
from edgeagent.services.chat_replier import BEGUN
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.services.reading_text import read_text
from edgeagent.settings import Talker
from edgeagent.signal.wav import write_wav
from edgeagent.units import RATE

pytest.importorskip("wyoming", reason="needs the extra [wyoming]")

from tests.services import chat_server, wyoming_server
from tests.services.home_assistant import connecting

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
Entry = dict[str, Any]

REQUEST = "Tell me how much it costs, I want to know that now."
"""Long enough that nobody takes it for a listener's word."""


class Room:
    """What the microphone hears: a quiet room, and a person at some times."""

    def __init__(self, folder: Path, seconds: float, *at: float) -> None:
        self.file = folder / "room.wav"
        sound = 0.0007 * np.random.default_rng(1).standard_normal(round(seconds * RATE))
        try:
            with closing(EspeakTalker(Talker(voice="en+f3"))) as talker:
                speech = np.concatenate(list(talker.say(REQUEST)))
        except ServiceError as missing:
            pytest.skip(str(missing))
        for start in at:
            first = round(start * RATE)
            sound[first : first + speech.size] += 0.4 * speech
        write_wav(self.file, sound.astype(np.float32))


class Device:
    """`edgeagent run` on an example, some of whose addresses are others."""

    def __init__(self, name: str, folder: Path, room: Room, **instead: str) -> None:
        text = (EXAMPLES / name / "edgeagent.yaml").read_text()
        for old, new in instead.items():
            assert ADDRESSES[old] in text, f"{name} has no {old}"
            text = text.replace(ADDRESSES[old], new)
        (folder / "edgeagent.yaml").write_text(text)
        command = [sys.executable, "-m", "edgeagent", "run", "--json", "--config", str(folder / "edgeagent.yaml")]
        self.entries: list[Entry] = []
        self._run = subprocess.Popen(
            [*command, "--card", f"wav:{room.file}"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def follow(self) -> Iterator[Entry]:
        """The journal, as it is written, until the room's sound ends."""
        assert self._run.stdout is not None
        for line in self._run.stdout:
            self.entries.append(json.loads(line))
            yield self.entries[-1]
        _, errors = self._run.communicate(timeout=30)
        assert (self._run.returncode, errors) == (0, "")

    def of(self, event: str) -> list[Entry]:
        return [entry for entry in self.entries if entry["event"] == event]

    def said(self) -> list[str]:
        """What it said and was heard, utterance by utterance."""
        last = {entry["utterance"]: entry["text_heard"] for entry in self.of("heard_words")}
        return [text for text in last.values() if text]

    def stop(self) -> None:
        self._run.kill()
        self._run.communicate()


ADDRESSES = {
    "recogniser": "tcp://127.0.0.1:10300",
    "chat": "http://127.0.0.1:11434/v1",
    "port": "10700",
    "address": "0.0.0.0",
}

Start = Callable[..., Device]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Device] = []

    def begin(name: str, room: Room, **instead: str) -> Device:
        started.append(Device(name, tmp_path, room, **instead))
        return started[-1]

    yield begin
    for device in started:
        device.stop()


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in EXAMPLES.glob("*/edgeagent.yaml")), ids=lambda p: p.name
)
def test_every_example_is_a_configuration_with_a_page_that_names_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    config.load(folder / "edgeagent.yaml")
    page = (folder / "README.md").read_text()
    assert f"edgeagent run --config examples/{folder.name}/edgeagent.yaml" in page
    assert len(page.splitlines()) <= 20
    assert f"]({folder.name}/)" in (EXAMPLES / "README.md").read_text()


def test_the_kiosk_says_its_sentences_and_is_interrupted(start: Start, tmp_path: Path) -> None:
    device = start("kiosk", Room(tmp_path, 13, 2.0))
    for _ in device.follow():
        pass
    said = device.said()
    assert "Welcome to the museum of clocks." in said[0]
    assert not said[0].endswith("every hour since.")  # interrupted
    assert said[1].startswith("The pendulum")
    assert device.of("heard")


def test_the_assistant_answers_what_was_understood(start: Start, tmp_path: Path) -> None:
    with wyoming_server.serving() as ears, chat_server.serving(chat_server.sentences("It costs four euros.")) as mind:
        ears.text = "how much does it cost"
        device = start("ollama-assistant", Room(tmp_path, 12, 3.5), recogniser=ears.uri, chat=mind.url)
        for _ in device.follow():
            pass
    assert [entry["text"] for entry in device.of("recognised")] == ["how much does it cost"]
    assert device.said()[-1] == "It costs four euros."
    assert mind.requests[0]["model"] == "llama3.2:3b"
    assert mind.requests[0]["messages"][-1] == {"role": "user", "content": "how much does it cost"}
    told = [message["content"] for message in mind.requests[0]["messages"]]
    assert told[1] == BEGUN  # and not our opening: some models want a person first
    assert told[2].startswith("Hello. What would you like")


def test_the_reader_answers_a_question_and_goes_on_where_it_was(start: Start, tmp_path: Path) -> None:
    text = read_text(str(EXAMPLES / "reader" / "text.txt"))
    with wyoming_server.serving() as ears, chat_server.serving(chat_server.sentences("For half a year.")) as mind:
        ears.text = "how long did it go"
        device = start("reader", Room(tmp_path, 32, 9.0, 20.0), recogniser=ears.uri, chat=mind.url)
        for entry in device.follow():
            if entry["event"] == "recognised":
                ears.text = "yes please"
    assert [entry["text"] for entry in device.of("recognised")] == ["how long did it go", "yes please"]
    assert len(mind.requests) == 1
    said = device.said()
    asked = said.index("For half a year.")
    assert said[asked + 1] == "Shall I go on?"
    before, after = said[1:asked], said[asked + 2 :]
    assert " ".join(text).startswith(" ".join(before[:-1]))
    whole = " ".join(text)
    again = whole.index(after[0])
    assert again <= len(" ".join(before)) + 1  # no word is left out
    assert len(" ".join(before)) - again < 120  # and no more than a phrase is said again
    assert whole[again:].startswith(" ".join(after))
    assert len(after) >= 2


def test_the_satellite_is_driven_by_home_assistant(start: Start, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    device = start("home-assistant", Room(tmp_path, 12, 4.0), port=str(port), address="127.0.0.1")
    journal = device.follow()
    for entry in journal:
        if entry["event"] == "ready":
            break
    with connecting(port) as connect:
        home = connect().serve()
        home.answers(1, "how much does it cost", "It costs four euros.", pieces=40)
        for entry in journal:
            if entry["event"] == "state" and entry["from"] == "speaking":
                home.awaits("played")
    assert [entry["text"] for entry in device.of("recognised")] == ["how much does it cost"]
    assert device.said() == ["It costs four euros."]
    assert [entry["by"] for entry in device.of("impaired")][:2] == [["alone"], []]

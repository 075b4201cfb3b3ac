"""Reading a long text aloud: sentences, and where it goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.dialogue.history import Line, Who
from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.errors import ConfigError
from edgeagent.ports import Request
from edgeagent.services.reading_replier import BEGIN, ReadingReplier
from edgeagent.services.reading_text import read_text
from edgeagent.services.ready_reply import ReadyReply

TEXT = ("One.", "Two and more.", "No.", "Four.", "No.", "Six is the last.")


class Other:
    """See `ports.Replier`."""

    closed = False

    def reply(self, _request: Request) -> ReadyReply:
        return ReadyReply("An answer.")

    def close(self) -> None:
        self.closed = True


def request(turn: int, *saying: str, resumes: bool = False, heard: tuple[str, ...] = ()) -> Request:
    history = tuple(Line(Who.DEVICE, number, text) for number, text in enumerate(heard))
    sound = np.empty(0, np.float32)
    return Request(turn, sound, "", Understood(Kind.REQUEST), history, saying, resumes)


def taken(reader: ReadingReplier, asked: Request, most: int) -> list[str]:
    reply = reader.reply(asked)
    found = []
    for _, sentence in zip(range(most), reply, strict=False):
        found.append(sentence.strip())
    reply.cancel()
    assert not list(reply)
    return found


def test_lines_of_a_file_are_no_sentences_and_paragraphs_are(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("A heading\r\n\r\nOne line\r\nand another. And\na third?\n\n\nThe end\n")
    found = read_text(str(tmp_path / "text"))
    assert found == ("A heading", "One line and another.", "And a third?", "The end")


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "No such file"), (b"\xff\xfe", "UTF-8"), (b" \n", "empty"), (b"x" * 5_000_000, "4")]
)
def test_what_cannot_be_read_stops_the_start(tmp_path: Path, content: bytes | None, problem: str) -> None:
    if content is not None:
        (tmp_path / "text").write_bytes(content)
    with pytest.raises(ConfigError, match=problem):
        read_text(str(tmp_path / "text"))


def test_questions_go_to_the_other_and_the_rest_is_read_behind_what_was_left() -> None:
    other = Other()
    reader = ReadingReplier(TEXT, other)
    assert taken(reader, request(BEGIN), 4) == list(TEXT[:4])
    assert list(reader.reply(request(7))) == ["An answer."]
    again = request(
        9, "and more.", "No.", resumes=True, heard=TEXT[:1]
    )  # of four that were handed out two were not heard
    assert taken(reader, again, 9) == list(TEXT[3:])
    assert taken(reader, request(10, resumes=True, heard=TEXT), 9) == []
    reader.close()
    assert other.closed


def test_what_is_left_of_an_answer_in_between_is_said_first_and_is_no_part_of_the_text() -> None:
    reader = ReadingReplier(TEXT, Other())
    assert taken(reader, request(BEGIN), 4) == list(TEXT[:4])
    again = request(9, "and no less.", "and more.", "No.", resumes=True, heard=TEXT[:1])
    assert taken(reader, again, 9) == list(TEXT[3:])


@given(st.integers(1, 6), st.data())
def test_no_sentence_is_lost_or_read_twice_wherever_it_is_cut(given_out: int, data: st.DataObject) -> None:
    """`heard` of those handed out were heard whole, of the next the end is left, and up to four more wait."""
    reader = ReadingReplier(TEXT, Other())
    assert len(taken(reader, request(BEGIN), given_out)) == given_out
    spoken = data.draw(st.integers(0, given_out))
    heard = data.draw(st.integers(0, spoken))
    saying = TEXT[heard:spoken]
    behind = taken(reader, request(9, *saying, resumes=True, heard=TEXT[:heard]), 9)
    assert [*TEXT[:heard], *saying, *behind] == list(TEXT)


@pytest.mark.parametrize(
    ("saying", "heard", "wanted"),
    [
        (("and more.", "No."), ("One.",), "Four."),
        (("No.",), ("One.", "Two and more.", "No.", "Four."), "Six is the last."),
        (("No.",), ("One.", "Two and more."), "Four."),
        ((), ("One.", "Two and more.", "Shall I go on?"), "No."),
        (("Four.",), (), "No."),
        (("Something else.",), (), "One."),
        (("and no less.", "and more.", "No."), ("One.",), "Four."),
    ],
)
def test_after_a_restart_it_goes_on_behind_what_was_left(
    saying: tuple[str, ...], heard: tuple[str, ...], wanted: str
) -> None:
    """Of what it had handed out before, nothing is known but what the conversation kept."""
    reader = ReadingReplier(TEXT, Other())
    assert taken(reader, request(3, *saying, resumes=True, heard=heard), 1) == [wanted]

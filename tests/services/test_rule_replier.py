"""Rules in a file: which of them fits, what it says, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from edgeagent import config
from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.errors import ConfigError
from edgeagent.ports import Request
from edgeagent.services.rule_file import read_rules
from edgeagent.services.rule_replier import RuleReplier

MUSEUM = """
opening: Welcome. Ask me about rooms and tickets.
slots:
  room: {lions: "room three, downstairs", old paintings: room five}
  day: [monday, sunday]
rules:
- when:
  - where are the {room}
  - the {room} please
  - "{room} where"
  say: You find the {room} in {room.is}.
- when: ticket
  kind: [question, request]
  say: [A ticket is five euros., "As I said: five euros."]
- when: open on {day}
  say: Yes, on {day} too.
- when: open
  say: From nine to five.
- when: my name is {name}
  say: Hello {name}!
- kind: correction
  say: "Ah, {right}, not {wrong}."
- kind: answer
  when: ["yes", yes please]
  say: Good.
fallback: [I know about rooms and tickets., "Rooms, or tickets?"]
"""


@pytest.fixture
def replier(tmp_path: Path) -> RuleReplier:
    file = tmp_path / "rules.yaml"
    file.write_text(MUSEUM)
    return RuleReplier(str(file))


def said(replier: RuleReplier, text: str, understood: Understood | None = None) -> str:
    about = understood or Understood(Kind.QUESTION)
    return "".join(replier.reply(Request(1, np.zeros(0, np.float32), text, about)))


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("Excuse me, where are the lions?", "You find the lions in room three, downstairs."),
        ("uh where are the old paintings", "You find the old paintings in room five."),
        ("Lions, where?", "You find the lions in room three, downstairs."),
        ("where are the toilets", "I know about rooms and tickets."),
        ("when are you open", "From nine to five."),
        ("are you open on sunday", "Yes, on sunday too."),
        ("are you open on friday", "From nine to five."),
        ("well my name is Anna", "Hello anna!"),
        ("", "I know about rooms and tickets."),
        ("opening", "I know about rooms and tickets."),
    ],
)
def test_what_is_said_to_what(replier: RuleReplier, text: str, reply: str) -> None:
    assert said(replier, text) == reply


def test_replies_are_said_in_turn_and_each_rule_counts_for_itself(replier: RuleReplier) -> None:
    assert [said(replier, text) for text in ("a ticket", "hm", "one ticket", "hm", "ticket")] == [
        "A ticket is five euros.",
        "I know about rooms and tickets.",
        "As I said: five euros.",
        "Rooms, or tickets?",
        "A ticket is five euros.",
    ]


def test_a_kind_alone_and_a_kind_with_words(replier: RuleReplier) -> None:
    assert said(replier, "no, tigers", Understood(Kind.CORRECTION, wrong="lions", right="tigers")) == (
        "Ah, tigers, not lions."
    )
    assert said(replier, "yes", Understood(Kind.ANSWER)) == "Good."
    assert said(replier, "yes", Understood(Kind.REQUEST)) == "I know about rooms and tickets."
    assert said(replier, "no ticket, where are the lions", Understood(Kind.CORRECTION)).startswith("You find the lions")


def test_a_long_turn_is_answered_quickly(replier: RuleReplier) -> None:
    begun = monotonic()
    assert said(replier, "the lions the " * 5000) == "I know about rooms and tickets."
    assert said(replier, "where " * 3000 + "are the lions") == "Rooms, or tickets?"
    assert monotonic() - begun < 1.0


def test_a_slot_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("slots: {on: [lions]}\nrules:\n- when: where is {on}\n  say: There is {on}.\n")
    with pytest.raises(ConfigError, match=r"line 1: slot True is no text\. Put its name in quotes"):
        RuleReplier(str(file))


def test_every_fault_is_told_at_once_with_its_line_and_with_those_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(
        """openin: Hello
opening: 7
slots:
  room: [lions, 7]
  a1: [x]
rules:
- when: where is {room}
  say: There {rom}.
- say: Hello
- when: ["{x}", 5]
  kind: quest
- 3
- when: a
  when: b
  say: [yes, ""]
fallback: "{room}"
"""
    )
    with pytest.raises(ConfigError) as refused:
        config.loads(f"script: {{rules: {file}}}\naudio: {{volume_percent: 900}}")
    text = str(refused.value)
    for told in (
        "line 1: unknown key 'openin'. Did you mean 'opening'?",
        "line 2: opening needs",
        "line 4: slot 'room': 7 is no word",
        "line 5: 'a1' is no name",
        "line 8: '{rom}' is in no phrase of this rule. There are: right, room, room.is, wrong",
        "line 9: a rule needs 'when' or 'kind'",
        "line 10: '{x}' has no word of its own",
        "line 10: 5 is no text",
        "line 11: 'quest' is no kind. There are: command",
        "line 10: missing: say",
        "line 12: a rule needs",
        "line 14: 'when' is given twice",
        "line 15: '' is no text",
        "line 16: '{room}' is in no phrase",
        "audio.volume_percent",
        "capture.on_turn",
    ):
        assert told in text, (told, text)


@pytest.mark.parametrize("text", ["", "[]", "rules: 7", "rules: []", "slots: 7", "rules: &a [*a]", "a: \0", "x: {"])
def test_what_is_no_script_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError):
        read_rules(str(file))
    with pytest.raises(ConfigError, match=r"script\.rules"):
        read_rules(str(tmp_path / "none.yaml"))

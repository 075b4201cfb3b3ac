"""No word of anybody's leaves the device, and every payload is JSON that others can read."""

from __future__ import annotations

import json
import re
from math import inf, nan

from hypothesis import given
from hypothesis import strategies as st

from edgeagent.monitor import messages

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.builds(object)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=9), VALUES, max_size=5))
def test_whatever_the_facts_the_payload_is_strict_json(facts: dict[str, object]) -> None:
    def refuse(constant: str) -> object:
        raise AssertionError(constant)

    read = json.loads(messages.encoded(facts, 1_800_000_000.25), parse_constant=refuse)
    assert set(facts) <= set(read)
    assert "utc" in facts or read["utc"] == "2027-01-15T08:00:00.250+00:00"


def test_texts_stay_here() -> None:
    entry = {"at": 1600, "event": "heard_words", "text_heard": "my pin is", "text": "hello", "heard": 3}
    told = json.loads(messages.encoded(messages.event(entry), 0.0))
    assert (told["at_s"], told["heard"]) == (0.1, 3)
    assert "pin" not in str(told)
    assert "hello" not in str(told)


def test_what_a_server_or_a_voice_repeats_stays_here() -> None:
    reason = "no recording says 'my pin is 1234'"
    entry = {"at": 1600, "event": "reply_failed", "utterance": 2, "reason": reason}
    told = json.loads(messages.encoded(messages.event(entry), 0.0))
    assert (told["event"], told["utterance"]) == ("reply_failed", 2)
    assert "pin" not in str(told)
    lost = messages.event({"at": 1600, "event": "microphone_failed", "reason": "unplugged"})
    assert lost["reason"] == "unplugged"


def test_what_is_no_number_is_null() -> None:
    assert json.loads(messages.encoded({"x": [nan, inf, 1.23456]}, 0.0))["x"] == [None, None, 1.2346]


KNOWN = re.compile(r"(?P<component>\w+)/(?:(?P<node_id>[a-zA-Z0-9_-]+)/)?(?P<object_id>[a-zA-Z0-9_-]+)/config")
"""Home Assistant takes this for a topic of discovery behind its prefix (its components/mqtt/discovery.py)."""


def test_home_assistant_finds_devices_of_whatever_name() -> None:
    bases = (
        "edgeagent/pi-1",
        "edgeagent/Küche",
        "edgeagent/kitchen.example.org",
        "edgeagent/the hall",
        "居間/一",
        "居間/二",
    )
    found = {base: messages.discovery(base) for base in bases}
    for base, told in found.items():
        assert KNOWN.fullmatch(f"device/{messages.identity(base)}/config")
        assert told["device"]["identifiers"] == [messages.identity(base)]  # type: ignore[index]
    assert messages.identity("edgeagent/pi-1") == "edgeagent_edgeagent_pi-1"
    assert len({messages.identity(base) for base in bases}) == len(bases)

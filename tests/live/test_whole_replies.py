"""Repliers that say all at once and cannot go on in the middle: what is left of a long answer is known, and is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeagent.app import build_dialogue
from edgeagent.ports import Replier
from edgeagent.services.rule_replier import RuleReplier
from edgeagent.services.scripted_replier import ScriptedReplier
from edgeagent.settings import Capture, Script, Settings
from tests.live.rig import Rig
from tests.live.test_dialogue import NAMES, OFFER, Understanding, ask, heard, interrupt, plans, quiet

LONG = tuple(f"One two three, {name}." for name in NAMES)
RULES = f"""
rules:
  - when: story
    say: {" ".join(LONG)}
  - when: how much
    say: Twenty.
fallback: I know a story.
"""


def replier(kind: str, folder: Path) -> Replier:
    if kind == "script":
        return ScriptedReplier(Script(replies=(" ".join(LONG), "Twenty.", "And a second story.")))
    (folder / "rules.yaml").write_text(RULES)
    return RuleReplier(str(folder / "rules.yaml"))


@pytest.mark.parametrize("kind", ["rules", "script"])
@pytest.mark.parametrize("said", [("uh-huh",), ("stop", "go on"), ("how much is it?", "yes")])
def test_a_long_answer_goes_on_to_its_end_and_no_further(kind: str, said: tuple[str, ...], tmp_path: Path) -> None:
    dialogue = build_dialogue(Settings(capture=Capture(on_turn="true")))
    rig = Rig(replier=replier(kind, tmp_path), listener=Understanding("a story", *said), dialogue=dialogue)
    try:
        rig.turn(30)
        ask(rig)
        rig.until(lambda: len(rig.entries("playing")) == 2)
        rig.turn(60)
        interrupt(rig)
        quiet(rig)
        for _ in said[1:]:
            ask(rig)
            quiet(rig)
        told = [text for text in heard(rig) if text not in ("Twenty.", OFFER)]
        assert plans(rig)[-1][1] == "resume"
        assert " ".join(told).endswith(" ".join(LONG[2:]))
        assert told[0] == LONG[0]
    finally:
        rig.close()

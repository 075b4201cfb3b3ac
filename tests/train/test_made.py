"""The card says what made the models and whose voices are in them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.train.listening import event, scene
from tools.train import made
from tools.train.acts import Heard


def test_programs_are_named_that_were_heard_and_no_other() -> None:
    said = [scene([event(Heard.FLOOR, 50, 20, "stop", source)]) for source in ("flite", "throat", "speech_commands")]
    assert made.spoken(said).startswith("Flite (kal16")
    assert "," not in made.spoken(said).partition(")")[2]
    assert made.spoken([*said, scene([event(Heard.BACKCHANNEL, 50, 20, "", "espeak")])]).startswith("espeak-ng, Flite")
    assert made.spoken(said[1:]) == "no program"


def test_a_voice_that_is_only_measured_with_is_not_credited() -> None:
    said = [scene([event(Heard.FLOOR, 50, 20, "", source)]) for source in ("flite", "festival")]
    assert "rms" not in made.spoken(said)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_sources_that_differ_from_their_commit_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "ROOT", tmp_path)
    assert made.revision() == ""
    assert "as they lie here" in made.made()

    def git(*command: str) -> None:
        who = ("-c", "user.name=somebody", "-c", "user.email=somebody@localhost")
        subprocess.run(["git", "-C", str(tmp_path), *who, *command], check=True, capture_output=True)

    git("init")
    (tmp_path / "a").write_text("one", encoding="utf-8")
    git("add", "a")
    git("commit", "-m", "first")
    clean = made.revision()
    assert len(clean) >= 10
    assert f"commit {clean} (" in made.made()
    (tmp_path / "a").write_text("two", encoding="utf-8")
    assert made.revision() == clean + "+"

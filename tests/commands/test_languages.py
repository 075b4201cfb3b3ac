"""`edgeagent check --languages`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeagent.__main__ import main
from edgeagent.config.languages import known

FEW = ["de", "sat"]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each language starts a voice; two will do."""
    monkeypatch.setattr("edgeagent.commands._language_probes.known", lambda: FEW)
    assert set(FEW) <= set(known())


def test_it_says_what_is_understood_and_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--languages", "--json"]) == 0
    german, santali = json.loads(capsys.readouterr().out)
    assert "Deutsch: every list; not reviewed by anybody who speaks it" in german["text"]
    assert "yes and no, and hardly more" in santali["text"]
    assert "no voice in espeak-ng" in santali["text"]


def test_a_language_that_is_wanted_and_half_known_is_a_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("dialogue: {languages: [sat, de]}\n")
    assert main(["check", "--languages", "--config", str(config)]) == 1
    fix = "fix: complete edgeagent/languages/sat.yaml, or set dialogue.languages: [de]"
    assert fix in capsys.readouterr().out

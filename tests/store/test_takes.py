"""What a collected session holds beside its sound: read back as it was, refused without consent."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeagent.errors import SessionError
from edgeagent.store.journal import JsonLinesJournal
from edgeagent.store.takes import (
    CONSENT,
    TAKES,
    Consent,
    Expected,
    Outcome,
    Take,
    read_consent,
    read_takes,
    take_to_json,
    write_consent,
)

AGREED = Consent("Zoë", "typed yes", "2026-01-01T00:00:00+00:00", "every word\nof it", 7)
TOOK = Take(
    3, 2, Expected.FLOOR, "interrupt me: wait", "wait", 160, 800, Outcome.GOOD, ((200, 300), (400, 512)), -26.5, -68.0
)


def test_both_are_read_back_as_they_were(tmp_path: Path) -> None:
    write_consent(tmp_path / "session", AGREED)
    journal = JsonLinesJournal(tmp_path / "session" / TAKES, print)
    journal.write(take_to_json(TOOK))
    journal.close()
    assert read_consent(tmp_path / "session") == AGREED
    assert read_takes(tmp_path / "session") == (TOOK,)


def test_a_line_that_a_kill_cut_short_costs_that_take(tmp_path: Path) -> None:
    journal = JsonLinesJournal(tmp_path / TAKES, print)
    for _ in range(2):
        journal.write(take_to_json(TOOK))
    journal.close()
    path = tmp_path / TAKES
    path.write_bytes(path.read_bytes()[:-20])
    assert read_takes(tmp_path) == (TOOK,)


@pytest.mark.parametrize(
    "content", [None, "", "[]", '{"format": 2, "consent": {}}', '{"format": 1, "consent": {"person": "x"}}']
)
def test_without_a_whole_consent_it_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / CONSENT).write_text(content)
    with pytest.raises(SessionError, match="collect"):
        read_consent(tmp_path)


def test_a_take_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / TAKES).write_text('{"event":"take","number":1}\n')
    with pytest.raises(SessionError, match=TAKES):
        read_takes(tmp_path)

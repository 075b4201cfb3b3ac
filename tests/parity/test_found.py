"""What two journals of one scene have in common."""

from __future__ import annotations

from tools.parity.found import Entry, differing

ENTRIES: list[Entry] = [{"at": 100, "event": "action", "action": name} for name in ("halt", "duck", "play")]
STOP, DUCK, PLAY = ENTRIES


def test_what_only_one_holds_is_shown() -> None:
    assert differing([STOP, DUCK], [STOP, DUCK]) == ((), ())
    assert differing([STOP, DUCK], [STOP]) == ((DUCK,), ())
    assert differing([STOP], [PLAY, STOP]) == ((), (PLAY,))


def test_the_same_entries_in_another_order_or_more_often_are_a_difference() -> None:
    assert differing([STOP, DUCK], [DUCK, STOP]) == ((STOP,), (DUCK,))
    assert differing([STOP, DUCK], [STOP, DUCK, DUCK]) == ((), (DUCK,))

"""An ear that hears nothing: the device ducks at random moments and never stops, opens no turn, and is repeatable."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from edgeagent.detect.deaf import DEAF, Deaf, deaf
from edgeagent.engine import Engine
from edgeagent.settings import Settings, Turns
from edgeagent.signal.bypass import Bypass
from edgeagent.signal.canceller import Cancelled
from edgeagent.store.journal import MemoryJournal
from edgeagent.turn import events as e
from edgeagent.units import HOP, RATE

SECONDS = 40


def listening(ear: Deaf, *, talks: bool, loud: bool = False, turns: Turns | None = None) -> MemoryJournal:
    """Forty seconds of a device that talks, or is silent, and whatever is to be heard."""
    journal = MemoryJournal()
    engine = Engine(Settings(turns=turns or Turns()), journal, Bypass(), ear)
    engine.tell(e.Ready(0))
    if talks:
        engine.tell(e.ReplyReady(0, 0))
    sound = np.random.default_rng(1).normal(0, 0.2 if loud else 1e-4, HOP).astype(np.float32)
    for _ in range(SECONDS * RATE // HOP):
        engine.reference(np.zeros(HOP, np.float32))
        engine.capture(sound)
    return journal


def states(journal: MemoryJournal) -> list[tuple[object, object]]:
    return [(entry["at"], entry["state"]) for entry in journal.entries if entry["event"] == "state"]


def test_it_ducks_now_and_then_and_never_stops() -> None:
    for turns in (Turns(), Turns(false_stops_per_hour=120.0)):
        seen = states(listening(Deaf(5), talks=True, turns=turns))
        ducks = [at for at, state in seen if state == "doubting"]
        assert 4 <= len(ducks) <= 13
        assert {state for _, state in seen} == {"idle", "speaking", "doubting"}


def test_a_duck_is_over_before_anybody_wonders() -> None:
    seen = states(listening(Deaf(5), talks=True))
    spans = [
        int(str(after)) - int(str(at)) for (at, state), (after, _) in pairwise(seen)
        if state == "doubting"
    ]  # fmt: skip
    assert 0.2 * RATE < min(spans) < max(spans) < RATE
    assert max(spans) > 2 * min(spans)


def test_a_silent_device_opens_no_turn_for_what_it_imagines() -> None:
    assert {state for _, state in states(listening(Deaf(5), talks=False))} == {"idle"}


def test_what_is_heard_changes_nothing() -> None:
    quiet, loud = (states(listening(Deaf(5), talks=True, loud=loud)) for loud in (False, True))
    assert quiet == loud


def test_a_loss_in_which_nothing_would_be_imagined_moves_nothing_that_is() -> None:
    silence = Bypass().process(np.zeros(HOP, np.float32), np.zeros(HOP, np.float32))
    whole, lossy = Deaf(5), Deaf(5)
    hops = range(1, SECONDS * RATE // HOP)
    all_of_them = {hop: whole.hear(silence, hop * HOP).near for hop in hops}
    first = next(hop for hop in hops if all_of_them[hop] != all_of_them[1])
    kept = {hop: lossy.hear(silence, hop * HOP).near for hop in hops if not 10 <= hop < first - 10}
    assert kept == {hop: all_of_them[hop] for hop in kept}


def test_another_seed_ducks_at_other_moments_and_none_never() -> None:
    first, other = (states(listening(Deaf(seed), talks=True)) for seed in (5, 6))
    assert first != other
    assert {state for _, state in states(listening(Deaf(None), talks=True))} == {"idle", "speaking"}


@pytest.mark.parametrize("seed", [None, 0, 7])
def test_by_its_name_the_same_ear_is_made_again(seed: int | None) -> None:
    ear = Deaf(seed)
    again = deaf(ear.name)
    assert again is not None
    assert states(listening(ear, talks=True)) == states(listening(again, talks=True))


@pytest.mark.parametrize("name", ["", "ear", "deaf x", f"{DEAF}er 3"])
def test_other_names_are_other_ears(name: str) -> None:
    assert deaf(name) is None


def test_whoever_watches_gets_each_hop_with_its_end() -> None:
    seen: list[tuple[int, int]] = []

    def watch(cancelled: Cancelled, at: int) -> None:
        seen.append((cancelled.clean.size, at))

    listening(Deaf(None, watch), talks=False)
    assert seen[:2] == [(HOP, HOP), (HOP, 2 * HOP)]


def test_whoever_watches_gets_each_hop_of_a_room_in_which_an_ear_would_rest() -> None:
    """A minute of it, until somebody makes a noise: labels are counted in these hops."""
    seen: list[int] = []
    engine = Engine(Settings(), MemoryJournal(), Bypass(), Deaf(None, lambda _cancelled, at: seen.append(at)))
    engine.tell(e.Ready(0))
    sound = np.random.default_rng(1).normal(0, 1e-4, 60 * RATE)
    sound[50 * RATE :] *= 1000
    engine.reference(np.zeros(sound.size, np.float32))
    engine.capture(sound.astype(np.float32))
    assert seen == list(range(HOP, sound.size + 1, HOP))

"""The lexical hint in a simulated scene: the same bytes in any blocks, and the same journal when it is replayed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Timer

import numpy as np
import pytest

from edgeagent import app
from edgeagent.commands._simulation import SESSION, perform
from edgeagent.commands._witness import Witness
from edgeagent.detect.words import SOURCE, Words
from edgeagent.errors import ServiceError
from edgeagent.ports import Sound, Spotter
from edgeagent.services.pocketsphinx_spotter import PocketsphinxSpotter
from edgeagent.services.scripted_spotter import ScriptedSpotter, ScriptedSpotting
from edgeagent.settings import Hints, Settings
from edgeagent.sim.loop import simulate
from edgeagent.sim.patient_spotter import DELAY, PatientSpotter, PatientSpotting
from edgeagent.sim.replay import replay
from edgeagent.store.journal import MemoryJournal
from edgeagent.store.session import read_session
from edgeagent.turn.events import Hint
from edgeagent.units import samples
from tests.talking import talking

WAIT = [(samples(500), "wait"), (samples(800), "wait no")]


def run(spotter: Spotter, folder: Path, block: int = 160) -> tuple[bytes, list[Hint]]:
    """The journal, and the hints that the engine was told."""
    folder.mkdir()
    journal = MemoryJournal()
    engine = Witness(Settings(), journal, *app.parts(Settings()))
    words = Words(PatientSpotter(spotter), engine.clean, app.spotted(), DELAY)
    simulate(talking(), engine, Settings(), folder, words=words, block=block)
    return journal.lines(), [told for told in engine.told if isinstance(told, Hint)]


@pytest.mark.parametrize("block", [37, 160])
def test_blocks_never_matter(block: int, tmp_path: Path) -> None:
    one, hints = run(ScriptedSpotter([WAIT]), tmp_path / "one")
    assert [hint.source for hint in hints] == [SOURCE]
    assert run(ScriptedSpotter([WAIT]), tmp_path / "other", block) == (one, hints)


def test_what_was_told_replays_to_the_same_journal(tmp_path: Path) -> None:
    """A session holds the hints; no recogniser takes part in a replay."""
    settings = Settings(hints=Hints(words="pocketsphinx"))
    perform(talking(), settings, tmp_path, record=True, spotter=ScriptedSpotter([WAIT]))
    session = read_session(tmp_path / SESSION)
    assert any(isinstance(told, Hint) for told in session.events)
    journal = MemoryJournal()
    engine = app.build_engine(session.settings, journal)
    journal.write(app.head(session.settings))
    replay(engine, session.reference, session.microphone, session.events, chunk=1024)
    assert journal.lines() == (tmp_path / "journal.jsonl").read_bytes()


def test_a_device_that_leaves_out_the_hints_listens_for_no_words(tmp_path: Path) -> None:
    settings = Settings(hints=Hints(words="pocketsphinx"))
    asked = [ScriptedSpotter([WAIT]) for _ in range(2)]
    for shed, spotter in enumerate(asked):
        perform(talking(), settings, tmp_path / str(shed), shed=shed, spotter=spotter)
    assert [bool(spotter.stretches) for spotter in asked] == [True, False]


def test_a_scene_waits_for_its_recogniser(tmp_path: Path) -> None:
    try:
        spotter = PocketsphinxSpotter(app.spotted().all)
        spotter.check()
    except ServiceError as error:
        pytest.skip(str(error))
    try:
        one, _ = run(spotter, tmp_path / "one")
        other, _ = run(spotter, tmp_path / "other", block=100)
        assert one == other
        assert spotter.facts()["heard_s"] > 1.0
    finally:
        spotter.close()


class Slow:
    """See `ports.Spotting`. Answers from another thread, a little later."""

    def __init__(self, now: ScriptedSpotting) -> None:
        self._now = now
        self.finish, self.partials, self.cancel = now.finish, now.partials, now.cancel

    def feed(self, sound: Sound) -> None:
        Timer(0.01, self._now.feed, (sound,)).start()


def test_patience_is_waiting_for_every_piece() -> None:
    spotting = PatientSpotting(Slow(ScriptedSpotter([[(300, "stop")]]).listen(100)), 100)
    texts: list[Sequence[str]] = []
    for _ in range(4):
        spotting.feed(np.zeros(100, np.float32))
        texts.append([partial.text for partial in spotting.partials()])
    assert texts == [[""], [""], ["stop"], ["stop"]]


def test_a_recogniser_that_dies_ends_the_simulation() -> None:
    spotting = PatientSpotter(ScriptedSpotter([], dies=200)).listen(0)
    spotting.feed(np.zeros(100, np.float32))
    assert len(spotting.partials()) == 1
    spotting.feed(np.zeros(100, np.float32))
    with pytest.raises(ServiceError, match="died"):
        spotting.partials()

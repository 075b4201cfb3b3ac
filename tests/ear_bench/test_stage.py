"""The scenes on which the near-end detector is measured."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.errors import EdgeAgentError
from edgeagent.sim.mix import active_rms
from edgeagent.units import samples
from tests.train.made_up import build
from tools.ear_bench import stage as stages
from tools.ear_bench.stage import ECHO_TO_NEAR_DB, Condition, Staged, conditions, stage
from tools.train.acts import Heard
from tools.train.corpus import Corpus, Part, load_corpus

LENGTH = samples(12_000)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return load_corpus(build(tmp_path_factory.mktemp("corpus")), Part.TRAIN)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "LENGTH", LENGTH)


def made(corpus: Corpus, number: int = 0, background: str = "none", echo: bool = True, snr_db: float = 20.0) -> Staged:
    return stage(corpus, Condition(Part.TRAIN, 1, number, echo, background, snr_db))


def level_db(sound: np.ndarray) -> float:
    return float(20 * np.log10(active_rms(sound.astype(np.float64))))


def test_the_echo_is_so_much_above_the_person(corpus: Corpus) -> None:
    differences = []
    for number in range(3):
        rendered = made(corpus, number).rendered
        nobody = rendered.heard == 0
        for each in rendered.events:
            nobody[each.start - samples(100) : each.stop + samples(700)] = False
        persons = [each.level_db for each in rendered.events if each.heard in (Heard.FLOOR, Heard.BACKCHANNEL)]
        differences += [level_db(rendered.microphone[nobody]) - person for person in persons]
    assert len(set(differences)) >= 3
    assert np.mean(differences) == pytest.approx(ECHO_TO_NEAR_DB, abs=2.0)


def test_the_device_talks_all_the_time_or_not_at_all(corpus: Corpus) -> None:
    talking, silent = made(corpus).rendered, made(corpus, background="babble", echo=False).rendered
    power = np.add.reduceat(talking.reference[samples(500) :] ** 2, range(0, LENGTH - samples(2500), samples(2000)))
    assert (power > 1e-3).all()
    assert not silent.reference.any()
    assert {each.heard for each in silent.events} <= {Heard.FLOOR, Heard.BACKCHANNEL}


def test_noise_is_as_loud_as_its_condition_says(corpus: Corpus) -> None:
    quiet, loud = (made(corpus, 2, "pink", False, snr).rendered for snr in (20.0, 0.0))
    nobody = quiet.heard == 0
    for each in quiet.events:
        nobody[each.start - samples(100) : each.stop + samples(700)] = False
    louder = 10 * np.log10(np.mean(loud.microphone[nobody] ** 2) / np.mean(quiet.microphone[nobody] ** 2))
    assert louder == pytest.approx(20.0, abs=1.0)
    assert [(e.start, e.stop) for e in loud.events] == [(e.start, e.stop) for e in quiet.events]


def test_the_same_condition_gives_the_same_bits(corpus: Corpus) -> None:
    one, two, other = (made(corpus, n, "murmur").rendered.microphone for n in (3, 3, 4))
    assert (one == two).all()
    assert (one != other).any()


def test_recorded_noise_is_asked_of_the_corpus(corpus: Corpus) -> None:
    assert made(corpus, 0, "home", False).rendered.microphone.any()
    with pytest.raises(EdgeAgentError, match="no noise"):
        made(Corpus(corpus.agent, corpus.phrases, corpus.commands, corpus.backchannels, corpus.words), 0, "home", False)


@pytest.mark.parametrize("echo", [True, False])
def test_every_background_comes_at_every_level(echo: bool) -> None:
    listed = conditions(Part.DEV, 1, 72, echo)
    crossed = [(each.background, each.snr_db) for each in listed]
    assert len({crossed.count(pair) for pair in crossed}) == 1
    assert len(set(listed)) == 72

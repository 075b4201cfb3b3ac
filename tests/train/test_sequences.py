"""What the networks learn from: the same with the same dice, altered as asked, cut to length."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.detect.usual import UNKNOWN
from edgeagent.signal.features import LEVEL_OVER_ECHO, SIZE, Features
from edgeagent.signal.measure import BANDS, LINEAR_POWER, MEASURED
from tests.train.listening import LEVEL_DB, event, scene
from tools.train import sequences
from tools.train.acts import Heard
from tools.train.scenes import Listened
from tools.train.sequences import acquaintance, batches, speech_power, vectors
from tools.train.truth import Truth, truth

HOPS = 60
CLEAN_LEVEL, LINEAR_LEVEL = LEVEL_OVER_ECHO + 1, LEVEL_OVER_ECHO + 2


@pytest.fixture
def scenes() -> list[Listened]:
    return [scene([event(Heard.FLOOR, 40 + 10 * n, 30), event(Heard.NOISE, 250, 20)], seed=n) for n in range(5)]


@pytest.fixture
def truths(scenes: list[Listened]) -> list[Truth]:
    return [truth(each, {}) for each in scenes]


def test_the_same_dice_give_the_same_batches(scenes: list[Listened], truths: list[Truth]) -> None:
    first, again = (list(batches(scenes, truths, 2, HOPS, np.random.default_rng(3))) for _ in range(2))
    other = list(batches(scenes, truths, 2, HOPS, np.random.default_rng(4)))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.features, two.features)
        np.testing.assert_array_equal(one.near, two.near)
    assert not np.array_equal(first[0].features, other[0].features)


def test_pieces_have_the_length_asked_and_their_labels(scenes: list[Listened], truths: list[Truth]) -> None:
    for dice in (None, np.random.default_rng(1)):
        made = list(batches(scenes, truths, 2, HOPS, dice))
        for batch in made:
            count = len(batch.features)
            assert 1 <= count <= 2
            assert batch.features.shape == (count, HOPS, SIZE)
            for labels in (batch.near, batch.near_weight, batch.kind, batch.kind_weight, batch.word):
                assert labels.shape == (count, HOPS)
        pieces = sum(len(batch.features) for batch in made)
        assert pieces >= len(scenes) * (400 // HOPS - 1)


def test_without_dice_the_scenes_are_as_the_device_sees_them(scenes: list[Listened], truths: list[Truth]) -> None:
    features = Features()
    device = np.stack([features.push(hop, np.float32(UNKNOWN), np.float32(0)) for hop in scenes[1].measured])
    np.testing.assert_allclose(vectors(scenes, None)[1], device, rtol=1e-4, atol=1e-4)
    made = np.concatenate([batch.features for batch in batches(scenes[1:2], truths[1:2], 1, HOPS, None)])
    np.testing.assert_allclose(np.concatenate(list(made)), device[: len(made) * HOPS], rtol=1e-4, atol=1e-4)


def test_without_dice_the_labels_are_those_of_the_hops(scenes: list[Listened], truths: list[Truth]) -> None:
    near = np.concatenate([batch.near.ravel() for batch in batches(scenes[:1], truths[:1], 1, HOPS, None)])
    np.testing.assert_array_equal(near, truths[0].near[: near.size])


def test_noise_raises_what_was_cleaned_and_what_was_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequences, "STRANGER", 1.0)
    monkeypatch.setattr(sequences, "NOISY", 1.0)
    monkeypatch.setattr(sequences, "NOISE_DB", (-10.0, -10.0))
    scenes = [scene([event(Heard.FLOOR, 40, 30)], seed=n, floor_db=-40.0) for n in range(3)]
    before = [each.packed.copy() for each in scenes]
    plain, noisy = vectors(scenes, None), vectors(scenes, np.random.default_rng(2))
    for place in (CLEAN_LEVEL, LINEAR_LEVEL):
        assert (noisy[..., place].mean(axis=1) > plain[..., place].mean(axis=1) + 0.2).all()
    for each, packed in zip(scenes, before, strict=True):
        np.testing.assert_array_equal(each.packed, packed)


def test_how_loud_the_person_is_comes_from_their_own_turns(scenes: list[Listened]) -> None:
    assert speech_power(scenes[0]) == pytest.approx(10 ** (LEVEL_DB / 10))
    assert speech_power(scene([event(Heard.FAR, 10, 20)])) == 0.0
    assert scenes[0].measured[0, LINEAR_POWER] == pytest.approx(1e-6, rel=0.02)


def test_what_is_known_is_wrong_by_less_the_surer_it_is() -> None:
    dice = np.random.default_rng(5)
    loud = scene([event(Heard.FLOOR, 10, 20)])
    rows = [acquaintance(loud, dice) for _ in range(3000)]
    errors = {sure: [abs(10 * np.log10(p) - LEVEL_DB) for p, known in rows if known == sure] for sure in (0.5, 1.0)}
    assert np.mean(errors[1.0]) < np.mean(errors[0.5])
    strangers = [power for power, known in rows if known == 0.0]
    assert 0.3 < len(strangers) / len(rows) < 0.5
    assert set(strangers) == {UNKNOWN}


def test_labels_keep_step_with_what_is_heard_at_any_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scene in which every hop of speech is loud: whatever the pace, loud hops and only they are labelled near."""
    monkeypatch.setattr(sequences, "_hide", lambda *_: None)
    monkeypatch.setattr(sequences, "NOISY", 0.0)
    one = scene([event(Heard.FLOOR, 40, 100), event(Heard.FLOOR, 250, 60)])
    one.packed[one.heard == Heard.FLOOR, : 3 * BANDS] += 4.0
    lengths = set()
    for seed in range(8):
        made = list(batches([one], [truth(one, {})], 6, HOPS, np.random.default_rng(seed)))
        loud = np.concatenate([b.features[..., BANDS : 2 * BANDS].mean(axis=-1) > 2.0 for b in made])
        near = np.concatenate([b.near == 1 for b in made])
        np.testing.assert_array_equal(loud, near)
        lengths.add(int(near.sum()))
    assert len(lengths) > 3


def test_longer_throats_move_what_is_heard_down_and_shorter_ones_up() -> None:
    made = set()
    for seed in range(12):
        measured = np.full((1, MEASURED), 1e-6, np.float32)
        measured[0, BANDS + 16] = 1.0
        sequences._warp(measured, np.random.default_rng(seed))
        assert measured[0, BANDS : 2 * BANDS].max() > 0.3
        made.add(int(measured[0, BANDS : 2 * BANDS].argmax()) - 16)
    assert {-1, 1} <= made
    assert max(abs(by) for by in made) <= 3

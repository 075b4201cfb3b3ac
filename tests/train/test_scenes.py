"""A few seconds of training scene, from recordings to labels."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.detect.near_end import CONTEXT
from edgeagent.signal.canceller import Canceller
from edgeagent.signal.features import SIZE
from edgeagent.units import HOP, samples
from tests.train.made_up import build
from tools.train import labels, render, scenes
from tools.train.acts import Heard
from tools.train.corpus import Part, load_corpus

pytest.importorskip("pyroomacoustics")

LENGTH = samples(9000)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> render.Rendered:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "LENGTH", LENGTH)
        corpus = load_corpus(build(tmp_path_factory.mktemp("corpus")), Part.TRAIN)
        first = render.render(corpus, Part.TRAIN, seed=2, number=0)
        again = render.render(corpus, Part.TRAIN, seed=2, number=0)
    np.testing.assert_array_equal(first.microphone, again.microphone)
    return first


def test_everything_that_happens_is_labelled(scene: render.Rendered) -> None:
    assert scene.events
    for event in scene.events:
        assert (scene.heard[event.start : event.stop] == event.heard).mean() > 0.5
    assert set(np.unique(scene.heard)) <= {0, *(int(event.heard) for event in scene.events)}


def test_the_device_is_heard(scene: render.Rendered) -> None:
    alone = (scene.heard == 0) & (np.abs(scene.reference) > 0.02)
    assert alone.any()
    assert np.sqrt(np.mean(scene.microphone[alone] ** 2)) > 1e-3
    assert np.isfinite(scene.microphone).all()


def test_features_and_labels_go_together(scene: render.Rendered) -> None:
    heard = scenes.listen(scene)
    hops = LENGTH // HOP
    assert heard.vectors.shape == (hops, SIZE)
    assert labels.contexts(heard).shape == (hops, CONTEXT)
    assert labels.weights(heard).shape == labels.classes(heard).shape == (hops,)


def test_a_label_is_as_late_as_the_canceller() -> None:
    samples_heard = np.zeros(20 * HOP, np.int8)
    samples_heard[5 * HOP : 8 * HOP] = Heard.FLOOR
    late = Canceller.delay // HOP
    assert np.flatnonzero(scenes.per_hop(samples_heard)).tolist() == [5 + late, 6 + late, 7 + late]


def test_listeners_and_takers_are_both_near() -> None:
    assert [int(labels.CLASS_OF[kind]) for kind in Heard] == [0, 1, 1, 2, 3]


def test_looks_are_the_same_every_time(scene: render.Rendered) -> None:
    heard = [scenes.listen(scene)]
    near = [np.where(np.isin(heard[0].heard, (1, 2)), np.float32(0.9), np.float32(0.05))]
    first, again = (labels.looks(heard, near, copies=2, seed=7) for _ in range(2))
    np.testing.assert_array_equal(first.inputs, again.inputs)
    assert len(first.inputs) == len(first.heard) == len(first.event)
    assert len(first.inputs) % 3 == 0
    assert (first.floor == (first.heard == Heard.FLOOR)).all()

"""A few seconds of training scene, from recordings to what the ear gets."""

from __future__ import annotations

import ast
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from edgeagent.errors import EdgeAgentError
from edgeagent.signal.canceller import Canceller
from edgeagent.signal.measure import MEASURED
from edgeagent.signal.wav import write_wav
from edgeagent.units import HOP, samples
from tests.train.made_up import build
from tools.train import render, scenes, synthesisers
from tools.train.acts import Heard
from tools.train.corpus import Corpus, Part, load_corpus
from tools.train.synthesisers import FESTIVAL
from tools.train.truth import truth

LENGTH = samples(9000)
SHARED = {"edgeagent/units.py", "edgeagent/signal/__init__.py"}
"""Every file builds on them; a change there changes everything."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> render.Rendered:
    pytest.importorskip("pyroomacoustics", reason="needs the extra [sim]")
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


def test_an_impulse_response_of_zeros_is_named_and_makes_no_scene(tmp_path: Path) -> None:
    write_wav(tmp_path / "room.wav", np.zeros(800, np.float32))
    corpus = replace(load_corpus(build(tmp_path), Part.TRAIN), rooms=[tmp_path / "room.wav"])
    with pytest.raises(EdgeAgentError, match=r"room\.wav: an impulse response of zeros"):
        [render.render(corpus, Part.TRAIN, 2, number) for number in range(9)]


def test_what_is_measured_and_what_is_true_go_together(scene: render.Rendered) -> None:
    heard = scenes.listen(scene)
    hops = LENGTH // HOP
    assert heard.measured.shape == (hops, MEASURED)
    assert np.isfinite(heard.measured).all()
    told = truth(heard, {})
    assert told.near.shape == told.near_weight.shape == told.kind.shape == told.kind_weight.shape == (hops,)


def test_a_canceller_that_begins_anew_is_heard_from_then_on(scene: render.Rendered) -> None:
    plain, anew = scenes.listen(scene), scenes.listen(scene, restart=300)
    np.testing.assert_array_equal(plain.packed[:300], anew.packed[:300])
    assert not np.array_equal(plain.packed[300:340], anew.packed[300:340])


def made(folder: Path) -> Path:
    folder.mkdir()
    return build(folder)


Listen = Callable[[Path], scenes.Listened]


@pytest.fixture
def first(scene: render.Rendered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Listen:
    """The first scene of the corpus in a folder, always with one cache; what is rendered is as loud as its voices are
    many."""

    def rendered(corpus: Corpus, *_: object) -> render.Rendered:
        return replace(scene, microphone=scene.microphone / np.float32(len(corpus.commands)))

    monkeypatch.setattr(scenes, "render", rendered)
    monkeypatch.setattr(scenes, "ProcessPoolExecutor", ThreadPoolExecutor)
    return lambda folder: scenes.listened(folder, Part.TRAIN, 1, 0, tmp_path / "cache", 1)[0]


def test_a_corpus_that_has_changed_gets_scenes_of_its_own(first: Listen, tmp_path: Path) -> None:
    folder = made(tmp_path / "corpus")
    before = first(folder)
    table = folder / "segments.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    gone = next(line for line in lines if ",stop," in line)
    table.write_text("\n".join(line for line in lines if line != gone) + "\n", encoding="utf-8")
    assert not np.array_equal(first(folder).packed, before.packed)


def test_text_to_speech_that_is_installed_later_is_heard(
    first: Listen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, kept = made(tmp_path / "corpus"), tmp_path / "cache"
    monkeypatch.setattr(synthesisers, "_is_there", lambda _: False)
    monkeypatch.setattr(synthesisers, "installed", lambda: ())
    first(folder)
    counts = [len(list(kept.iterdir()))]
    for program, festival in (("flite", ()), ("flite", tuple(FESTIVAL)[:1]), ("flite", tuple(FESTIVAL)[:2])) * 2:
        monkeypatch.setattr(synthesisers, "_is_there", program.__eq__)
        monkeypatch.setattr(synthesisers, "installed", lambda there=festival: there)
        first(folder)
        counts.append(len(list(kept.iterdir())))
    assert counts == [2, 4, 6, 8, 8, 8, 8]


def test_a_corpus_that_has_moved_keeps_its_scenes(first: Listen, tmp_path: Path) -> None:
    before = first(made(tmp_path / "corpus"))
    kept = sorted((tmp_path / "cache").iterdir())
    again = first(copytree(tmp_path / "corpus", tmp_path / "elsewhere"))
    assert sorted((tmp_path / "cache").iterdir()) == kept
    np.testing.assert_array_equal(again.packed, before.packed)


def test_a_label_is_as_late_as_the_canceller() -> None:
    samples_heard = np.zeros(20 * HOP, np.int8)
    samples_heard[5 * HOP : 8 * HOP] = Heard.FLOOR
    late = Canceller.delay // HOP
    assert np.flatnonzero(scenes.per_hop(samples_heard)).tolist() == [5 + late, 6 + late, 7 + late]


def test_what_was_heard_is_kept_until_the_signal_path_changes() -> None:
    """Every file that the canceller and the measure are made of is in the digest of the cache."""
    assert imported("edgeagent/signal/canceller.py", "edgeagent/signal/measure.py") - SHARED <= set(scenes.LISTENING)


def test_scenes_are_kept_until_what_makes_them_changes() -> None:
    """Every file of sound that theirs are made of is in the digest, too."""
    used = {file for made_by in scenes.RENDERING for file in imports(made_by)}
    assert {file for file in used if file.startswith(scenes.SIGNAL)} - SHARED <= set(scenes.RENDERING)


def imported(*starts: str) -> set[str]:
    """Our files that these are made of, themselves included."""
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        file = waiting.pop()
        seen.add(file)
        waiting += imports(file) - seen
    return seen


def imports(file: str) -> set[str]:
    """Our files that one names."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse((scenes.ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("edgeagent"):
            module = Path(node.module.replace(".", "/"))
            found |= {module.with_suffix(".py"), module / "__init__.py"}
            found |= {module / f"{alias.name}.py" for alias in node.names}
    return {str(f) for f in found if (scenes.ROOT / f).exists()}

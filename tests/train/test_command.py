"""The whole of it on a corpus of synthetic voices: rendered, learnt, measured, written, loaded; and refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("onnx", reason="needs the extra [train]")
pytest.importorskip("ai_edge_litert", reason="needs the extra [train]")
pytest.importorskip("pyroomacoustics", reason="needs the extra [sim]")
pytest.importorskip("soundfile", reason="needs the extra [sim]")

from edgeagent.detect.ear import Ear
from edgeagent.devices.model_files import load_model
from tests.train.made_up import SOURCE, build
from tools.train import __main__ as command
from tools.train import gate, truth
from tools.train.corpus import Part


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """One round, and one more, few scenes, no dev split."""
    recipes = {
        name: (loss, replace(recipe, cycles=((1, 4e-3), (1, 2e-3)), size=2))
        for name, (loss, recipe) in command.RECIPES.items()
    }
    monkeypatch.setattr(command, "RECIPES", recipes)
    monkeypatch.setattr(command, "MEASURED", {Part.HELD_OUT: 4})
    monkeypatch.setattr(command, "STRANGE", 1)
    monkeypatch.setattr(command, "LATER", replace(command.LATER, rounds=1, old=1, size=2))
    monkeypatch.setattr(truth, "WORDS_FROM", 1)


def trained(corpus: Path, cache: Path, out: Path) -> int:
    asked = ["--scenes", "3", "--more", "1", "--cache", str(cache), "--jobs", "1"]
    return command.main([str(corpus), "--out", str(out), *asked])


@pytest.fixture
def ungated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever has been learnt is written."""
    monkeypatch.setattr(command, "gate", lambda _: None)


def same(one: Path, two: Path) -> bool:
    return all(file.read_bytes() == (two / file.name).read_bytes() for file in one.iterdir())


@pytest.mark.slow
@pytest.mark.usefixtures("tiny", "ungated")
def test_what_is_trained_can_be_run_and_a_second_run_takes_it_up(corpus: Path, cache: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert trained(corpus, cache, tmp_path / name) == 0
    Ear(*(load_model(model, tmp_path / "one") for model in ("near_end", "backchannel")))
    assert same(tmp_path / "one", tmp_path / "two")


@pytest.mark.slow
@pytest.mark.usefixtures("tiny", "ungated")
def test_the_same_seed_gives_the_same_models(corpus: Path, cache: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        for checkpoint in cache.glob("*.pt"):
            checkpoint.unlink()
        assert trained(corpus, cache, tmp_path / name) == 0
    assert same(tmp_path / "one", tmp_path / "two")


@pytest.mark.slow
@pytest.mark.usefixtures("tiny")
def test_models_that_are_not_good_enough_are_not_written(
    corpus: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gate, "GATE", dict.fromkeys(gate.GATE, 1.01))
    assert trained(corpus, cache, tmp_path / "out") != 0
    assert "area under the curve" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("tiny")
def test_models_that_were_not_shown_a_part_are_written_however_good_and_their_card_says_so(
    corpus: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "GATE", dict.fromkeys(gate.GATE, 1.01))
    asked = ["--scenes", "3", "--cache", str(cache), "--jobs", "1", "--blank", "reference"]
    assert command.main([str(corpus), "--out", str(tmp_path / "out"), *asked]) == 0
    assert "never shown the reference" in (tmp_path / "out" / "ear.md").read_text(encoding="utf-8")


def test_says_that_there_is_no_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trained(tmp_path, tmp_path / "cache", tmp_path / "out") != 0
    assert "segments.csv" in capsys.readouterr().err


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is begun that takes long."""
    monkeypatch.setattr(command, "listened", lambda *_: pytest.fail("a scene is rendered"))


@pytest.mark.usefixtures("unrendered")
def test_what_cannot_end_well_is_not_begun(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No split `dev`; a file where the models are to lie."""
    assert trained(corpus, tmp_path / "cache", tmp_path / "out") == 2
    assert "in part dev" in capsys.readouterr().err
    assert trained(corpus, tmp_path / "cache", corpus / "manifest.csv") == 2
    assert "no folder that can be written" in capsys.readouterr().err


@pytest.mark.usefixtures("unrendered")
def test_a_corpus_of_other_words_is_refused_unless_nobody_asks_how_good_it_is(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "MEASURED", {Part.HELD_OUT: 4})
    folder = copytree(corpus, tmp_path / "corpus")
    table = folder / "segments.csv"
    table.write_text(table.read_text(encoding="utf-8").replace(SOURCE, "ours"), encoding="utf-8")
    assert trained(folder, tmp_path / "cache", tmp_path / "out") == 2
    assert "no held-out speakers of English words or Arabic words" in capsys.readouterr().err
    with pytest.raises(pytest.fail.Exception, match="a scene is rendered"):
        command.main([str(folder), "--out", str(tmp_path / "out"), "--blank", "reference"])


@pytest.mark.parametrize("wrong", ["--scenes=0", "--more=-1", "--seed=-1", "--jobs=0", "--scenes=many"])
def test_a_number_that_cannot_be_is_refused(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        command.main(["corpus", "--out", "out", wrong])
    assert "is no whole number of at least" in capsys.readouterr().err

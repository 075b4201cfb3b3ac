"""Tuning goes on from the models of the release, learns what people recorded, and writes only what is better."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("onnx", reason="needs the extra [train]")
pytest.importorskip("ai_edge_litert", reason="needs the extra [train]")

from edgeagent.detect.ear import Ear
from edgeagent.devices.model_files import FOLDER, ONNX, load_model, manifest
from edgeagent.errors import EdgeAgentError
from tests.train.made_up_sessions import KINDS, heard, takes, write
from tools.train import held_back, tune
from tools.train.export import to_onnx
from tools.train.figures import NONE, Pairs
from tools.train.held_back import By, Split
from tools.train.learn import near_loss
from tools.train.reopen import reopened
from tools.train.tune_figures import Kind, Near, kind, near, report

NEAR = Near(loss=0.2, auc=0.95, found=0.9, median_s=0.1, runs=1.0, utterances=20, corpus=0.97)
SAID = {("floor", "floor"): 8, ("floor", "other"): 2, ("backchannel", "backchannel"): 5, ("backchannel", "floor"): 5}
PAIRS = Pairs(24, (0.31, 0.32, 0.33, 0.34), (0.41, 0.42, 0.43, 0.44), (0.45, 0.46, 0.47, 0.48))
KIND = Kind(0.6, SAID, 0.9, PAIRS)
BRISK = tune.Recipe(rounds=6, size=4, hops=100, rate=2e-3, pull=0.0)


def release(name: str) -> bytes:
    return manifest(FOLDER, ONNX)[name][0].read_bytes()


RELEASE = {name: release(name) for name in ("near_end", "backchannel")}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """One take of each kind will do."""
    monkeypatch.setattr(held_back, "ENOUGH", 1)


def test_what_was_recorded_is_learnt_and_held_for_people_who_were_not() -> None:
    learnt = [heard(str(seed), "a", KINDS * 4, seed) for seed in range(3)]
    held = [heard("held", "b", KINDS * 4, 9)]
    for name, figures in (("near_end", near), ("backchannel", kind)):
        network = reopened(release(name), name)
        tune.tune(network, tune.LOSSES[name], learnt, (), BRISK, 0)
        before, after = figures(RELEASE, held), figures({**RELEASE, name: to_onnx(network, name)}, held)
        assert after.loss < 0.9 * before.loss


def test_the_pull_keeps_it_near_to_where_it_was() -> None:
    learnt = [heard("s", "a", KINDS * 4)]
    moved = []
    for pull in (0.0, 10.0):
        network = reopened(release("near_end"))
        tune.tune(network, tune.LOSSES["near_end"], learnt, (), replace(BRISK, pull=pull), 0)
        start = reopened(release("near_end")).output.weight
        moved.append(float((network.output.weight - start).detach().square().sum()))
    assert moved[1] < 0.5 * moved[0]


def test_the_same_seed_tunes_to_the_same_bytes() -> None:
    learnt, corpus = [heard("s", "a", KINDS * 4)], [heard("c", "", KINDS * 4, 5).listened]
    made = []
    for _ in range(2):
        network = reopened(release("near_end"))
        tune.tune(network, tune.LOSSES["near_end"], learnt, corpus, replace(BRISK, rounds=1), 3)
        made.append(to_onnx(network, "near_end"))
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"loss": 0.1}, ""),
        ({"loss": 0.1, "auc": 0.9}, "worse"),
        ({"loss": 0.1, "found": 0.8}, "fewer"),
        ({"loss": 0.3}, "no better"),
        ({"loss": 0.1999}, "no better"),
        ({"loss": 0.1, "corpus": 0.9}, "forgets"),
    ],
)
def test_a_near_end_detector_is_better_or_it_is_said_why_not(changed: dict[str, float], why: str) -> None:
    said = replace(NEAR, **changed).better_than(NEAR)  # type: ignore[arg-type]
    assert why in said
    assert bool(said) is bool(why)


def test_a_backchannel_model_is_better_or_it_is_said_why_not() -> None:
    assert KIND.right("floor") == (8, 10)
    assert KIND.balanced == pytest.approx(0.65)
    assert replace(KIND, loss=0.5).better_than(KIND) == ""
    assert "no better" in replace(KIND, loss=0.6).better_than(KIND)
    assert "worse" in replace(KIND, loss=0.1, said={("floor", "other"): 5}).better_than(KIND)
    assert "forgets" in replace(KIND, loss=0.1, corpus=0.8).better_than(KIND)


def test_the_table_has_every_figure_of_both() -> None:
    text = report((NEAR, KIND), (replace(NEAR, found=0.95, corpus=0.98), KIND))
    for figure in ("0.90", "0.95", "8 of 10", "5 of 10", "0 of 0", "0.970", "0.980"):
        assert figure in text
    assert "corpus" not in report((replace(NEAR, corpus=None), replace(KIND, corpus=None)), (NEAR, KIND))


def test_the_baselines_stand_beside_before_and_after() -> None:
    better = replace(KIND, pairs=replace(PAIRS, model=(0.21, 0.22, 0.23, 0.24)))
    text = report((NEAR, KIND), (NEAR, better))
    assert "of 24" in text
    for moment, row in (("after 200 ms", "0.31 0.21 0.41 0.45"), ("at the end", "0.34 0.24 0.44 0.48")):
        found = next(line for line in text.splitlines() if moment in line)
        assert found.split()[-4:] == row.split()
    assert "listening" not in report((NEAR, replace(KIND, pairs=NONE)), (NEAR, replace(KIND, pairs=NONE)))


def test_takes_are_told_apart_at_each_moment() -> None:
    held = [heard("held", "b", KINDS * 4, 9)]
    found = kind(RELEASE, held).pairs
    assert found.count == 2 * min(held[0].count(each) for each in KINDS[:2])
    assert found.length == (0.5,) * 4  # all takes last as long


def sessions(folder: Path) -> Path:
    """Two of one person, on disk."""
    for name in ("one", "two"):
        write(folder / name, takes([*KINDS, *KINDS, KINDS[0]]), "Ada")
    return folder


@pytest.mark.usefixtures("few")
def test_models_that_are_not_better_are_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [str(sessions(tmp_path / "s")), "--out", str(tmp_path / "out"), "--rounds", "0"]
    assert tune.main(asked) == 1
    said = capsys.readouterr().out
    assert said.count("stays as it was") == 2
    assert "nothing is written" in said
    assert "only the nearness" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("few")
def test_what_is_better_is_written_beside_what_stays_and_can_be_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Near, "better_than", lambda _self, _before: "")
    monkeypatch.setattr(Kind, "better_than", lambda _self, _before: "is no better")
    out = tmp_path / "out"
    assert tune.main([str(sessions(tmp_path / "s")), "--out", str(out), "--rounds", "1"]) == 0
    for form in (ONNX, "tflite"):
        old, new = manifest(FOLDER, form), manifest(out, form)
        assert new["near_end"][1] != old["near_end"][1]
        assert new["backchannel"][1] == old["backchannel"][1]
    ear = Ear(*(load_model(name, out) for name in ("near_end", "backchannel")))
    assert ear.usual.known == 0
    card = (out / "ear.md").read_text(encoding="utf-8")
    assert re.search(r"floor told right +\d of \d", card)
    assert "Ada" not in card
    assert str(out) in capsys.readouterr().out


def test_too_little_is_an_error_and_not_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tune.main([str(sessions(tmp_path / "s")), "--out", str(tmp_path / "out")]) == 2
    assert "too little to hold back" in capsys.readouterr().err


def test_a_session_that_is_too_short_to_learn_from_is_named() -> None:
    network = reopened(RELEASE["near_end"], "near_end")
    told = [heard("long", "a", KINDS * 4), heard("short", "b", KINDS), heard("brief", "b", KINDS)]
    with pytest.raises(EdgeAgentError, match=r"^short, brief: shorter than a quarter of a minute"):
        tune.tune(network, near_loss, told, [], tune.Recipe(), 0)


def test_a_person_is_judged_as_the_device_does_by_both_models() -> None:
    held = [heard("held", "b", KINDS * 4, 9)]
    network = reopened(RELEASE["backchannel"], "backchannel")
    network.output.bias.data[2] += 20.0  # for it all that sounds is no speech to us
    deaf = {**RELEASE, "backchannel": to_onnx(network, "backchannel")}
    assert near(deaf, held).loss > near(RELEASE, held).loss + 0.05


def test_a_backchannel_model_with_which_people_are_missed_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    held = (heard("held", "b", KINDS * 4, 9),)
    parted = Split(held, held, By.SESSION)
    monkeypatch.setattr(Kind, "better_than", lambda _self, _before: "")
    monkeypatch.setattr(Near, "worse_than", lambda _self, _before: "finds fewer utterances")
    faults = tune.judged(RELEASE, dict(RELEASE), parted, ()).faults
    assert faults["backchannel"] == "finds fewer utterances"

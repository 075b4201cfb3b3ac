"""What is written is what is loaded, and a card that says when a model is no better than nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeagent.devices.model_files import load_model
from edgeagent.errors import ModelError
from tools.train.card import Result, card, write
from tools.train.corpus import Part
from tools.train.figures import auc


def result(floor: float) -> Result:
    weights = {
        "mean": np.zeros(3, np.float32),
        "scale": np.ones(3, np.float32),
        "hidden": np.full((3, 2), 0.5, np.float32),
        "hidden_bias": np.zeros(2, np.float32),
        "output": np.ones((2, 1), np.float32),
        "output_bias": np.zeros(1, np.float32),
    }
    figures = {name: {Part.DEV: {"all": value}} for name, value in (("model", floor), ("length", 0.6), ("energy", 0.5))}
    return Result(
        weights, weights, {("Recordings by nobody", "CC0")}, 4, 0,
        figures["model"], figures["model"], figures["length"], figures["energy"],
    )  # fmt: skip


def test_what_is_written_can_be_loaded(tmp_path: Path) -> None:
    write(tmp_path, result(0.8))
    logits = load_model("near_end", tmp_path).run({"features": np.ones(3, np.float32)})["logits"]
    assert logits == pytest.approx([3.0])


def test_a_byte_changed_is_refused(tmp_path: Path) -> None:
    write(tmp_path, result(0.8))
    path = tmp_path / "backchannel.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="checksum"):
        load_model("backchannel", tmp_path)


def test_same_weights_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, result(0.8))
    assert (tmp_path / "one" / "near_end.npz").read_bytes() == (tmp_path / "two" / "near_end.npz").read_bytes()


def test_the_card_says_it_when_length_alone_does_as_well() -> None:
    assert "not better than length or energy alone** against: all (dev)" in card(result(0.59))
    assert "better than length or energy alone in every row" in card(result(0.61))


def test_the_card_credits_the_recordings() -> None:
    assert "Recordings by nobody (CC0)" in card(result(0.8))


def test_area_under_the_curve_counts_pairs() -> None:
    scores = np.array([0.1, 0.4, 0.4, 0.8], np.float32)
    positive = np.array([False, True, False, True])
    pairs = [(p, n) for p in scores[positive] for n in scores[~positive]]
    assert auc(scores, positive) == pytest.approx(sum((p > n) + 0.5 * (p == n) for p, n in pairs) / len(pairs))

"""What is written is what is loaded, and the card says all that was found."""

from __future__ import annotations

import errno
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeagent.devices.model_files import FOLDER, ONNX, TFLITE, load_model, manifest
from edgeagent.errors import EdgeAgentError, ModelError
from tools.train.card import FIGURES, LICENCE, LIMITS, PAIRS, Result, card, write
from tools.train.corpus import Part
from tools.train.figures import NONE, Pairs
from tools.train.sizes import MOST

NAMES = ("near_end", "backchannel")


def result() -> Result:
    """With the models of this release, and no two figures alike."""
    files = {name: manifest(FOLDER)[name][0].read_bytes() for name in NAMES}
    made = Result({("Recordings by nobody", "CC0"), ("A room by somebody", "CC-BY 4.0")}, 4321, 17, files)
    parts = (Part.HELD_OUT, Part.DEV)
    for number, part in enumerate(parts):
        base = 0.1 + number / 4
        made.near[part] = {"all": base + 0.001, "far": base + 0.002}
        made.onset[part] = {"p50_s": base + 0.003, "never": base + 0.004}
        made.kind[part] = {"all": base + 0.005, "backchannel": base + 0.006}
        made.calibration[part] = {"200 ms": base + 0.007, "end": base + 0.008}
        made.lost[part] = dict.fromkeys(NAMES, base / 10 + 0.0009)
        rates = [tuple(first + moment / 100 for moment in range(4)) for first in (0.11, 0.41, 0.31)]
        made.pairs[part] = {"words": Pairs(70 + number, *rates), "none": NONE}
        made.kind_alone[part] = {"length alone": {"all": base + 0.011, "backchannel": base + 0.012}}
    return made


def test_what_is_written_can_be_loaded(tmp_path: Path) -> None:
    write(tmp_path / "models", result())
    for name in NAMES:
        model = load_model(name, tmp_path / "models")
        told = model.run({key: np.zeros(shape, np.float32) for key, shape in model.inputs.items()})
        assert np.isfinite(told["logits"]).all()
    assert (tmp_path / "models" / "ear.md").read_text(encoding="utf-8") == card(result())


@pytest.mark.parametrize("room", range(4))
def test_on_a_full_disk_the_models_of_before_still_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """Of four files there is room for so many, and for half of the next."""
    write(tmp_path, result())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    other = replace(result(), scenes=1, files={name: data + b" " for name, data in result().files.items()})
    taken = []
    take = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        taken.append(path)
        if len(taken) <= room:
            return take(path, data)
        take(path, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(EdgeAgentError, match="No space left on device; make room"):
        write(tmp_path, other)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", NAMES)
def test_a_byte_changed_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, result())
    path, _ = manifest(tmp_path)[name]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="checksum"):
        load_model(name, tmp_path)


def test_every_figure_is_in_the_card() -> None:
    text, made = card(result()), result()
    for figures in (made.near, made.onset, made.kind, made.calibration):
        for row in figures.values():
            for value in row.values():
                assert f"| {value:.3f} " in text
    for row in made.lost.values():
        assert all(f"| {value:.4f} " in text for value in row.values())
    for number, part in enumerate(made.pairs):
        told = "11 (41, 31) | 12 (42, 32) | 13 (43, 33) | 14 (44, 34)"
        assert f"| {part} | words | {70 + number} | {told} |" in text
        assert f"| {part}, length alone | {0.111 + number / 4:.3f} | {0.112 + number / 4:.3f} |" in text
    assert "none" not in re.sub(r"none\w", "", text)


def test_every_table_has_as_many_cells_in_each_row() -> None:
    for block in card(result()).split("\n\n"):
        rows = [line.count("|") for line in block.splitlines() if line.startswith("|")]
        assert len(set(rows)) <= 1, block


def test_the_card_says_by_which_sources_and_credits_each_program_to_who_heard_it() -> None:
    told = replace(result(), made="Made by hand.", spoken={"near_end": "espeak-ng", "backchannel": "Flite (slt)"})
    text = card(told)
    assert "Made by hand." in text
    assert "- `near_end`: espeak-ng\n- `backchannel`: Flite (slt)\n" in text


@pytest.mark.parametrize(("level", "said"), [(0.4, True), (0.52, False)])
def test_the_card_says_so_where_it_guesses(level: float, said: bool) -> None:
    """At no moment better than by level alone."""
    told = result()
    rates = (0.55, 0.5, 0.51, 0.5), (0.5,) * 4, (0.4, 0.41, 0.4, level)
    told.pairs[Part.UNHEARD] = {"Nobody's program": Pairs(40, *rates), "none": NONE}
    assert ("never heard it guesses.** Nobody's program: chance" in card(told)) is said


def test_the_card_credits_the_recordings_and_says_how_it_was_made() -> None:
    text = card(result())
    assert "- Recordings by nobody (CC0)" in text
    assert "- A room by somebody (CC-BY 4.0)" in text
    assert "--scenes 4321 --seed 17" in text
    assert "{" not in text


def test_models_that_never_saw_a_part_are_not_taken_for_others() -> None:
    assert "Not for use" not in card(result())
    told = card(replace(result(), more=9, blank="reference"))
    assert "--scenes 4321 --seed 17 --more 9 --blank reference" in told
    assert "**Not for use.** These models were never shown the reference" in told


@pytest.mark.parametrize("text", [FIGURES, PAIRS, LIMITS, LICENCE])
def test_the_card_of_the_release_says_what_is_written_now(text: str) -> None:
    assert text.strip() in (FOLDER / "ear.md").read_text(encoding="utf-8")


def test_all_files_of_the_release_are_small_enough() -> None:
    """Of either kind, and of both together."""
    sizes = [path.stat().st_size for form in (ONNX, TFLITE) for path, _ in manifest(FOLDER, form).values()]
    assert len(sizes) == 4
    assert sum(sizes) <= MOST

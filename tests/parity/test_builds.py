"""What one build of the library answered is what another is compared with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeagent.errors import EdgeAgentError
from edgeagent.settings import Models
from edgeagent.sim.folder import write_scene
from tests.parity.spoilt import spoilt
from tests.talking import PERSON, talking
from tools.parity import __main__ as command
from tools.parity import builds


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    write_scene(folder / "scene", talking(5.0), [PERSON])
    assert command.main(["record", str(folder / "scene"), str(folder / "features.npz")]) == 0
    return folder / "features.npz"


def test_the_same_build_answers_the_same(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["compare", str(recorded)]) == 0
    told = capsys.readouterr().out
    assert "312 steps, decisions differ in 0" in told
    assert "P(near) 0.0e+00" in told
    ((_, answers),) = builds.load(recorded).values()
    assert {builds.VERDICTS[code] for code in np.unique(answers.decisions)} >= {None, *builds.VERDICTS[1:3]}


def test_other_answers_are_seen(recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed (extra litert)")
    models = str(spoilt(tmp_path / "models"))
    assert command.main(["compare", str(recorded), "--models", models, "--runtime", "litert"]) == 1
    assert "decisions differ in 0;" not in capsys.readouterr().out
    assert command.main(["compare", str(recorded), "--models", models, "--runtime", "onnx"]) == 0


def test_answers_do_not_depend_on_what_was_answered_before(recorded: Path) -> None:
    ((features, answers),) = builds.load(recorded).values()
    for _ in range(2):
        again = builds.tell(features[:100], Models())
        assert (again.beliefs == answers.beliefs[:100]).all()


def test_a_file_of_something_else_is_refused(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "array.npy", np.zeros(3))
    whole = recorded.read_bytes()
    for data in (b"no", b"", whole[: len(whole) // 2], (tmp_path / "array.npy").read_bytes()):
        (tmp_path / "no.npz").write_bytes(data)
        assert command.main(["compare", str(tmp_path / "no.npz")]) == EdgeAgentError("").exit_code
        assert "tools.parity record" in capsys.readouterr().err


def test_what_is_recorded_lies_under_the_name_that_was_given(recorded: Path, tmp_path: Path) -> None:
    """numpy appends an ending of its own where it sees another."""
    builds.save(tmp_path / "features", builds.load(recorded))
    assert [file.name for file in tmp_path.iterdir()] == ["features"]
    assert builds.load(tmp_path / "features").keys() == builds.load(recorded).keys()


def test_where_nothing_can_be_written_is_told_before_anything_is_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["record", str(tmp_path), str(tmp_path / "no" / "features.npz")]) == 2
    assert "no such folder" in capsys.readouterr().err

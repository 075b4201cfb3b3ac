"""`python -m tools.hindsight` on a scene with one interruption."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeagent.sim.folder import write_scene
from edgeagent.turn import policy
from tests.talking import PERSON, talking
from tools.hindsight.__main__ import AS_IS, COLUMNS, main


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    write_scene(folder / "talking", talking(6.0), [PERSON])
    return folder


def test_other_constants_decide_otherwise_on_what_was_heard_once(
    scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = policy.VERDICT, policy.EARLIEST
    kept, asked = tmp_path / "kept", ["EARLIEST=12800", "VERDICT=1000"]
    assert main([str(scene), "--keep", str(kept), "--json", "--try", *asked]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == [AS_IS, *asked]
    assert told[AS_IS].keys() == COLUMNS.keys()
    assert (told[AS_IS]["recall"], told["VERDICT=1000"]["recall"]) == (1.0, 0.0)
    assert told["EARLIEST=12800"]["latency_p50"] > max(0.8, told[AS_IS]["latency_p50"])
    assert before == (policy.VERDICT, policy.EARLIEST)
    (heard,) = kept.iterdir()
    written = heard.stat().st_mtime_ns
    assert main([str(scene), "--keep", str(kept)]) == 0
    assert heard.stat().st_mtime_ns == written
    assert AS_IS in capsys.readouterr().out
    write_scene(tmp_path / "others" / "talking", talking(7.0), [PERSON])  # of the same name
    assert main([str(tmp_path / "others"), "--keep", str(kept)]) == 0
    assert len(list(kept.iterdir())) == 2


@pytest.mark.parametrize(
    ("tried", "said"),
    [
        ("VERDIKT=1", "VERDICT"),
        ("VERDICT=high", "NAME=NUMBER"),
        ("ASKED=0.5", "same kind"),
        ("OWN=()", "no constant"),
        ("VERDICT='18'", "same kind"),
        ("VERDICT=None", "same kind"),
        ("ASKED=((9,),)", "same kind"),
    ],
)
def test_what_is_no_constant_is_told_before_anything_is_heard(
    tried: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "no"), "--try", tried]) == 2
    assert said in capsys.readouterr().err
    assert main([str(tmp_path / "no"), "--jobs", "0"]) == 2
    assert main([str(tmp_path / "no")]) != 0

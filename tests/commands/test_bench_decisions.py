"""`bench decisions`: right and wrong decisions in text, JSON and page; and every way in which it cannot be done."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.commands import _bench_decisions
from edgeagent.commands._bench_decisions_page import Gallery
from edgeagent.commands._bench_decisions_result import NAMES
from edgeagent.commands._bench_decisions_scene import bounds, said
from edgeagent.report.markup import Markup
from edgeagent.sim.figures import COLUMNS
from edgeagent.sim.folder import write_scene
from edgeagent.sim.outcomes import Outcome, Wrong
from edgeagent.sim.peer_loop import Peer, Vad
from edgeagent.sim.truth import Happening, Kind, write_truth
from edgeagent.sim.vad_rule import RULES
from edgeagent.units import HOP, RATE
from tests.commands.conftest import Run
from tests.talking import PERSON, talking

NODDING = Happening(Kind.BACKCHANNEL, PERSON.start, PERSON.end, "<uh> huh", "nod")
"""What the truth says where the device takes it for an interruption."""


@pytest.fixture(scope="module")
def folder(scene: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same sound three times: truly an interruption, truly "uh-huh", and nothing at all."""
    folder = tmp_path_factory.mktemp("three")
    for name, truth in (("a", [PERSON]), ("b", [NODDING]), ("c", [])):
        shutil.copytree(scene, folder / name)
        write_truth(folder / name, truth)
    return folder


def test_text_json_and_page_agree(
    folder: Path, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.html"
    assert edgeagent("bench", "decisions", folder, "--report", path, "--json") == 0
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert "deciding: 100 %" in told.err
    assert f"{path}: 2 of 2 wrong decisions" in told.err
    assert [(each["scene"], each["outcome"], each["kind"], each["style"]) for each in document["wrong"]] == [
        ("b", "false stop", "backchannel", "nod"),
        ("c", "self stop", "self", ""),
    ]
    assert [row["right"] for row in document["confusion"]] == [1.0, 0.0, 0.0]
    assert document["confusion"][0]["outcomes"] == {"in time": 1, "talked on": 0, "late": 0, "missed": 0}
    assert document["pooled"]["recall"] == 1.0
    assert document["self"]["self_stops"] == 1
    assert document["worst_scene"] in ("b", "c")
    assert sum(bar["stops"] for bar in document["latency"]) == 1
    assert [scene["scene"] for scene in document["scenes"]] == ["a", "b", "c"]
    assert {"settings", "edgeagent", "near_end", "backchannel"} <= document["versions"].keys()
    html = path.read_text()
    assert re.findall(r'<section class="card (of-\d)"', html) == ["of-0", "of-1"]
    assert "backchannel · nod · b at 2.50 s" in html
    assert "“&lt;uh&gt; huh”: it stopped 0." in html
    for name in ("Somebody speaks", "Takes the floor", "Evidence"):
        assert html.count(f"<b>{name}</b>") == 2
    assert {"ducked", "shut"} <= set(re.findall(r'class="gate (\w+)"', html))


def threshold() -> Vad:
    """Speech is what is louder than the scene's noise."""
    return lambda frame: float(abs(frame).max() > 0.01)


def test_peers_stand_beside_it_in_text_json_and_page(
    folder: Path, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    others = (Peer("one with ears", None, RULES[0], threshold), Peer("one without", None, RULES[0], lambda: _nobody))
    monkeypatch.setattr(_bench_decisions, "peers", lambda: others)
    path = tmp_path / "page.html"
    assert edgeagent("bench", "decisions", folder, "--peers", "--report", path, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["pooled"]["recall"] == 1.0
    assert {name: figures["recall"] for name, figures in document["peers"].items()} == {
        "one with ears": 1.0,
        "one without": 0.0,
    }
    assert document["peers"]["one without"]["right_balanced"] == 0.5
    assert "<h2>Others on the same scenes</h2>" in path.read_text()
    assert edgeagent("bench", "decisions", folder, "--peers") == 0
    lines = capsys.readouterr().out.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("Others on the same scenes"))
    assert [line.split("  ")[0] for line in lines[start + 1 : start + 4]] == ["edgeagent", *(o.name for o in others)]


def _nobody(_frame: object) -> float:
    return 0.0


def test_the_text_has_all_figures_of_score_and_what_became_of_each_kind(
    folder: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert NAMES.keys() >= COLUMNS.keys()
    assert edgeagent("bench", "decisions", folder, "--jobs", 2) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{folder}: 3 scenes, 6 utterances")
    for name in NAMES.values():
        assert sum(line.startswith(name) for line in lines) >= 1, name
    rows = {line.split()[0]: line.split()[1:] for line in lines if line.strip()}
    assert rows["interruption"] == ["1", "1", "1", "0", "0", "0", "1.00", "0.21", "..", "1.00"]
    assert rows["backchannel"] == ["1", "1", "0", "0", "0", "1", "0.00", "0.00", "..", "0.79"]
    assert rows["nod"] == rows["backchannel"]
    assert any(line.startswith("onset to stop: 1 stop in time") for line in lines)
    assert any(line.startswith("self stops: 1 in ") for line in lines)
    assert any(line == "wrong decisions: 2 (1 false stop, 1 self stop)" for line in lines)
    assert any(re.match(r"worst scene: [bc], \d of 2 utterances right \(1 (false|self) stop", line) for line in lines)


def test_settings_count_and_fewer_cards_are_told(
    folder: Path, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    config, path = tmp_path / "edgeagent.yaml", tmp_path / "page.html"
    config.write_text("turns:\n  duck_db: -20\n")
    assert edgeagent("bench", "decisions", folder / "a", "--json") == 0
    usual = json.loads(capsys.readouterr().out)
    words = ("--config", config, "--report", path, "--cards", 1)
    assert edgeagent("bench", "decisions", folder, *words) == 0
    out = capsys.readouterr().out
    assert f"{path}: 1 of 2 wrong decisions; --cards N shows more" in out
    assert usual["versions"]["settings"] not in out
    assert path.read_text().count("<section") == 1


def empty(folder: Path) -> None:
    shutil.rmtree(folder / "a")


def without_truth(folder: Path) -> None:
    (folder / "a" / "truth.json").unlink()


def damaged_truth(folder: Path) -> None:
    (folder / "a" / "truth.json").write_text('[{"kind": "whistle"}]')


def damaged_scene(folder: Path) -> None:
    (folder / "a" / "near.wav").unlink()


def damaged_clean(folder: Path) -> None:
    (folder / "a" / "near_clean.wav").write_bytes(b"RIFF")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (empty, "no scene in it; give a folder of scenes"),
        (without_truth, "1 of 1 scenes have no truth.json (a); only scenes that come with their truth"),
        (damaged_truth, "truth.json: "),
        (damaged_scene, "near.wav: no such file"),
        (damaged_clean, "near_clean.wav"),
        (shutil.rmtree, "no such folder"),
    ],
)
def test_a_bad_folder_is_told(
    scene: Path, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str], spoil: object, says: str
) -> None:
    shutil.copytree(scene, tmp_path / "set" / "a")
    assert callable(spoil)
    spoil(tmp_path / "set")
    assert edgeagent("bench", "decisions", tmp_path / "set") == 2
    err = capsys.readouterr().err
    assert says in err
    assert "Traceback" not in err
    assert "deciding" not in err  # it is told before anything is worked out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--jobs", 0), "--jobs 0"),
        (("--cards", -1), "--cards -1"),
        (("--config", "no.yaml"), "no.yaml"),
        (("--report", "no/where/page.html"), "no/where: no such folder"),
        (("--report", "/"), "--report /: is a folder"),
    ],
)
def test_a_wrong_word_is_one_line_at_once(
    scene: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str], words: tuple[object, ...], says: str
) -> None:
    assert edgeagent("bench", "decisions", scene, *words) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


def test_a_scene_in_which_nothing_is_said_gives_a_table_without_shares(
    tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = talking(length_s=0.25)
    assert not scene.agent
    write_scene(tmp_path / "set" / "mute", scene, [])
    assert edgeagent("bench", "decisions", tmp_path / "set", "--report", tmp_path / "page.html") == 0
    out = capsys.readouterr().out
    assert "wrong decisions: none" in out
    assert "worst scene" not in out
    assert "page.html: 0 of 0 wrong decisions" in out


times = st.floats(0.0, 40.0)


@given(start_s=times, lasts_s=st.floats(0.05, 5.0), after_s=st.none() | st.floats(0.0, 6.5))
def test_a_cut_shows_the_approach_and_the_decision(start_s: float, lasts_s: float, after_s: float | None) -> None:
    length = 60 * RATE
    stop_s = None if after_s is None else start_s + after_s
    decision = Wrong("a", Outcome.MISSED, "command", "", "", start_s, start_s + lasts_s, stop_s)
    start, end = bounds(decision, length)
    assert start % HOP == 0
    assert 0 <= start <= max(0, (start_s - 1) * RATE + 1)
    assert start > (start_s - 1) * RATE - 2 * HOP
    assert end >= min((decision.decided_s + 1.5) * RATE - 1, start + 9 * RATE)
    assert bounds(decision, start + 100)[1] == start + 100


def test_what_the_device_did_is_said_in_words() -> None:
    own = Wrong("a", Outcome.SELF_STOP, "self", "", "", None, None, 9.0)
    late = Wrong("a", Outcome.LATE, "command", "", "stop", 2.0, 2.5, 3.75)
    assert said(own) == "it stopped, and there was no event to stop for"
    assert bounds(own, 60 * RATE)[0] < (9.0 - 2) * RATE
    assert said(late) == "it stopped 1.75 s after the onset, which is too late"


counts = st.dictionaries(st.sampled_from([*map(str, Kind), "self"]), st.integers(1, 30), max_size=6)


@given(found=counts, most=st.integers(0, 40))
def test_the_gallery_shows_every_kind_as_evenly_as_it_can(found: dict[str, int], most: int) -> None:
    gallery = Gallery(most)
    for kind, number in found.items():
        for index in range(number):
            decision = Wrong("a", Outcome.FALSE_STOP, kind, "", "", 0.0, 1.0, 0.5)
            gallery.add([(decision, Markup(f"{kind} {index}"))])
    shown = gallery.shown()
    assert sum(map(len, shown.values())) == min(most, sum(found.values()))
    for kind, cards in shown.items():
        assert cards == [f"{kind} {index}" for index in range(len(cards))]
    cut_short = [len(shown.get(kind, ())) for kind, number in found.items() if len(shown.get(kind, ())) < number]
    assert not cut_short or max(map(len, shown.values()), default=0) <= min(cut_short) + 1

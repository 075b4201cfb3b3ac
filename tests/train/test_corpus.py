"""Who is learnt from and who is held out."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from edgeagent.errors import EdgeAgentError
from edgeagent.signal.wav import read_wav, write_wav
from tests.train.made_up import HELD_OUT, NAMES, build
from tools.train import corpus as c

LISTED = (Path(c.__file__).parent / "held_out.txt").read_text(encoding="utf-8").split()


def test_the_list_of_held_out_speakers_is_what_the_names_say() -> None:
    assert len(LISTED) > 50
    assert all(c.held_out(name) for name in LISTED)


def test_about_one_name_in_ten_is_held_out() -> None:
    share = sum(c.held_out(f"speaker {i}") for i in range(5000)) / 5000
    assert 0.08 < share < 0.12


def test_parts_share_no_speaker(tmp_path: Path) -> None:
    build(tmp_path)
    taught, tested = (c.load_corpus(tmp_path, part) for part in (c.Part.TRAIN, c.Part.HELD_OUT))
    assert set(taught.agent) == set(taught.words) == set(NAMES)
    assert set(tested.agent) == set(tested.words) == {HELD_OUT}


def test_recordings_are_sorted_by_what_is_said(tmp_path: Path) -> None:
    corpus = c.load_corpus(build(tmp_path), c.Part.TRAIN)
    assert {clip.text for clip in corpus.commands} == {"stop"}
    assert {clip.text for clip in corpus.backchannels} == {"yes"}
    assert {clip.text for clips in corpus.words.values() for clip in clips} == {"seven"}
    assert len(corpus.phrases) == len(NAMES)
    assert corpus.credits == {("nobody", "CC0")}


def test_says_what_a_corpus_lacks(tmp_path: Path) -> None:
    build(tmp_path)
    with pytest.raises(EdgeAgentError, match="no agent, phrases"):
        c.load_corpus(tmp_path, c.Part.DEV)


def test_says_that_there_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(EdgeAgentError, match=r"segments\.csv: cannot be read"):
        c.load_corpus(tmp_path, c.Part.TRAIN)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("corpus"))


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A corpus to be spoilt."""
    return copytree(built, tmp_path / "corpus")


def edited(table: Path, change: Callable[[list[str]], object]) -> None:
    """Each row of it, the head first, as a list of cells that `change` alters."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    for row in rows:
        change(row)
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.mark.parametrize(("table", "name"), [(table, name) for table, names in c.COLUMNS.items() for name in names])
def test_a_column_that_lacks_is_named(folder: Path, table: str, name: str) -> None:
    head, rows = (folder / table).read_text(encoding="utf-8").split("\n", maxsplit=1)
    (folder / table).write_text(f"{head.replace(name, 'other')}\n{rows}", encoding="utf-8")
    with pytest.raises(EdgeAgentError, match=rf"{table}: no column {name};"):
        c.load_corpus(folder, c.Part.TRAIN)


@pytest.mark.parametrize("table", c.COLUMNS)
@pytest.mark.parametrize("change", [list.pop, lambda row: row.append("no, not that")], ids=["fewer", "more"])
def test_a_row_of_other_cells_than_the_head_is_refused(
    folder: Path, table: str, change: Callable[[list[str]], object]
) -> None:
    """A table cut short; a comma without quotes, behind which every cell means something else."""
    rows = list[list[str]]()

    def second(row: list[str]) -> None:
        rows.append(row)
        if len(rows) == 3:
            change(row)

    edited(folder / table, second)
    with pytest.raises(EdgeAgentError, match=rf"{table}: row 2 has more cells than the head, or fewer"):
        c.load_corpus(folder, c.Part.TRAIN)


@pytest.mark.parametrize(
    ("start", "end", "active"),
    [
        ("0", "inf", "0.2-0.7"),
        ("nan", "0.9", "0.2-0.7"),
        ("-1", "0.9", "0.2-0.7"),
        ("0.9", "0", "0.2-0.7"),
        ("0", "0.9", "0.7-0.2"),
        ("0", "0.9", "0.7-0.7"),
        ("0", "0.9", "0.5-0.7;0.2-0.4"),
        ("0", "0.9", "9.2-9.7"),
        ("2.0", "2.9", "0.2-0.7"),
        ("0", "0.9", "0.2"),
    ],
)
def test_times_that_cannot_be_are_refused_with_their_row(folder: Path, start: str, end: str, active: str) -> None:
    """Also those that count from the beginning of the utterance and not of the file."""

    def change(row: list[str]) -> None:
        if "stop" in row:
            row[-3:] = start, end, active

    edited(folder / c.SEGMENTS, change)
    with pytest.raises(EdgeAgentError, match=r"segments\.csv: .* in .*near-stop\.wav"):
        c.load_corpus(folder, c.Part.TRAIN)


def test_files_that_are_not_there_are_told_before_any_is_needed(folder: Path) -> None:
    for path in folder.glob("*stop*"):
        path.unlink()
    with pytest.raises(EdgeAgentError, match=r"near-stop\.wav: is in the tables .* not there, and 1 more like it"):
        c.load_corpus(folder, c.Part.TRAIN)


@pytest.mark.parametrize(
    ("part", "said"), [(slice(6000), r"is over after 0\.38 s; .* up to 0\.70"), (slice(0), "holds zeros")]
)
def test_a_file_without_the_voice_that_the_table_has_is_named(folder: Path, part: slice, said: str) -> None:
    path = folder / f"{NAMES[0]}-near-stop.wav"
    sound = read_wav(path)
    write_wav(path, sound[part] if part.stop else np.zeros_like(sound))
    (clip,) = (clip for clip in c.load_corpus(folder, c.Part.TRAIN).commands if clip.speaker == NAMES[0])
    c.whole.cache_clear()
    with pytest.raises(EdgeAgentError, match=rf"{path.name}: {said}"):
        clip.sound()


def test_what_a_recording_is_does_not_depend_on_where_the_corpus_lies(built: Path, tmp_path: Path) -> None:
    """A noise that is called like a loudspeaker is none either."""
    folder = copytree(built, tmp_path / "for the loudspeaker")
    names = {"kitchen.wav": "rir", "loudspeaker.wav": "rir", "loudspeaker hum.wav": "noise"}
    with (folder / c.MANIFEST).open("a", encoding="utf-8") as file:
        for name, kind in names.items():
            write_wav(folder / name, np.ones(9, np.float32))
            file.write(f"{name},train,{kind},made up,,,CC0,nobody\n")
    parts = [c.load_corpus(folder, part) for part in (c.Part.TRAIN, c.Part.HELD_OUT)]
    found = [
        {path.name for one in parts for path in getattr(one, kind)} for kind in ("rooms", "loudspeakers", "noises")
    ]
    assert found == [{"kitchen.wav"}, {"loudspeaker.wav"}, {"hiss.wav", "loudspeaker hum.wav"}]


def test_the_reference_corpus_gives_the_list(shared: Path) -> None:
    folder = shared / "corpus"
    if not folder.is_dir():
        pytest.skip("no corpus")
    corpus = c.load_corpus(folder, c.Part.HELD_OUT)
    clips = [*corpus.phrases, *corpus.commands, *corpus.backchannels]
    assert {clip.speaker for clip in clips} | set(corpus.agent) | set(corpus.words) == set(LISTED)

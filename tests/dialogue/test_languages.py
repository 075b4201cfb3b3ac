"""The languages of this release, and files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeagent.config.languages import FOLDER, floor_words, known, language, read
from edgeagent.dialogue.language import COMMANDS
from edgeagent.errors import ConfigError
from edgeagent.turn.cue_words import CueWords

SCHEDULED = (
    *("as", "bn", "brx", "doi", "gu", "hi", "kn", "ks", "kok", "mai", "ml"),
    *("mni", "mr", "ne", "or", "pa", "sa", "sat", "sd", "ta", "te", "ur"),
)
"""The 22 languages of the Eighth Schedule of the Constitution of India."""


@pytest.mark.parametrize("code", [*SCHEDULED, "en", "es", "fr", "de", "ja", "zh", "ar", "pt"])
def test_a_language_of_this_release(code: str) -> None:
    source = read(FOLDER / f"{code}.yaml")
    assert source.code == code
    assert source.lists.yes
    assert source.lists.no
    assert not source.lists.yes & source.lists.no
    assert source.sources
    if source.lists.commands:
        assert {"stop", "hold"} <= set(source.lists.commands) <= set(COMMANDS)


@pytest.mark.parametrize("code", ["en", "de", "es", "fr", "hi", "pt"])
def test_a_language_with_everything(code: str) -> None:
    assert not read(FOLDER / f"{code}.yaml").missing


def test_what_is_missing_is_known() -> None:
    assert "corrections" in read(FOLDER / "sat.yaml").missing


def test_an_unknown_language_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError) as refused:
        language(["en", "klingon", "elvish"])
    assert "'klingon' is unknown" in str(refused.value)
    assert "'elvish' is unknown" in str(refused.value)
    assert all(code in str(refused.value) for code in known())


def test_all_faults_of_a_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "xx.yaml"
    path.write_text(
        "language: xx\nreviewed: maybe\nsources: me\nyess: [x]\nno: nope\nbackchannels: [[a], '...']\n"
        "commands: {jump: [hop], stop: halt}\ncorrections: ['not {rong}', '{right}']\nclarifications: ['what {}']\n"
        "adjustments: {stop: [x], slower: slow}\nproposals: ['can we {what}', 7]\ncarriers: yes\nrepair: [a]\n"
    )
    with pytest.raises(ConfigError) as refused:
        read(path)
    for fault in (
        "needs text",
        "needs yes or no",
        "unknown key. Did you mean 'yes'?",
        "is no list of phrases",
        "['a'] is no text",
        "'...' has no word",
        "unknown; known are stop, hold",
        "commands.stop",
        "the gap 'rong'",
        "no word of its own",
        "'{}' is no gap",
        "adjustments.stop",
        "unknown; known are slower",
        "adjustments.slower",
        "the gap 'what'; known: more",
        "carriers",
        "17 problems",
    ):
        assert fault in str(refused.value)


def test_the_words_about_the_floor_of_a_language(tmp_path: Path) -> None:
    assert "stop" in floor_words("en").takes
    assert "uh-huh" in floor_words("en").listens
    assert not floor_words("sat").all
    path = tmp_path / "xx.yaml"
    text = "language: xx\nname: X\nreviewed: no\nsources: [we]\nfloor: {takes: [Halt, %s], listens: [ja, %s]%s}\n"
    path.write_text(text % ("moment mal", "aha so", ""))
    assert read(path).floor == CueWords(frozenset({"halt", "moment mal"}), frozenset({"ja", "aha so"}))
    for number, (fault, given) in enumerate(
        {
            "floor.asks": ("x", "y", ", asks: [z]"),
            "'eins zwei drei' has more than 2 words": ("eins zwei drei", "y", ""),
            "'x' cannot both": ("x", "x", ""),
        }.items()
    ):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text % given)
        with pytest.raises(ConfigError, match=fault):
            read(path)


def test_all_faults_of_all_files_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeagent.config.languages.FOLDER", tmp_path)
    (tmp_path / "xx.yaml").write_text("language: xx\nname: X\nreviewed: maybe\nsources: [me]\nyes: 7\n")
    (tmp_path / "yy.yaml").write_text("language: yy\nname: [Y]\nreviewed: no\nsources: [me]\n")
    (tmp_path / "zz.yaml").write_text("yes: [")
    with pytest.raises(ConfigError) as refused:
        language(["yy", "klingon", "zz", "xx"])
    head, *lines = str(refused.value).splitlines()
    assert head == "languages: 5 problems"
    for line, (file, fault) in zip(
        lines,
        [
            ("klingon", "is unknown. Known are xx, yy, zz"),
            ("xx.yaml", "reviewed needs yes or no"),
            ("xx.yaml", "yes is no list of phrases"),
            ("yy.yaml", "name needs text"),
            ("zz.yaml", "is not YAML"),
        ],
        strict=True,
    ):
        assert file in line
        assert fault in line


@pytest.mark.parametrize(("text", "fault"), [("a: [", "is not YAML"), ("- a", "is no language"), (None, "cannot read")])
def test_what_is_no_language_file_is_refused(tmp_path: Path, text: str | None, fault: str) -> None:
    path = tmp_path / "xx.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=fault):
        read(path)

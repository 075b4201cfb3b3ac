"""What the documents quote is what the program says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
import pytest

from edgeagent import commands
from edgeagent.commands._beside import Beside
from edgeagent.config.keys import sections
from edgeagent.config.load import loads
from edgeagent.devices import gpio, portaudio
from edgeagent.devices.refusals import BUSY, refusal, unreadable
from edgeagent.errors import DeviceError, ServiceError, install
from edgeagent.live.watchdog import Watchdog
from edgeagent.services import espeak_child, espeak_voices
from edgeagent.services.apart import apart
from edgeagent.settings import Settings
from edgeagent.turn import levels
from edgeagent.turn.outputs import Impairment
from edgeagent.units import RATE

ROOT = Path(__file__).parents[1]
TROUBLE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")

FOREIGN = {"externally-managed-environment", "portaudio.h: No such file"}
"""Messages of pip and gcc."""


def test_every_message_in_the_troubleshooting_guide_is_one_that_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    with pytest.raises(DeviceError) as missing:
        portaudio.PortAudio()
    with pytest.raises(DeviceError) as busy, gpio.claiming("GPIO 4 (amplifier)"):
        raise OSError("'GPIO busy'")
    child = apart(espeak_child.__name__, "no-such-library.so", "")
    voice = subprocess.run(child, input=b"", capture_output=True, check=False, timeout=10).stdout
    said = [missing.value.problem, busy.value.problem, refusal("...", BUSY).problem, voice.decode(errors="replace")]
    said.append(levels.said(levels.Level.HINT))
    watchdog = Watchdog()
    watchdog.hear(np.zeros(3 * RATE, np.float32))
    said.append(watchdog.trouble)
    said.append(f"held by {Beside(812).name}")
    said.append(str(unreadable("/etc/asound.conf may be old or corrupted: consider to remove or fix it")))
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "mb-zz9").write_text("mbrola zz9 zz9_phtrans\n")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ServiceError) as mute:
        espeak_voices.check_voice("mb-zz9", [tmp_path])
    said.append(mute.value.problem)
    quoted = set(re.findall(r'^\*\*(?:[^"*]*: )?"([^"]+)"', TROUBLE, re.MULTILINE)) - FOREIGN
    assert len(quoted) == 9
    for quote in quoted:
        assert any(quote in message for message in said), quote


def test_every_reason_for_red_winks_is_in_the_troubleshooting_guide() -> None:
    assert [by.value for by in Impairment if f"- *{by.value}*: " not in TROUBLE] == []


def test_an_extra_is_installed_from_the_checkout_everywhere() -> None:
    """The package is in no index, where somebody else's could be."""
    line = "-m pip install '.[speech]' in the checkout"
    assert install("speech") == f"{sys.executable} {line}"  # and not of whatever Python the path names
    assert line in Path(espeak_child.__file__).read_text(encoding="utf-8")  # runs without our modules
    for file in (*(ROOT / "edgeagent").rglob("*.py"), ROOT / "README.md", ROOT / "docs" / "troubleshooting.md"):
        assert not re.search(r"pip install '?edgeagent", file.read_text(encoding="utf-8")), file


def examples() -> list[tuple[str, str]]:
    """(document, text) of every YAML block."""
    found = []
    for file in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        blocks = re.findall(r"^```yaml\n(.*?)^```", file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        found += [(file.name, block) for block in blocks]
    return found


@pytest.mark.parametrize(("document", "text"), examples())
def test_every_configuration_in_the_documents_is_one(document: str, text: str) -> None:
    assert loads(text, document) != Settings(), "it says nothing"


def test_every_key_that_a_document_names_exists() -> None:
    known = {section: set(keys) for section, keys in sections().items()}
    for file in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for section, key in re.findall(r"`([a-z]+)\.([a-z_]+)(?::[^`]*)?`", file.read_text(encoding="utf-8")):
            assert section not in known or key in known[section], f"{file.name}: {section}.{key}"


def test_links_between_the_documents_lead_somewhere() -> None:
    for file in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))):
        for target, place in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", file.read_text(encoding="utf-8")):
            there = (file.parent / target).resolve() if target else file
            assert there.exists(), f"{file.name}: {target}"
            if place:
                heads = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE)
                assert place in {re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-") for head in heads}, place


def test_the_hardware_guide_has_a_configuration_for_each_board() -> None:
    guide = (ROOT / "docs" / "hardware.md").read_text(encoding="utf-8")
    boards = re.split(r"^## ", guide, flags=re.MULTILINE)[2:-1]
    assert len(boards) > 8
    assert not [board.partition("\n")[0] for board in boards if "```yaml" not in board]


@pytest.mark.parametrize(
    ("page", "promise"),
    [
        ("hardware.md", r"`edgeagent check ([^`]*)`\s+tells what really works"),
        ("troubleshooting.md", r"`edgeagent check ([^`]*)`\s+names\s+it, with its process"),
        ("troubleshooting.md", r"`edgeagent check ([^`]*)`\s+measures how much of a core"),
    ],
)
def test_what_shall_look_at_the_machine_of_a_configuration_does(page: str, promise: str) -> None:
    """Without --machine only the configuration is looked at, and without --config only a machine with nothing on it."""
    (options,) = re.findall(promise, (ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert options == "--config FILE --machine"


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `edgeagent ([a-z-]+)", text, re.MULTILINE)) == set(commands.names())


def test_no_change_is_told_twice() -> None:
    told = re.split(r"^(?:- |#+ )", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    entries = [" ".join(entry.split()) for entry in told if len(entry) > 40]
    assert sorted(entries) == sorted(set(entries))


def test_the_privacy_page_names_whoever_may_get_what_people_say() -> None:
    """Every kind of recogniser, replier and voice that is a server or a program, and every command."""
    page = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    table = page.partition("## Where voice goes")[2].partition("\n## ")[0]
    for section, inside in (
        ("recogniser", {"none", "command", "vosk", "sherpa", "pocketsphinx"}),
        ("replier", {"script"}),
        ("talker", {"espeak", "flite", "piper", "wav"}),
    ):
        kinds = set(get_args(get_type_hints(type(getattr(Settings(), section)))["kind"])) - inside
        assert kinds
        for kind in kinds:
            assert re.search(rf"`{section}\.kind: [^|]*{kind}", table), (section, kind)
    assert "`capture.on_turn`" in table


def test_the_privacy_page_names_whatever_listens() -> None:
    """Every setting that opens a port or a socket."""
    page = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    table = page.partition("## What listens")[2].partition("\n## ")[0]
    ports = {f"{section}.port" for section, kind in get_type_hints(Settings).items() if hasattr(kind(), "address")}
    assert {"page.port", "metrics.port", "satellite.port"} <= ports
    for key in (ports - {"satellite.port"}) | {"hints.socket", "satellite.enabled", "satellite.discovery"}:
        assert f"| `{key}` |" in table, key

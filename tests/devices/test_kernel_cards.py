"""Cards by the names that stay, from a made-up /proc/asound, and settings that go by numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeagent.commands import _sound_probes
from edgeagent.commands._finding import Finding
from edgeagent.devices.alsa_names import KernelCard, kernel_cards
from edgeagent.settings import Audio, Settings

LISTING = """\
 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 2 [Device         ]: USB-Audio - USB PnP Sound Device
                      C-Media Electronics Inc. USB PnP Sound Device at usb-0000:01:00.0-1.3
"""


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "cards").write_text(LISTING)
    for number, name, ways in ((0, "Headphones", ("pcm0p",)), (2, "Device", ("pcm0p", "pcm0c"))):
        card = tmp_path / f"card{number}"
        card.mkdir()
        (card / "id").write_text(f"{name}\n")
        for way in ways:
            (card / way).mkdir()
    (tmp_path / "card3").mkdir()  # pulled this moment: without an id
    return tmp_path


def found(proc: Path, audio: Audio, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    monkeypatch.setattr(kernel_cards, "__defaults__", (proc,))
    return list(_sound_probes.kernel(Settings(audio=audio)))


def test_cards_have_a_name_a_description_and_directions(proc: Path) -> None:
    assert kernel_cards(proc) == (
        KernelCard("Headphones", 0, "bcm2835 Headphones", captures=False, plays=True),
        KernelCard("Device", 2, "USB PnP Sound Device", captures=True, plays=True),
    )
    assert kernel_cards(proc / "none") == ()


def test_check_lists_them_by_the_name_that_stays(proc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [finding.text for finding in found(proc, Audio(), monkeypatch)]
    assert texts == [
        "Headphones: bcm2835 Headphones (loudspeaker)",
        "Device: USB PnP Sound Device (microphone and loudspeaker)",
    ]
    assert found(proc, Audio(card="wav"), monkeypatch) == []


@pytest.mark.parametrize(
    ("audio", "fix"),
    [
        (Audio(card="pipe", input="hw:2,0"), "audio.input: plughw:CARD=Device"),
        (Audio(output="USB Audio (hw:0,0)"), "audio.output: bcm2835 Headphones"),
        (Audio(card="pipe", output="plughw:7"), "audio.output: a name that `edgeagent devices` lists"),
    ],
)
def test_a_number_is_warned_of_with_the_name_it_has_now(
    audio: Audio, fix: str, proc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (warning,) = (finding for finding in found(proc, audio, monkeypatch) if finding.topic == "card number")
    assert warning.grade.name == "WARN"
    assert warning.fix.startswith(fix)


def test_names_that_stay_are_not_warned_of(proc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audio = Audio(input="plughw:CARD=Device", output="Headphones")
    assert {finding.topic for finding in found(proc, audio, monkeypatch)} == {"card"}

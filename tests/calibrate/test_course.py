"""A calibration in computed rooms: what it finds is what is there, and it is never louder than it has to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeagent.commands._calibrate_advice import Advice, advice, changes
from edgeagent.commands._calibrate_course import Course, speech_like
from edgeagent.commands._calibrate_measured import Measured
from edgeagent.commands._calibrate_text import figures
from edgeagent.errors import DeviceError
from edgeagent.live.sounder import Way
from edgeagent.settings import Amplifier, Audio, Memory, Settings
from edgeagent.sim.mix import active_rms
from edgeagent.store.memory_file import MemoryFile
from edgeagent.turn.events import Remembered
from tests.calibrate.made_up import CARD_S, MadeUpRoom


def calibrated(
    room: MadeUpRoom, settings: Settings | None = None, person: bool = False
) -> tuple[Measured, list[Advice], list[str]]:
    told: list[str] = []
    settings = settings or Settings()
    measured, recorded = Course(settings, room, told.append, person).run()
    assert recorded.microphone.size == recorded.clean.size
    return measured, advice(settings, measured), told


def urgent(found: list[Advice]) -> str:
    return " ".join(line.text for line in found if line.urgent)


def test_a_good_device_is_told_so_and_its_figures_are_those_of_the_room() -> None:
    room = MadeUpRoom()
    measured, found, _ = calibrated(room)
    assert not urgent(found)
    assert measured.acoustic_ms == pytest.approx(5.0, abs=0.1)
    assert measured.card_ms == pytest.approx(1000 * sum(CARD_S))
    assert measured.floor_dbfs == pytest.approx(-63.1, abs=0.3)
    assert measured.echo_gain_db == pytest.approx(-12, abs=1.5)
    assert measured.volume_percent == 100
    assert (measured.drift_ppm, measured.lost_frames) == (0.0, 0)
    assert measured.linear_erle_db is not None
    assert measured.linear_erle_db > 15
    assert measured.echo_dbfs == pytest.approx(-12 - 19.5, abs=1.5)
    ways = {stops.way: stops for stops in measured.stops}
    assert ways["gate"].median_ms == pytest.approx(28, abs=0.5)
    assert ways["abort"].median_ms == pytest.approx(0.5, abs=0.5)
    assert set(ways) == {"gate", "abort"}


def test_it_begins_softly_and_stops_as_soon_as_the_microphone_clips() -> None:
    room = MadeUpRoom(gain=8.0)
    measured, found, told = calibrated(room)
    assert room.gains[0] <= 0.03
    assert room.gains == sorted(room.gains[: len(measured.steps)]) + room.gains[len(measured.steps) :]
    assert room.loudest < 1.0
    assert measured.steps[-1].clipped > 0
    assert any("clips" in line for line in told)
    assert measured.volume_percent < measured.steps[-1].volume_percent
    assert f"Turn the loudspeaker down to {measured.volume_percent} %" in urgent(found)
    assert changes(Settings(), measured)["audio.volume_percent"] == measured.volume_percent
    again, _, _ = calibrated(MadeUpRoom(gain=8.0), Settings(audio=Audio(volume_percent=measured.volume_percent)))
    assert all(step.clipped == 0 for step in again.steps)  # what it recommends does not clip


def test_a_microphone_that_is_far_too_loud_does_not_make_a_device_that_nobody_hears() -> None:
    measured, found, _ = calibrated(MadeUpRoom(gain=60.0))
    assert "its gain is far too high. Lower it" in urgent(found)
    assert "Turn the loudspeaker down" not in urgent(found)
    assert "audio.volume_percent" not in changes(Settings(), measured)
    assert ("echo", "not known") in [figure[:2] for figure in figures(measured)]  # "not audible" is not it


def test_it_is_never_louder_than_configured() -> None:
    room = MadeUpRoom()
    measured, _, _ = calibrated(room, Settings(audio=Audio(volume_percent=40)))
    assert room.loudest <= 0.4
    assert measured.volume_percent == 40


def test_a_device_that_drowns_people_is_turned_down_and_if_that_does_not_do_moved() -> None:
    measured, found, _ = calibrated(MadeUpRoom(gain=1.0))
    assert measured.voice_from == "assumed"
    quiet = MadeUpRoom(gain=0.9, speech=0.2 * speech_like(4.0, seed=9))
    measured, found, _ = calibrated(quiet, person=True)
    assert measured.voice_from == "said"
    assert measured.voice_dbfs == pytest.approx(-19.5 - 14, abs=1.5)
    assert measured.volume_percent < 100
    assert "drowns" in urgent(found)
    assert measured.echo_to_voice_db == pytest.approx(12, abs=1.5)
    faint = MadeUpRoom(gain=0.9, speech=0.03 * speech_like(4.0, seed=9))
    measured, found, _ = calibrated(faint, person=True)
    assert "further from the microphone" in urgent(found)
    assert "alsamixer" in urgent(found)  # and is hardly heard at all
    assert measured.volume_percent >= 30


def test_nobody_says_anything() -> None:
    measured, _, told = calibrated(MadeUpRoom(), person=True)
    assert measured.voice_from == "assumed"
    assert sum("please" in line.lower() and ":" in line for line in told) >= 2


def test_without_a_person_the_memory_knows_how_loud_they_are(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "memory.db"
    file = MemoryFile(path, 0.0, 24)
    file.write(0.0, None, {}, Remembered(0, level_dbfs=-35.0, turns=4))
    file.close()
    measured, _, _ = calibrated(MadeUpRoom(), Settings(memory=Memory(file=str(path))))
    assert (measured.voice_from, measured.voice_dbfs) == ("remembered", -35.0)


def test_a_loudspeaker_that_bends_is_turned_down_until_it_does_not() -> None:
    measured, found, _ = calibrated(MadeUpRoom(cube=-2.0))
    assert len(measured.bends) > 1
    assert measured.volume_percent < 100
    first, last = measured.bends[0].distortion_percent, measured.bend
    assert first is not None
    assert last is not None
    assert last.distortion_percent is not None
    assert last.distortion_percent < 0.8 * first
    assert "bends" in urgent(found)
    measured, found, _ = calibrated(MadeUpRoom(cube=0.0))
    assert len(measured.bends) == 1


@pytest.mark.parametrize(
    ("room", "problem"),
    [
        (MadeUpRoom(constant=0.0), "only zeros"),
        (MadeUpRoom(constant=0.25), "one and the same value"),
        (MadeUpRoom(gain=0.0), "nothing that the loudspeaker plays is heard"),
    ],
)
def test_what_cannot_be_measured_is_said_with_a_remedy(room: MadeUpRoom, problem: str) -> None:
    with pytest.raises(DeviceError, match=problem) as error:
        calibrated(room)
    assert error.value.remedy
    assert error.value.exit_code == 2


@pytest.mark.parametrize(("took", "said"), [(0.1, ""), (None, "The mute pin (GPIO 4) silences nothing")])
def test_a_mute_pin_is_tried_where_there_is_one(took: float | None, said: str) -> None:
    stop_ms: dict[Way, float | None] = {"gate": 28.0, "abort": 0.5, "pin": took}
    settings = Settings(amplifier=Amplifier(mute_pin=4))
    measured, found, _ = calibrated(MadeUpRoom(stop_ms=stop_ms), settings)
    pin = measured.stops[-1]
    assert pin.way == "pin"
    assert said in urgent(found)
    assert pin.all_ms == pytest.approx([0.1] * len(pin.all_ms), abs=0.3)
    assert bool(pin.all_ms) is (took is not None)


def test_a_card_that_changes_its_gain_by_itself_is_found_out() -> None:
    _, found, _ = calibrated(MadeUpRoom(gain=2.0, agc=True))
    assert "Auto Gain Control" in urgent(found)


@pytest.mark.parametrize("din_from", [0, 5, 7])  # all the time; while the last volume was tried; while it learnt
def test_a_room_that_is_loud_meanwhile_is_not_taken_for_the_card(din_from: int) -> None:
    measured, found, _ = calibrated(MadeUpRoom(din=0.05, din_from=din_from))
    assert "something else. Calibrate again" in urgent(found)
    assert "Auto Gain Control" not in urgent(found)
    assert "Turn the loudspeaker down" not in urgent(found)
    assert "could be taken out" not in urgent(found)
    assert "audio.volume_percent" not in changes(Settings(), measured)


def test_a_room_that_is_only_as_loud_meanwhile_as_the_softest_of_ours_does_no_harm() -> None:
    measured, found, _ = calibrated(MadeUpRoom(din=0.006))
    assert measured.steps[0].own < 0.5 < measured.own
    assert not urgent(found)


def test_where_the_loudspeaker_is_hardly_heard_not_all_is_well_nor_the_card_to_blame() -> None:
    for gain in (0.0005, 0.002):
        _, found, _ = calibrated(MadeUpRoom(gain=gain, noise=0.0001))
        assert [line.text for line in found if "hardly rises out of the noise" in line.text]
        assert not urgent(found)


def test_a_microphone_that_is_silent_between_words_by_its_make_is_not_muted() -> None:
    measured, _, _ = calibrated(MadeUpRoom(noise=0.0), Settings(audio=Audio(gated=True)))
    assert measured.floor_dbfs <= -120
    assert measured.acoustic_ms == pytest.approx(5.0, abs=0.1)


def test_where_no_stop_is_heard_the_mute_pin_is_not_to_blame() -> None:
    stop_ms: dict[Way, float | None] = {"gate": None, "abort": None, "pin": None}
    _, found, _ = calibrated(MadeUpRoom(stop_ms=stop_ms), Settings(amplifier=Amplifier(mute_pin=4)))
    assert "mute pin" not in urgent(found)


def test_drift_decides_whether_it_is_followed() -> None:
    measured, _, _ = calibrated(MadeUpRoom())
    assert changes(Settings(), measured) == {"echo.drift": False}  # one device, one crystal
    assert changes(Settings(), replace(measured, linear_erle_db=None)) == {}  # nothing was seen
    two = Settings(audio=Audio(input="microphone", output="loudspeaker"))
    assert changes(two, measured) == {}
    off = Settings(echo=replace(Settings().echo, drift=False))
    assert changes(off, replace(measured, drift_ppm=60.0)) == {"echo.drift": True}


def test_the_noise_is_as_loud_as_our_voice() -> None:
    noise = speech_like(4.0)
    assert 20 * np.log10(active_rms(noise.astype(np.float64))) == pytest.approx(-19.5, abs=0.5)
    assert np.abs(noise).max() < 1

"""What follows from a calibration: which volume, which settings, and what a person should move or turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor

from edgeagent.commands._calibrate_measured import CLIPS, Bend, Measured, Step, clean_step
from edgeagent.settings import Settings

HEADROOM_DBFS = -3.0
"""Peak of our own voice at the microphone: a person speaks on top of it."""

LOUD_DB = 12.0
"""Echo over voice up to which people are heard well; the ear is measured at 10 dB."""

LOWERED_DB = 10.0
"""By so much the volume is lowered for that at most: a device that cannot be heard is of no use, so then it is the
loudspeaker's place that must change."""

UNHEARD = 10
"""Part of the configured volume below which none is set for a microphone that clips: nobody would hear the device, and
a calibration never makes it louder again. It is the microphone's gain that must change."""

BENT_PERCENT = 8.0
"""Distortion from which the canceller loses more than it can model; small loudspeakers at ease give 1 to 3."""

FAINT_DBFS = -45.0
"""A voice below it drowns in the noise of a cheap converter."""

NOISY_DB = 15.0
"""Voice over the noise of the room below which words get lost."""

POOR_DB = 10.0
"""Linear ERLE below which something other than the room is between loudspeaker and microphone."""

ASTRAY_DB = 3.0
"""By which the echo may miss the volume: syllables are measured to half of it."""

SLOW_MS = 60.0
"""A stop by abort that takes longer than any card should need."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence in plain words. urgent: without it the device works badly."""

    text: str
    urgent: bool = True


def loudest(steps: Sequence[Step], voice_dbfs: float, limit_percent: int) -> int:
    """The volume in per cent, up to `limit_percent`, at which nothing clips and people are still heard."""
    return rounded(min(float(limit_percent), *_bounds(steps, voice_dbfs, limit_percent)), limit_percent)


def _bounds(steps: Sequence[Step], voice_dbfs: float, limit_percent: int) -> tuple[float, float]:
    """Volumes in per cent up to which the microphone does not clip, and the person is not drowned; of the latter only
    what LOWERED_DB allows."""
    step = clean_step(steps) or steps[0]
    by_peak = step.volume_percent * 10 ** ((HEADROOM_DBFS - step.peak_dbfs) / 20)
    if step.echo_dbfs is None:
        return by_peak, float(limit_percent)
    spare_db = voice_dbfs + LOUD_DB - step.echo_dbfs
    least = limit_percent * 10 ** (-LOWERED_DB / 20)
    return by_peak, max(step.volume_percent * 10 ** (spare_db / 20), least)


def rounded(volume: float, limit_percent: int) -> int:
    """A number that people would set: down to the next five, below ten to the next one."""
    if volume >= limit_percent:
        return limit_percent
    return max(1, floor(volume / 5) * 5 if volume >= 10 else floor(volume))


def changes(settings: Settings, measured: Measured) -> dict[str, int | bool]:
    """Settings that differ from what was measured, by dotted key."""
    wanted: dict[str, int | bool] = {}
    if not (measured.disturbed or _overdriven(settings, measured)):
        wanted["audio.volume_percent"] = measured.volume_percent
    if measured.drift_ppm:
        wanted["echo.drift"] = True
    elif _one_clock(settings, measured):
        wanted["echo.drift"] = False
    now = {"audio.volume_percent": settings.audio.volume_percent, "echo.drift": settings.echo.drift}
    return {key: value for key, value in wanted.items() if value != now[key]}


def _one_clock(settings: Settings, measured: Measured) -> bool:
    """One device for both ways, no drift seen, and an echo in which it would have been."""
    seen = measured.linear_erle_db is not None and measured.linear_erle_db >= POOR_DB
    return settings.audio.input == settings.audio.output and seen


def _overdriven(settings: Settings, measured: Measured) -> bool:
    """Whether the microphone clips at what nobody would hear."""
    return UNHEARD * measured.volume_percent < settings.audio.volume_percent


def advice(settings: Settings, measured: Measured) -> list[Advice]:
    """What to do, the most important first."""
    told = [*_disturbed(measured)] or [*_volume(settings, measured), *_place(measured)]
    return [*told, *_microphone(measured), *_rest(settings, measured)]


def _disturbed(measured: Measured) -> Iterator[Advice]:
    if measured.disturbed:
        yield Advice(
            "Most of what the microphone heard while the device played was something else. Calibrate again while it is "
            "quiet; if it was, the card or a sound server changes the sound (noise suppression): switch that off."
        )


def _volume(settings: Settings, measured: Measured) -> Iterator[Advice]:
    volume, before = measured.volume_percent, settings.audio.volume_percent
    if volume >= before:
        return
    bent = [bend for bend in measured.bends if _bends(bend) and bend.volume_percent > volume]
    clipping = next((step.volume_percent for step in measured.steps if step.clipped >= CLIPS), None)
    by_peak, by_ratio = _bounds(measured.steps, measured.voice_dbfs, before)
    if _overdriven(settings, measured):
        yield Advice(
            f"The microphone clips at {clipping} % already: its gain is far too high. Lower it (`alsamixer`, F4, the "
            "bar of the microphone), and calibrate again."
        )
        return
    if bent:
        why = f"it bends {bent[0].distortion_percent:.0f} % of the sound at {bent[0].volume_percent} %"
    elif by_ratio < by_peak:
        why = f"at {before} % it drowns you at the microphone"
    elif clipping is not None:
        why = f"the microphone clips at {clipping} %; or lower its gain (`alsamixer`, F4), and calibrate again"
    else:
        why = f"the microphone would clip at {before} % when somebody speaks as well"
    yield Advice(f"Turn the loudspeaker down to {volume} %: {why}.")


def _place(measured: Measured) -> Iterator[Advice]:
    ratio = measured.echo_to_voice_db
    if ratio is not None and ratio > LOUD_DB + 0.5:
        yield Advice(
            f"At {measured.volume_percent} % the device is still {ratio:.0f} dB louder at its microphone than you are; "
            f"up to {LOUD_DB:.0f} dB is good. Put the loudspeaker further from the microphone, let it face the other "
            "way, and do not fix both to the same thin board."
        )
    bend = measured.bend
    if bend is not None and _bends(bend):
        yield Advice(
            f"The loudspeaker bends {bend.distortion_percent:.0f} % of the sound even at {bend.volume_percent} %. "
            "Look for something that rattles with it, or take a better loudspeaker or amplifier."
        )
    if measured.astray_db > ASTRAY_DB:
        yield Advice(
            f"The echo does not follow the volume (by {measured.astray_db:.0f} dB): the card changes its own gain. "
            "No canceller can follow that. Switch it off: `alsamixer`, F4, Auto Gain Control, M."
        )
        return
    poor = measured.clear and measured.linear_erle_db is not None and measured.linear_erle_db < POOR_DB
    if poor and not (bend is not None and _bends(bend)):
        yield Advice(
            f"Only {measured.linear_erle_db:.0f} dB of the echo could be taken out. If the card or a sound server "
            "changes the sound (automatic gain, noise suppression, an equaliser), switch that off."
        )


def _bends(bend: Bend) -> bool:
    return bend.distortion_percent is not None and bend.distortion_percent > max(BENT_PERCENT, bend.doubt_percent)


def _microphone(measured: Measured) -> Iterator[Advice]:
    if measured.voice_peak_dbfs is not None and measured.voice_peak_dbfs > -0.2:
        yield Advice("The microphone clips when you speak. Lower its gain: `alsamixer`, F4, the bar of the microphone.")
    elif measured.voice_from == "said" and measured.voice_dbfs < FAINT_DBFS:
        yield Advice(
            f"You are heard at {measured.voice_dbfs:.0f} dBFS only. Raise the microphone's gain (`alsamixer`, F4) or "
            "put it nearer to where people speak."
        )
    if measured.voice_dbfs - measured.floor_dbfs < NOISY_DB:
        yield Advice(
            f"The room and the microphone make noise of {measured.floor_dbfs:.0f} dBFS, too near to your voice. Keep "
            "the microphone away from fans and power supplies; if it hums, use another USB port or power supply."
        )


def _rest(settings: Settings, measured: Measured) -> Iterator[Advice]:
    if not measured.clear and not any(step.clipped >= CLIPS for step in measured.steps):
        yield Advice(
            "The loudspeaker hardly rises out of the noise at the microphone, so little can be said of canceller and "
            "stops. That is well where it is meant; else turn up the amplifier, or the microphone (`alsamixer`, F4).",
            urgent=False,
        )
    aborts = next((stops for stops in measured.stops if stops.way == "abort" and stops.all_ms), None)
    if aborts is not None and aborts.median_ms > SLOW_MS and settings.amplifier.mute_pin < 0:
        yield Advice(
            f"A stop takes {aborts.median_ms:.0f} ms: the card plays on what it holds. An amplifier with a mute pin "
            "would be silent at once (amplifier.mute_pin).",
            urgent=False,
        )
    pins = next((stops for stops in measured.stops if stops.way == "pin"), None)
    heard = any(stops.all_ms for stops in measured.stops)
    if pins is not None and not pins.all_ms and heard:
        yield Advice(
            f"The mute pin (GPIO {settings.amplifier.mute_pin}) silences nothing. Check its wiring, and "
            f"amplifier.mute_when, which is {settings.amplifier.mute_when}."
        )
    if measured.lost_frames:
        yield Advice(
            f"{measured.lost_frames} samples were lost meanwhile. Stop what else runs here, and see what "
            "`edgeagent check` says about real time.",
            urgent=False,
        )

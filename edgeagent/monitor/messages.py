"""What a broker is told: topics and JSON.

    PREFIX/DEVICE/status        online or offline, retained; the broker itself says offline when we are gone
    PREFIX/DEVICE/state         how the device is, retained, at every change
    PREFIX/DEVICE/event/WHAT    what happened: state, stop, heard, hold, taken_back, turn, trouble
    PREFIX/DEVICE/vitals        levels, echo, load, every so often

Neither what a person said nor what the device said is in any of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from zlib import crc32

from edgeagent import __version__
from edgeagent.monitor import board
from edgeagent.monitor.tally import Tally
from edgeagent.turn.outputs import Light
from edgeagent.turn.policy import Likely
from edgeagent.units import RATE
from edgeagent.vitals import Vitals

UNTOLD = {"at", "text_heard", "text_unheard", "text"}
"""Of an entry of the journal: `at` becomes seconds, and texts may be somebody's words."""

QUOTED = "reply_failed"
"""Its `reason` may be what a server or a program says, which may repeat what was said, or what was to be said."""

DIGITS = 4


def encoded(facts: Mapping[str, object], utc: float) -> bytes:
    """The JSON of a message about the moment `utc` (seconds since 1970)."""
    when = datetime.fromtimestamp(utc, UTC).isoformat(timespec="milliseconds")
    return json.dumps({"utc": when, **_plain(facts)}, separators=(",", ":"), allow_nan=False).encode()


def event(facts: Mapping[str, object]) -> dict[str, object]:
    """The facts of an event, whether ours or an entry of the journal."""
    untold = {*UNTOLD, "reason"} if facts.get("event") == QUOTED else UNTOLD
    told = {key: value for key, value in facts.items() if key not in untold}
    at = facts.get("at")
    return {**({"at_s": at / RATE} if isinstance(at, int) else {}), **told}


def state(vitals: Vitals) -> dict[str, object]:
    """What stays with the broker."""
    return {
        "state": vitals.state,
        "light": vitals.light,
        "hears": vitals.hears,
        "trouble": vitals.trouble,
        "impaired": list(vitals.impaired),
    }


def report(vitals: Vitals, tally: Tally) -> dict[str, object]:
    """What is told every so often."""
    counts = tally.counts
    warmest = max(board.temperatures().values(), default=None)
    return {
        "at_s": vitals.at / RATE,
        "microphone_dbfs": vitals.microphone_dbfs,
        "loudspeaker_dbfs": vitals.loudspeaker_dbfs,
        "erle_db": vitals.erle_db,
        "trust": vitals.trust,
        "drift_ppm": vitals.drift_ppm,
        **({"delay_ms": vitals.delay_ms} if vitals.delay_ms >= 0 else {}),
        "lost_samples": vitals.lost,
        "reopened": vitals.reopened,
        "left_out": vitals.facts.get("left_out", 0),
        "stops": sum(number for (name, _), number in list(counts.items()) if name == "stop"),
        "taken_back": counts["taken_back", ""],
        "held": counts["doubt", "held"],
        "backchannels": counts["false_alarm", Likely.BACKCHANNEL],
        "memory_mb": board.resident_bytes() / 1e6,
        **({"temperature_c": warmest} if warmest is not None else {}),
        "messages_dropped": counts["mqtt", "dropped"],
    }


def identity(base: str) -> str:
    """By what Home Assistant knows the device, in a topic in which it takes these few characters and no other name. A
    checksum keeps apart what is alike without the others."""
    known = base.replace("/", "_")
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", known)
    return f"edgeagent_{plain}" if plain == known else f"edgeagent_{plain}_{crc32(base.encode()):08x}"


def discovery(base: str) -> dict[str, object]:
    """What Home Assistant (2024.12 and later, discovery by device) must know to show one. base: PREFIX/DEVICE."""
    state_topic, vitals_topic = f"{base}/state", f"{base}/vitals"
    number = {"platform": "sensor", "state_topic": vitals_topic, "state_class": "measurement"}
    parts: dict[str, dict[str, object]] = {
        "state": {
            "platform": "sensor",
            "name": "State",
            "device_class": "enum",
            "options": [light.value for light in Light],
            "state_topic": state_topic,
            "value_template": "{{ value_json.state }}",
        },
        "problem": {
            "platform": "binary_sensor",
            "name": "Problem",
            "device_class": "problem",
            "state_topic": state_topic,
            "value_template": "{{ 'OFF' if value_json.hears and not value_json.impaired else 'ON' }}",
            "json_attributes_topic": state_topic,
        },
        "erle": {
            **number,
            "name": "Echo taken away",
            "unit_of_measurement": "dB",
            "value_template": "{{ value_json.erle_db }}",
        },
        "temperature": {
            **number,
            "name": "Temperature",
            "device_class": "temperature",
            "unit_of_measurement": "°C",
            "value_template": "{{ value_json.temperature_c | default(none) }}",
        },
    }
    known = identity(base)
    return {
        "device": {
            "identifiers": [known],
            "name": base.rpartition("/")[2],
            "model": "edgeagent",
            "sw_version": __version__,
        },
        "origin": {"name": "edgeagent", "sw_version": __version__},
        "availability_topic": f"{base}/status",
        "components": {name: {**part, "unique_id": f"{known}_{name}"} for name, part in parts.items()},
    }


def _plain(facts: Mapping[str, object]) -> dict[str, object]:
    return {str(key): _value(value) for key, value in facts.items()}


def _value(value: object) -> object:
    match value:
        case bool() | int() | str() | None:
            return value
        case float():
            return round(value, DIGITS) if isfinite(value) else None
        case list() | tuple():
            return [_value(item) for item in value]
        case Mapping():
            return _plain(value)
    return str(value)

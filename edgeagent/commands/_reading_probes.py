"""Whether the installed service can read what its configuration names. Root, who checks, can read everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgeagent.commands import _installed
from edgeagent.commands._finding import Finding, fail
from edgeagent.settings import Settings


def readable(settings: Settings) -> Iterator[Finding]:
    """Nothing where it can, or where somebody checks for themselves."""
    service = _installed.installed()
    if service is None or service.absent:
        return
    for key, name in _named(settings).items():
        if name and (why := service.hides(service.path(name))):
            copied = _installed.STATE / Path(name).name
            here = Path(name).expanduser().resolve()
            brought = f"sudo cp -r {here} {copied}; sudo chown -R {service.user}: {copied}"
            yield fail("files", f"{key}: {why}", f"{brought}; set {key}: {copied}; {_installed.RESTART}")


def _named(settings: Settings) -> dict[str, str]:
    """What is read, by its key; "" where nothing is named."""
    script, talker, recogniser = settings.script, settings.talker, settings.recogniser
    return {
        "script.file": script.file,
        "script.rules": script.rules,
        "script.reading": script.reading,
        "talker.model": talker.model if talker.kind == "piper" else "",
        "talker.wav_dir": talker.wav_dir if talker.kind == "wav" else "",
        "recogniser.model": recogniser.model if recogniser.kind in ("vosk", "sherpa") else "",
        "models.folder": settings.models.folder,
        "models.smart_turn": settings.models.smart_turn,
        "replier.tools": settings.replier.tools,
        "mqtt.ca_file": settings.mqtt.ca_file,
    }

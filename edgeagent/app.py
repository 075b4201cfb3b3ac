"""Builds everything; the only file that knows every name."""

from __future__ import annotations

from edgeagent import __version__
from edgeagent.detect.ear import Ear
from edgeagent.devices.model_files import load_model, manifest
from edgeagent.engine import Engine
from edgeagent.ports import Journal
from edgeagent.settings import Settings, settings_hash
from edgeagent.signal.canceller import Canceller


def build_engine(settings: Settings, journal: Journal) -> Engine:
    """A new engine with the models of this release. Raises ModelError."""
    return Engine(settings, journal, *parts(settings))


def parts(settings: Settings) -> tuple[Canceller, Ear]:
    """What a new engine hears with, for those who look inside. Raises ModelError."""
    return Canceller(settings.echo.drift), Ear(load_model("near_end"), load_model("backchannel"))


def versions() -> dict[str, str]:
    """What decides besides the settings: this program's version and its models' checksums. Raises ModelError."""
    return {"edgeagent": __version__} | {name: digest[:12] for name, (_, digest) in manifest().items()}


def head(settings: Settings) -> dict[str, object]:
    """The first entry of every journal. Raises ModelError."""
    return {"at": 0, "event": "started", "settings": settings_hash(settings), **versions()}

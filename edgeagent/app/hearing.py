"""What the device hears with: the engine, the canceller, the ear, and the names of all that decides."""

from __future__ import annotations

from dataclasses import replace

from edgeagent import __version__
from edgeagent.detect.beside import Beside
from edgeagent.detect.ear import Ear
from edgeagent.devices.model_files import chosen, load_model, manifest
from edgeagent.engine import Engine
from edgeagent.monitor.stages import Stages, TimedCanceller, TimedModel
from edgeagent.ports import EchoCanceller, Journal, Model
from edgeagent.settings import Settings, settings_hash
from edgeagent.signal.bypass import Bypass
from edgeagent.signal.canceller import Canceller


def build_engine(settings: Settings, journal: Journal, ear: Ear | None = None, stages: Stages | None = None) -> Engine:
    """A new engine. ear: instead of the one with the models of the settings, and of the shadow. stages: learns what
    canceller and models cost. Raises ModelError."""
    beside = build_beside(settings) if ear is None else None
    return Engine(settings, journal, build_canceller(settings, stages), ear or build_ear(settings, stages), beside)


def parts(settings: Settings) -> tuple[EchoCanceller, Ear]:
    """What a new engine hears with, for those who look inside. Raises ModelError."""
    return build_canceller(settings), build_ear(settings)


def build_canceller(settings: Settings, stages: Stages | None = None) -> EchoCanceller:
    """What takes our own voice out. stages: see `build_engine`."""
    canceller = Canceller(settings.echo.drift) if settings.echo.enabled else Bypass()
    return TimedCanceller(canceller, stages) if stages else canceller


def build_ear(settings: Settings, stages: Stages | None = None) -> Ear:
    """What hears people. stages: see `build_engine`. Raises ModelError."""
    folder, kind = chosen(settings.models)

    def load(name: str) -> Model:
        model = load_model(name, folder, kind=kind)
        return TimedModel(model, name, stages) if stages else model

    return Ear(load("near_end"), load("backchannel"))


def build_beside(settings: Settings) -> Beside | None:
    """The shadow, if there is one. Raises ModelError."""
    tried = settings.shadow
    if not tried.on:
        return None
    turns = settings.turns
    if tried.false_stops_per_hour:
        turns = replace(turns, false_stops_per_hour=tried.false_stops_per_hour)
    return Beside(turns, build_ear(_shadowed(settings)) if tried.models else None)


def _shadowed(settings: Settings) -> Settings:
    """With the models that are tried."""
    return replace(settings, models=replace(settings.models, folder=settings.shadow.models))


def versions(settings: Settings) -> dict[str, str]:
    """What decides besides the settings: this program's version and its models' checksums. Raises ModelError."""
    found = {"edgeagent": __version__, **_checksums(settings)}
    if settings.shadow.models:
        found |= {f"shadow_{name}": digest for name, digest in _checksums(_shadowed(settings)).items()}
    return found


def _checksums(settings: Settings) -> dict[str, str]:
    return {name: digest[:12] for name, (_, digest) in manifest(*chosen(settings.models)).items()}


def head(settings: Settings) -> dict[str, object]:
    """The first entry of every journal. Raises ModelError."""
    return {"at": 0, "event": "started", "settings": settings_hash(settings), **versions(settings)}

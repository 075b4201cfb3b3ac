"""Builds everything; the only folder that knows every name."""

from __future__ import annotations

from edgeagent.app.beside import add_memory, load_turn_end
from edgeagent.app.hardware import build_amplifier, build_card, build_factory
from edgeagent.app.hearing import build_beside, build_engine, head, parts, versions
from edgeagent.app.runtime import build_runtime
from edgeagent.app.talking import build_dialogue, build_listener, build_spotter, build_talker, spotted

__all__ = [
    "add_memory",
    "build_amplifier",
    "build_beside",
    "build_card",
    "build_dialogue",
    "build_engine",
    "build_factory",
    "build_listener",
    "build_runtime",
    "build_spotter",
    "build_talker",
    "head",
    "load_turn_end",
    "parts",
    "spotted",
    "versions",
]

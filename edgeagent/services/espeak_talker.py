"""The built-in voice: espeak-ng in a child process, with word times."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from edgeagent import settings
from edgeagent.services.apart import apart
from edgeagent.services.library_talker import LibraryTalker


def library() -> tuple[str, str]:
    """Library and data folder: those of the wheel, otherwise the system's (its data folder is built in)."""
    spec = find_spec("espeakng_loader")  # found, not imported: importing is the child's affair
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent
        if (folder / "libespeak-ng.so").exists():
            return str(folder / "libespeak-ng.so"), str(folder / "espeak-ng-data")
    return "libespeak-ng.so.1", ""


class EspeakTalker(LibraryTalker):
    """See `LibraryTalker`; `talker.voice` is one of espeak-ng's."""

    def __init__(self, talker: settings.Talker) -> None:
        super().__init__("espeak-ng", apart("edgeagent.services.espeak_child", *library()), talker.voice, talker)

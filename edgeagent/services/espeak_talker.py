"""The built-in voice: espeak-ng in a child process, with word times."""

from __future__ import annotations

from edgeagent import settings
from edgeagent.services.apart import apart
from edgeagent.services.espeak_voices import library
from edgeagent.services.library_talker import LibraryTalker


class EspeakTalker(LibraryTalker):
    """See `LibraryTalker`; `talker.voice` is one of espeak-ng's."""

    def __init__(self, talker: settings.Talker) -> None:
        super().__init__("espeak-ng", apart("edgeagent.services.espeak_child", *library()), talker.voice, talker)

"""flite in a child process, with word times: small, English only, under a licence without conditions."""

from __future__ import annotations

from edgeagent import settings
from edgeagent.services.apart import apart
from edgeagent.services.library_talker import LibraryTalker

VOICE = "slt"
"""Its best one, and ours where `talker.voice` still is espeak-ng's."""


class FliteTalker(LibraryTalker):
    """See `LibraryTalker`."""

    def __init__(self, talker: settings.Talker) -> None:
        voice = talker.voice if talker.voice != settings.Talker().voice else VOICE
        super().__init__("flite", apart("edgeagent.services.flite_child"), voice, talker)

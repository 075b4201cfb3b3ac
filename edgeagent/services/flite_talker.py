"""flite in a child process, with word times: small, English only, under a licence without conditions."""

from __future__ import annotations

from edgeagent import settings
from edgeagent.services.apart import apart
from edgeagent.services.flite_voices import chosen
from edgeagent.services.library_talker import LibraryTalker


class FliteTalker(LibraryTalker):
    """See `LibraryTalker`."""

    def __init__(self, talker: settings.Talker) -> None:
        super().__init__("flite", apart("edgeagent.services.flite_child"), chosen(talker.voice), talker)

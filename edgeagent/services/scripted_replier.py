"""The replier that needs no model: sentences from the configuration or a file, one after the other, over and over."""

from __future__ import annotations

from edgeagent import settings
from edgeagent.ports import Request
from edgeagent.services.ready_reply import ReadyReply
from edgeagent.services.script_file import read_script


class ScriptedReplier:
    """See `ports.Replier`. opening: what the device says first, "" to wait for the user."""

    def __init__(self, script: settings.Script) -> None:
        """Raises ConfigError that lists every fault of the script's file."""
        self.opening, self._replies = read_script(script.file) if script.file else (script.opening, script.replies)
        self._next = 0

    def reply(self, _request: Request) -> ReadyReply:
        """The script goes its way, whatever was said."""
        if not self._replies:
            return ReadyReply()
        sentence = self._replies[self._next % len(self._replies)]
        self._next += 1
        return ReadyReply(sentence)

    def close(self) -> None:
        pass

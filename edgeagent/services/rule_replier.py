"""The replier of a kiosk: rules in a file, no model, no network, the same answer today and tomorrow."""

from __future__ import annotations

from edgeagent.dialogue.rules import filled_in
from edgeagent.ports import Request
from edgeagent.services.ready_reply import ReadyReply
from edgeagent.services.rule_file import read_rules


class RuleReplier:
    """See `ports.Replier`. opening: what the device says first, "" to wait for the user."""

    def __init__(self, file: str) -> None:
        """Raises ConfigError with every fault of the file."""
        script = read_rules(file)
        self.opening = script.opening
        self._rules = script.rules
        self._said: dict[tuple[str, ...], int] = {}
        """How often each list of replies was asked for: they are said in turn."""

    def reply(self, request: Request) -> ReadyReply:
        """See `ports.Replier`."""
        replies, values = self._rules.find(request.text, request.understood)
        if not replies:
            return ReadyReply()
        count = self._said.get(replies, 0)
        self._said[replies] = count + 1
        return ReadyReply(filled_in(replies[count % len(replies)], values))

    def close(self) -> None:
        """Nothing is open."""

"""Tools for a model, in a file."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import yaml

from edgeagent import settings
from edgeagent.services.chat_replier import ChatReplier
from tests.services.chat_server import ChatServer

PARAMETERS = {
    "type": "object",
    "properties": {"on": {"type": "boolean"}, "room": {"type": "string", "enum": ["kitchen", "hall"]}},
    "required": ["on"],
    "additionalProperties": False,
}


def tools(folder: Path, program: str, timeout_s: float = 5.0) -> str:
    """A file with one tool, lamp, which is a program of the shell."""
    lamp = {"name": "lamp", "description": "Switches the lamp.", "parameters": PARAMETERS, "timeout_s": timeout_s}
    file = folder / "tools.yaml"
    file.write_text(yaml.safe_dump({"tools": [{**lamp, "command": f"sh -c {quote(program)}"}]}))
    return str(file)


def with_tools(server: ChatServer, file: str, key: str = "") -> ChatReplier:
    return ChatReplier(settings.Replier(kind="chat", url=server.url, model="small", tools=file), key)

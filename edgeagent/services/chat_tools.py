"""What a model may do besides talking: programs of the owner's, each with a name and the arguments that it takes.

    tools:
      - name: lamp
        description: Switches the lamp in the kitchen.
        parameters:
          type: object
          properties: {on: {type: boolean}}
          required: [on]
        command: /usr/local/bin/lamp
        timeout_s: 5

The program gets the arguments as a line of JSON on its stdin; what it prints is told to the model. It is no shell and
gets nothing of what was said on its command line. A model may make arguments up, so they are looked at first: of JSON
Schema that is `type`, `properties`, `required`, `enum` and `additionalProperties`, one level deep; unlike there, what
is not declared is refused unless that is true.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from shutil import which
from time import monotonic
from typing import Any

from edgeagent.errors import ServiceError, meant, nearest
from edgeagent.services.child import Child, pump
from edgeagent.services.cuttable import Cuttable
from edgeagent.services.lined_yaml import JsonLoader, Lined, Place, read_lined, refused
from edgeagent.services.wake import Wake

KEYS = ("name", "description", "parameters", "command", "timeout_s")
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""As OpenAI's interface takes them."""

TIMEOUT_S = 10.0
LONGEST_TIMEOUT_S = 120.0
MOST = 32
"""Tools at most: each is read by the model at every turn."""

OUTPUT = 16_384
"""Bytes of what a program prints that the model is told."""

TYPES: Mapping[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


@dataclass(frozen=True, slots=True)
class Tool:
    """One program. parameters: JSON Schema of an object. argv: the program and its arguments."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    argv: tuple[str, ...]
    timeout_s: float

    def told(self) -> dict[str, object]:
        """As the server takes it."""
        function = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": function}


@dataclass(frozen=True, slots=True)
class Call:
    """What the model wants done. arguments: JSON, as it wrote it."""

    id: str
    name: str
    arguments: str

    def parsed(self) -> object:
        """The arguments. Raises ValueError for what is no JSON."""
        try:
            return json.loads(self.arguments or "{}")
        except RecursionError as deep:  # a model that repeats itself
            raise ValueError("nested too deep") from deep

    def told(self) -> dict[str, object]:
        """As the server wants it back. Many read the arguments, and refuse the whole conversation for a call that was
        cut off in the middle; its result says what was wrong."""
        try:
            whole = isinstance(self.parsed(), dict)
        except ValueError:
            whole = False
        function = {"name": self.name, "arguments": (self.arguments or "{}") if whole else "{}"}
        return {"id": self.id, "type": "function", "function": function}


class Run(Cuttable):
    """One call at work. `result` for the thread that reads the reply; `cancel` from any."""

    def __init__(self, tools: Mapping[str, Tool], call: Call) -> None:
        super().__init__()
        self._tools = tools
        self._call = call

    def result(self) -> str:
        """What the model is told: what the program printed, or what went wrong. "" once cancelled."""
        tool = self._tools.get(self._call.name)
        if tool is None:
            return f"error: there is no tool '{self._call.name}'. There are: {', '.join(self._tools)}"
        try:
            arguments = self._call.parsed()
        except ValueError:
            return "error: the arguments are no JSON"
        if wrong := _wrong(arguments, tool.parameters):
            return f"error: {wrong}"
        wake = self._wake = Wake()
        try:
            return "" if self._cancelled else self._ran(tool, arguments, wake)
        except ServiceError as error:
            return f"error: {error.problem}"
        finally:
            wake.close()

    def _ran(self, tool: Tool, arguments: object, wake: Wake) -> str:
        child = self._child = Child(tool.argv)
        deadline = monotonic() + tool.timeout_s
        try:
            child.send(json.dumps(arguments, ensure_ascii=False).encode(errors="replace") + b"\n")
            child.end_input()
            while not child.exited and not self._cancelled:
                del child.received[OUTPUT:]
                if monotonic() >= deadline:
                    return f"error: it took longer than {tool.timeout_s:g} s and was ended"
                pump([child], wake, deadline - monotonic())
            if self._cancelled:
                return ""
            status, said = child.status(), child.received[:OUTPUT].decode(errors="replace").strip()
            return said or "done" if status == 0 else f"error: status {status} {child.complaint()}".strip()
        finally:
            child.close()


def read_tools(file: str) -> Mapping[str, Tool]:
    """The tools of a file, by name. Raises ConfigError with every fault of the file."""
    lined = read_lined(file, "replier.tools", JsonLoader)
    told = lined.data
    if not isinstance(told, dict) or not isinstance(told.get("tools"), list) or len(told) > 1:
        raise refused(file, [lined.fault((), "needs one key, tools, with a list")])
    faults = [*lined.faults]
    if len(told["tools"]) > MOST:
        faults.append(lined.fault(("tools",), f"{len(told['tools'])} tools; {MOST} are the most"))
    names: set[str] = set()
    for number, tool in enumerate(told["tools"]):
        faults += _faults(lined, ("tools", number), tool, names)
    if faults:
        raise refused(file, faults)
    return {tool["name"]: _tool(tool) for tool in told["tools"]}


def _tool(told: Mapping[str, Any]) -> Tool:
    nothing = {"type": "object", "properties": {}}
    argv = tuple(shlex.split(told["command"]))
    timeout_s = float(told.get("timeout_s", TIMEOUT_S))
    return Tool(told["name"], told["description"], told.get("parameters") or nothing, argv, timeout_s)


def _faults(lined: Lined, place: Place, tool: object, names: set[str]) -> Iterator[str]:
    if not isinstance(tool, dict):
        yield lined.fault(place, f"a tool needs {', '.join(KEYS)}")
        return
    for key in tool:
        if key not in KEYS:
            yield lined.fault((*place, str(key)), f"unknown key '{key}'{meant(nearest(str(key), KEYS))}")
    name = tool.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        yield lined.fault((*place, "name"), "name needs letters, digits, _ and -, 64 at most")
    elif name in names:
        yield lined.fault((*place, "name"), f"two tools have the name '{name}'")
    names.add(str(name))
    if not isinstance(tool.get("description"), str) or not tool["description"].strip():
        yield lined.fault((*place, "description"), "description needs text: by it the model knows when to use the tool")
    yield from _parameter_faults(lined, place, tool.get("parameters") or {"type": "object"})
    timeout_s = tool.get("timeout_s", TIMEOUT_S)
    if not TYPES["number"](timeout_s) or not 0 < timeout_s <= LONGEST_TIMEOUT_S:
        yield lined.fault((*place, "timeout_s"), f"timeout_s needs a number up to {LONGEST_TIMEOUT_S:g} s")
    try:
        argv = shlex.split(tool["command"]) if isinstance(tool.get("command"), str) else []
    except ValueError as error:
        yield lined.fault((*place, "command"), f"command: {str(error).lower()}. Check the quotes")
        return
    if not argv:
        yield lined.fault((*place, "command"), "command needs a program and its arguments")
    elif which(argv[0]) is None:
        name, given, _value = argv[0].partition("=")  # what is behind it may be a password
        wrong = f"'{name}=...' is no program. Write  env {name}=VALUE PROGRAM" if given else ""
        yield lined.fault((*place, "command"), wrong or f"there is no program '{name}'. Install it or give its path")


def _parameter_faults(lined: Lined, place: Place, parameters: object) -> Iterator[str]:
    place = (*place, "parameters")
    if not isinstance(parameters, dict) or parameters.get("type") != "object":
        yield lined.fault(place, "parameters needs a JSON Schema with  type: object")
    elif not isinstance(parameters.get("properties", {}), dict) or not isinstance(parameters.get("required", []), list):
        yield lined.fault(place, "parameters: properties needs names, required a list of them")
    else:
        properties = parameters.get("properties", {})
        for argument in parameters.get("required", []):
            if not isinstance(argument, str):
                yield lined.fault((*place, "required"), f"parameters: required has {argument!r}, which is no name")
            elif argument not in properties and parameters.get("additionalProperties", False) is False:
                near = meant(nearest(argument, map(str, properties)))
                told = f"parameters: required has '{argument}', which no call can have: it is no property{near}"
                yield lined.fault((*place, "required"), told)
        for argument, about in properties.items():
            if wrong := _unreadable(about):
                yield lined.fault((*place, "properties", str(argument)), f"parameters: {argument} needs {wrong}")


def _unreadable(about: object) -> str:
    """What a schema of one argument needs, so that it can be looked at; "" for nothing."""
    if not isinstance(about, dict):
        return "a schema, such as {type: string}"
    kinds = about.get("type", "")
    if not isinstance(kinds, str) and not (isinstance(kinds, list) and all(isinstance(kind, str) for kind in kinds)):
        return "as type a name or a list of names"
    return "" if isinstance(about.get("enum", []), list) else "as enum a list, such as [kitchen, hall]"


def _wrong(arguments: object, schema: Mapping[str, Any]) -> str:
    """What is wrong with arguments, for the model; "" for nothing."""
    if not isinstance(arguments, dict):
        return "the arguments are no object"
    properties = schema.get("properties", {})
    if missing := [str(name) for name in schema.get("required", []) if name not in arguments]:
        return f"missing: {', '.join(missing)}"
    for name, value in arguments.items():
        about = properties.get(name)
        if about is None:
            if schema.get("additionalProperties", False) is False:
                return f"unknown: {name}"
        elif isinstance(about, dict):
            kinds = about.get("type", ())
            allowed = [kinds] if isinstance(kinds, str) else list(kinds)
            if allowed and not any(kind not in TYPES or TYPES[kind](value) for kind in allowed):
                return f"{name} must be {' or '.join(allowed)}"
            if "enum" in about and value not in about["enum"]:
                return f"{name} must be one of {', '.join(map(str, about['enum']))}"
    return ""

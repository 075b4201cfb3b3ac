"""YAML to `Settings`: every fault at once, in plain words, with the key it is about and the key that was meant.

`load(path)` reads a file, `loads(text, name)` a text; both raise one ConfigError that lists everything wrong. No value
is clamped, no environment variable is filled in, no second file is merged: what the file says is what runs. `amend`
changes single values of a text and leaves its comments alone.
"""

from edgeagent.config.amend import amend
from edgeagent.config.example import example
from edgeagent.config.load import load, loads

__all__ = ["amend", "example", "load", "loads"]

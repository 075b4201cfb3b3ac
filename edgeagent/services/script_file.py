"""The sentences of the scripted replier in a file."""

from __future__ import annotations

from pathlib import Path

import yaml

from edgeagent.errors import ConfigError

REMEDY = "write `opening: a sentence` and `replies: [sentences]`"


def read_script(file: str) -> tuple[str, tuple[str, ...]]:
    """Opening and replies of a YAML file; either may be left out. Raises ConfigError."""
    path = Path(file).expanduser()
    try:
        script = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the script '{file}': {error.strerror}", "set script.file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"the script '{file}' is not YAML: {' '.join(str(error).split())}", REMEDY) from error
    if not isinstance(script, dict) or not script:
        raise ConfigError(f"the script '{file}' is empty", REMEDY)
    faults = [f"unknown key {key!r}" for key in script if key not in ("opening", "replies")]
    opening, replies = script.get("opening", ""), script.get("replies", [])
    if not isinstance(opening, str):
        faults.append("opening is not a sentence")
    if not isinstance(replies, list):
        faults.append("replies is not a list of sentences")
    else:
        faults += [f"reply {n} is not a sentence" for n, reply in enumerate(replies, 1) if not isinstance(reply, str)]
    if faults:
        raise ConfigError(f"the script '{file}': {', '.join(faults)}", REMEDY)
    return opening, tuple(replies)

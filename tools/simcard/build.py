"""Builds the plugin once per source text and keeps it in the user's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("pcm_simcard.c")
FLAGS = ("-O2", "-Wall", "-Wextra", "-fPIC", "-shared", "-DPIC")


class BuildError(RuntimeError):
    """The plugin cannot be built here; the text says what is missing."""


def build() -> Path:
    """The plugin, built if this source has not been built yet. Raises BuildError."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgeagent-simcard"
    plugin = cache / hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16] / "libasound_module_pcm_simcard.so"
    if plugin.exists():
        return plugin
    compiler = shutil.which(os.environ.get("CC", "gcc"))
    if compiler is None:
        raise BuildError("no C compiler: apt install gcc libasound2-dev")
    plugin.parent.mkdir(parents=True, exist_ok=True)
    draft = plugin.with_suffix(f".{os.getpid()}")  # two test runs may build at once
    run = subprocess.run(
        [compiler, *FLAGS, "-o", str(draft), str(SOURCE), "-lasound"], capture_output=True, text=True, check=False
    )
    if run.returncode:
        missing = "alsa/asoundlib.h" in run.stderr or "-lasound" in run.stderr
        raise BuildError("no ALSA headers: apt install libasound2-dev" if missing else run.stderr.strip())
    draft.replace(plugin)
    return plugin

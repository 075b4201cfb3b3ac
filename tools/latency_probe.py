"""How fast this device falls silent when somebody speaks up: `tools/probe` as one command.

    python tools/latency_probe.py --help

Runs from the checkout with whatever edgeagent is installed in the interpreter's environment, and with that of the
checkout where none is.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[1]))

from edgeagent.__main__ import ended
from tools.probe.command import main

if __name__ == "__main__":
    raise SystemExit(ended(main))

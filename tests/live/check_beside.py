"""`edgeagent check` with another /proc: `python -m tests.live.check_beside PROC [options of check]`. A simulated
card has no place in the kernel's."""

from __future__ import annotations

import sys
from pathlib import Path

from edgeagent.__main__ import main
from edgeagent.devices.holders import Holders

Holders.__init__.__defaults__ = (Path(sys.argv[1]),)
sys.exit(main(["check", *sys.argv[2:]]))

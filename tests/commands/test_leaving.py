"""A process that cannot go on says why, also while a sound library that hangs has its stderr."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from edgeagent.errors import DeviceHung

HANGING = """
import os
from threading import Event, Thread

from edgeagent.commands._device import leaving
from edgeagent.commands._service import looked_after
from edgeagent.devices.portaudio import quiet
from edgeagent.errors import DeviceHung

inside = Event()

def ask():
    with quiet():
        inside.set()
        Event().wait()

with looked_after(), leaving():
    Thread(target=ask, daemon=True).start()
    inside.wait()
"""


def ended(how: str) -> tuple[int, str]:
    """Exit code and stderr of a managed process in which a library hangs, and which then does `how`."""
    environment = os.environ | {"NOTIFY_SOCKET": "@edgeagent-test-nobody"}
    command = [sys.executable, "-c", HANGING + "    " + how]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    return done.returncode, done.stderr


MEANWHILE = """
from contextlib import redirect_stdout
from io import StringIO

from edgeagent.commands._device import Printer, Warner
from edgeagent.devices.portaudio import quiet
from edgeagent.devices.terminal_lamp import TerminalLamp
from edgeagent.turn.outputs import Light

warn, lamp, printer = Warner(), TerminalLamp(), Printer(lambda entry: entry["event"], lambda: None)
with quiet(), redirect_stdout(StringIO()):
    warn("the disk: full; the journal ends here")
    lamp.show(Light.MIC_LOST)
    lamp.close()
    printer.write({"event": "mic lost"})
    printer.close()
"""


def test_what_is_said_while_a_card_is_looked_for_is_not_put_aside() -> None:
    """Which is every second where it is away: lamp, warnings and timeline are for the person all the same."""
    done = subprocess.run([sys.executable, "-c", MEANWHILE], capture_output=True, text=True, timeout=60, check=True)
    warned = "edgeagent: warning: the disk: full; the journal ends here"
    assert done.stderr.splitlines() == [warned, "lamp: mic lost"]
    assert done.stdout == "mic lost\n"


def test_that_the_library_hangs_is_said() -> None:
    code, said = ended("raise DeviceHung('the sound library hangs', 'plug it in again')")
    assert (code, said) == (75, f"edgeagent: error: {DeviceHung('the sound library hangs', 'plug it in again')}\n")


def test_where_every_thread_stood_is_said() -> None:
    code, said = ended("os.abort()")
    assert code == -signal.SIGABRT
    assert "in ask" in said

"""Waiting for other processes and threads without guessing how long they take."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

Eventually = Callable[[Callable[[], object]], None]

GIVE_UP_S = 30.0
"""A recogniser at work beside four other programs has taken more than ten."""


@pytest.fixture
def eventually() -> Eventually:
    """Waits until a condition holds; fails when it still does not after GIVE_UP_S."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = monotonic() + GIVE_UP_S
        while not condition():
            assert monotonic() < deadline, "it never happened"
            Event().wait(0.002)

    return wait


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1 and localhost, with its key; nobody vouches for it but `cert.pem` beside it."""
    folder = tmp_path_factory.mktemp("tls")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    made += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    made += ["-addext", "keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign"]  # Python 3.13 looks
    made += ["-keyout", str(folder / "both.pem"), "-out", str(folder / "cert.pem")]
    try:
        subprocess.run(made, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl is not installed")
    with (folder / "both.pem").open("a") as both:
        both.write((folder / "cert.pem").read_text())
    return folder / "both.pem"

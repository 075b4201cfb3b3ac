"""A fresh Debian with a systemd of its own, booted in a container: for tests that install things.

Needs root, debootstrap and systemd-nspawn (`apt install debootstrap systemd-container`). The first use fetches a
minimal Debian into build/containers; each container is a copy of it. How this machine reaches its packages (apt's
sources, pip's configuration, certificates) is lent to the container, so that it can reach them as well.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlparse

ROOT = Path(__file__).parents[2]
BASES = ROOT / "build" / "containers"
CHECKOUT = "/home/somebody/edgeagent"
"""Where the container sees the checkout; it cannot write there."""

BOOT_S = 60.0
TOOLS = ("debootstrap", "systemd-nspawn", "nsenter", "pip")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
LENT_CERTIFICATES = "/lent/certificates.crt"
"""Where the container sees ours: in the usual place they would be in the way of its own."""


class Unavailable(RuntimeError):
    """No container can run here; the text says why."""


def base(suite: str) -> Path:
    """A minimal Debian with systemd, fetched once. Raises Unavailable."""
    if os.geteuid() != 0:
        raise Unavailable("containers need root")
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        raise Unavailable(f"no {' and no '.join(missing)} here")
    folder = BASES / suite
    if folder.exists():
        return folder
    BASES.mkdir(parents=True, exist_ok=True)
    draft = BASES / f"{suite}.{os.getpid()}"
    command = ["debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus", suite, str(draft)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        shutil.rmtree(draft, ignore_errors=True)
        raise Unavailable(f"debootstrap {suite}: {(run.stdout + run.stderr).strip().splitlines()[-1]}")
    lend_sources(draft, suite)
    draft.replace(folder)
    return folder


def lend_sources(root: Path, suite: str) -> None:
    """apt's sources of this machine, where it is the same Debian."""
    if f"VERSION_CODENAME={suite}" not in Path("/etc/os-release").read_text():
        return
    (root / "etc/apt/sources.list").unlink(missing_ok=True)
    for source in [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*.sources")]:
        if source.exists():
            shutil.copy(source, root / source.relative_to("/"))


def lent() -> list[str]:
    """Files and folders that pip reads on this machine."""
    listed = subprocess.run(["pip", "config", "list"], capture_output=True, text=True, check=True).stdout
    files = ["/etc/pip.conf", "/etc/xdg/pip"]
    for word in listed.replace("'", " ").replace("=", " ").split():
        url = urlparse(word)
        if url.scheme in ("", "file") and url.path.startswith("/"):
            files.append(unquote(url.path))
    return [file for file in dict.fromkeys(files) if Path(file).exists() and file != CERTIFICATES]


class Container:
    """It runs, and commands run in it as root."""

    def __init__(self, root: Path, leader: int, environment: Mapping[str, str]) -> None:
        self.root = root
        self.leader = leader
        self._environment = environment

    def run(self, command: str, *, check: bool = True, wait_s: float = 1200, card: str = "") -> str:
        """What the shell command prints, errors included. Fails with all of it unless it succeeds or check=False.
        card: the ALSA configuration it sees, if not the system's."""
        where = ["nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"]
        alsa = {"ALSA_CONFIG_PATH": card} if card else {}
        pairs = [f"{key}={value}" for key, value in {**self._environment, **alsa}.items()]
        ran = subprocess.run(
            [*where, "env", "-i", *pairs, "bash", "-c", f"cd /root; {command}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=wait_s,
            check=False,
        )
        if check and ran.returncode:
            raise AssertionError(f"exit code {ran.returncode}: {command}\n{ran.stdout}")
        return ran.stdout

    def install(self, *options: str) -> str:
        """What tools/install.sh prints."""
        return self.run(shlex.join(["bash", f"{CHECKOUT}/tools/install.sh", *options]))

    def is_active(self, unit: str) -> str:
        """What systemctl says: active, activating, inactive, failed."""
        return self.run(f"systemctl is-active {unit}", check=False).strip()

    def wait_active(self, unit: str, wait_s: float) -> str:
        """The same, as soon as it is active or the time is over."""
        limit = time.monotonic() + wait_s
        while (is_now := self.is_active(unit)) != "active" and time.monotonic() < limit:
            time.sleep(0.1)
        return is_now


@contextmanager
def container(suite: str, *binds: str, network: bool = True) -> Iterator[Container]:
    """A copy of the fresh Debian, booted; ended and removed at the end. binds: options of systemd-nspawn for what else
    it sees. Raises Unavailable."""
    fresh = base(suite)
    folder = Path(tempfile.mkdtemp(prefix="running-", dir=BASES))
    root = folder / "root"
    subprocess.run(["cp", "-a", str(fresh), str(root)], check=True)
    (root / "etc/ssl/certs").mkdir(parents=True, exist_ok=True)
    command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", f"--machine=edgeagent-{os.getpid()}"]
    command += ["--directory", str(root), f"--bind-ro={ROOT}:{CHECKOUT}", *binds]
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C"}
    if network:
        command += [f"--bind-ro={file}" for file in lent()] + [f"--bind-ro={CERTIFICATES}:{LENT_CERTIFICATES}"]
        environment |= {key: value for key, value in os.environ.items() if key.startswith("PIP_")}
        environment["PIP_CERT"] = LENT_CERTIFICATES
    else:
        command.append("--private-network")
    with (folder / "console.txt").open("wb") as console:
        process = subprocess.Popen(
            [*command, "--boot"], stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT
        )
        try:
            yield booted(process, root, environment, folder / "console.txt")
        finally:
            process.send_signal(signal.SIGTERM)  # nspawn then asks its systemd to power off
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            subprocess.run(["rm", "-rf", str(folder)], check=True)


def booted(process: subprocess.Popen[bytes], root: Path, environment: Mapping[str, str], console: Path) -> Container:
    """The container of a systemd-nspawn, once its systemd has started everything."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    limit = time.monotonic() + BOOT_S
    while process.poll() is None and time.monotonic() < limit:
        leaders = children.read_text().split()
        if leaders:
            box = Container(root, int(leaders[-1]), environment)
            state = box.run("systemctl is-system-running", check=False).strip().splitlines()
            if state and state[-1] in ("running", "degraded"):
                return box
        time.sleep(0.2)
    raise Unavailable(f"no container boots here: {console.read_text(errors='replace')[-500:]}")

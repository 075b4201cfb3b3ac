"""A container that borrows this machine's /usr and boots its systemd, with the unit of this checkout in it.

Nothing is downloaded and nothing is installed: the root folder holds a few lines of /etc, and Python, the libraries and
the checkout are mounted read-only where the installer would put them. Needs root, systemd-nspawn and nsenter.
"""

from __future__ import annotations

import json
import os
import pwd
import resource
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping
from compileall import compile_dir
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tools.simcard import SimCard, build

CHECKOUT = Path(__file__).parents[2]
UNIT = CHECKOUT / "systemd" / "edgeagent.service"

INIT = Path("/usr/lib/systemd/systemd")

HOME = "/opt/edgeagent"
CARD = "/var/lib/simcard"
"""In the container; where the service may look, too."""

UID = 990

HIERARCHIES = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/cpu")
"""Where cgroups may be mounted, new way and old."""

CPU = {"cpu.shares": 65_536, "cpu.rt_runtime_us": 400_000}
"""For the container, where that can be said: nearly all of the processor if it wants it, and real time at all; so much
that there is as much left for another."""

BOOT_S = 30.0

FREED_S = 5.0
"""The kernel takes a cgroup away behind one's back; it takes some 20 ms."""

TARGET = """[Unit]
Description=As much as the service needs
Requires=basic.target systemd-journald.service dbus.service
After=basic.target
AllowIsolate=yes
"""

DROP_IN = """# what a simulated card in a folder needs, and this checkout in place of an installed package
[Service]
Environment=ALSA_CONFIG_PATH={card}/asound.conf PYTHONPATH={home}/src PYTHONDONTWRITEBYTECODE=1
ReadWritePaths={card}
"""

LIBRARIES = """# a Python of its own looks for its library where it was built
Environment=LD_LIBRARY_PATH={home}/python/lib
"""

REAL_TIME = """# this machine permits nobody to raise limits: the priorities are had by a capability instead
CapabilityBoundingSet=CAP_SYS_NICE
AmbientCapabilities=CAP_SYS_NICE
"""

PROGRAM = """#!{home}/venv/bin/python
import sys

from edgeagent.__main__ import main

sys.exit(main())
"""


class CannotRun(RuntimeError):
    """There can be no such container here; the text says why."""


def needed() -> None:
    """Raises CannotRun where something is missing."""
    if os.geteuid() != 0:
        raise CannotRun("a container needs root")
    for program in ("systemd-nspawn", "nsenter", "dbus-daemon"):
        if shutil.which(program) is None:
            raise CannotRun(f"{program} is not installed: apt install systemd-container util-linux dbus")
    if not INIT.exists():
        raise CannotRun("this machine has no systemd to borrow")
    if not Path("/lib").is_symlink():
        raise CannotRun("/lib lies outside /usr here")


class Machine:
    """A context: booted inside it, gone after it. folder: for its root and the card, kept until somebody removes it."""

    def __init__(self, folder: Path, config: str) -> None:
        """config: the service's YAML. Raises CannotRun, or BuildError where there can be no simulated card."""
        needed()
        self.root = folder / "root"
        self.shared = folder / "card"
        self.shared.mkdir(parents=True)
        self.sim = SimCard(self.shared)
        self.name = f"edgeagent-{os.getpid()}"
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._leader = 0
        self.target = 0
        """The service's main process as this machine knows it, since `aim`; 0 for none."""
        self._share_card()
        self._furnish(config)

    # The root folder --------------------------------------------------------------------------------------------------

    def _share_card(self) -> None:
        """The card's configuration with paths as they are in there."""
        plugin = build()
        shutil.copy(plugin, self.shared / plugin.name)
        text = self.sim.config.read_text().replace(str(plugin), f"{CARD}/{plugin.name}")
        self.sim.config.write_text(text.replace(str(self.shared), CARD))
        os.chmod(self.shared, 0o755)
        os.chmod(self.shared / "card", 0o666)

    def _write(self, path: str, text: str, mode: int = 0o644) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def _furnish(self, config: str) -> None:
        for name in ("usr", "dev", "proc", "sys", "run", "tmp", "root", "var/log/journal", CARD[1:], f"{HOME[1:]}/src"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        for link in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
            if Path("/", link).is_symlink():
                (self.root / link).symlink_to(os.readlink(Path("/", link)))
        bus = pwd.getpwnam("messagebus") if _knows("messagebus") else None
        users = [("root", 0), ("edgeagent", UID), ("messagebus", bus.pw_uid if bus else 989), ("nobody", 65534)]
        lines = [f"{name}:x:{uid}:{uid}::/{name}:/usr/sbin/nologin" for name, uid in users]
        self._write("/etc/passwd", "\n".join([*lines, ""]))
        groups = [f"{name}:x:{uid}:" for name, uid in users]
        groups += [f"{name}:x:{100 + n}:edgeagent" for n, name in enumerate(("audio", "gpio", "spi", "i2c"))]
        self._write("/etc/group", "\n".join([*groups, "systemd-journal:x:110:", "adm:x:111:", ""]))
        self._write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n")
        self._write("/etc/machine-id", f"{os.getpid():032x}\n")
        self._write("/etc/hostname", "edgeagent\n")
        self._write("/etc/os-release", Path("/etc/os-release").read_text())
        self._write("/etc/systemd/journald.conf", "[Journal]\nStorage=persistent\nSyncIntervalSec=1s\n")
        self._write("/etc/systemd/system/default.target", TARGET)
        self._write("/etc/edgeagent/edgeagent.yaml", config)
        shutil.copy("/etc/ld.so.cache", self.root / "etc" / "ld.so.cache")
        for name in ("alternatives", "dbus-1"):
            if Path("/etc", name).exists():
                shutil.copytree(Path("/etc", name), self.root / "etc" / name, symlinks=True)
        self._write("/etc/systemd/system/edgeagent.service", UNIT.read_text())
        drop_in = DROP_IN.format(card=CARD, home=HOME)
        drop_in += "" if resource.getrlimit(resource.RLIMIT_RTPRIO)[1] else REAL_TIME
        drop_in += "" if self._environment() else LIBRARIES.format(home=HOME)
        self._write("/etc/systemd/system/edgeagent.service.d/test.conf", drop_in)

    def _environment(self) -> bool:
        """Our own Python and its packages, where the installer would put them. Whether it is the system's Python."""
        compile_dir(CHECKOUT / "edgeagent", quiet=2)  # as pip does: a start shall not be measured with a compiler in it
        base, version = Path(sys.base_prefix), f"python{sys.version_info.major}.{sys.version_info.minor}"
        borrowed = base.is_relative_to("/usr") and not base.is_relative_to("/usr/local")
        home = f"{base}/bin" if borrowed else f"{HOME}/python/bin"
        self._binds = {str(CHECKOUT): f"{HOME}/src"}
        if not borrowed:
            self._binds[str(base)] = f"{HOME}/python"
            (self.root / HOME[1:] / "python").mkdir()
        venv = self.root / HOME[1:] / "venv"
        packages = venv / "lib" / version / "site-packages"
        packages.mkdir(parents=True)
        self._binds[sysconfig.get_path("purelib")] = f"{HOME}/venv/lib/{version}/site-packages"
        self._write(f"{HOME}/venv/pyvenv.cfg", f"home = {home}\nversion = {sys.version.split()[0]}\n")
        self._write(f"{HOME}/venv/bin/edgeagent", PROGRAM.format(home=HOME), 0o755)
        (venv / "bin" / "python").symlink_to(f"{home}/{version}")
        return borrowed

    # Its life ---------------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.boot()
        return self

    def boot(self) -> None:
        """Until the default target is reached. Raises CannotRun."""
        binds = [f"--bind-ro={source}:{target}" for source, target in {"/usr": "/usr", **self._binds}.items()]
        command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--console=pipe"]
        command += [f"--directory={self.root}", f"--machine={self.name}", f"--bind={self.shared}:{CARD}"]
        command += [*binds, "--boot"]
        try:
            with (self.root.parent / "console.log").open("wb") as log:
                self._nspawn = subprocess.Popen(
                    command,
                    env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},  # as on the systems it is made for
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    preexec_fn=self._own_cgroup,
                )
            self._await_boot()
        except subprocess.SubprocessError as refused:
            self.__exit__(None, None, None)
            raise CannotRun("no processor is left for a container, or none may be given away") from refused
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def cut(self) -> None:
        """The power goes: nothing in there runs any more, and nobody was told. `boot` begins anew."""
        assert self._nspawn
        for pid in (self._leader, self._nspawn.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._nspawn.wait()
        self._nspawn = None
        if not self.until(self._tidied, BOOT_S):
            raise RuntimeError("some of the container's processes outlive it")

    def _own_cgroup(self) -> None:
        """In the child: two containers started from one cgroup would share theirs. And a device has a machine of its
        own: what else runs here shall not be measured."""
        for hierarchy in HIERARCHIES:
            if Path(hierarchy, "cgroup.procs").exists():
                ours = Path(hierarchy, self.name)
                ours.mkdir(exist_ok=True)
                for knob, value in CPU.items():
                    if (ours / knob).exists():
                        _allotted(ours / knob, value)
                (ours / "cgroup.procs").write_text(str(os.getpid()))

    def _await_boot(self) -> None:
        assert self._nspawn
        end = time.monotonic() + BOOT_S
        said = ""
        while time.monotonic() < end and self._nspawn.poll() is None:
            children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
            self._leader = int(children[0]) if children else 0
            if self._leader and self.call("systemctl", "is-active", "default.target", check=False) == "active":
                return
            time.sleep(0.1)
        said = (self.root.parent / "console.log").read_text(errors="replace").strip()
        raise CannotRun(f"the container does not boot here: {said[-400:] or 'no reason given'}")

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._nspawn is not None:
            self._nspawn.terminate()  # as a power button
            try:
                self._nspawn.wait(10)
            except subprocess.TimeoutExpired:
                self._nspawn.kill()
                self._nspawn.wait()
            self._nspawn = None
        self._tidied()

    def _tidied(self) -> bool:
        """Takes the cgroups away; false while something lives in one of them."""
        for folder in (Path(hierarchy, self.name) for hierarchy in HIERARCHIES):
            try:
                for path in sorted(folder.rglob("*"), reverse=True) if folder.is_dir() else ():
                    if path.is_dir():
                        path.rmdir()
                if folder.is_dir():
                    folder.rmdir()
            except OSError:
                return False
        return True

    # What to do with it -----------------------------------------------------------------------------------------------

    def call(self, *words: str, check: bool = True) -> str:
        """What a command in there prints. Raises CalledProcessError."""
        enter = ["nsenter", f"--target={self._leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"]
        done = subprocess.run([*enter, *words], capture_output=True, text=True, timeout=60, check=check)
        return done.stdout.strip()

    def show(self, *names: str) -> Mapping[str, str]:
        """Properties of the unit."""
        text = self.call("systemctl", "show", "edgeagent", "--property=" + ",".join(names))
        return dict(line.split("=", 1) for line in text.splitlines())

    def journal(self, since_s: float = 0.0) -> Iterator[dict[str, Any]]:
        """Entries of the unit in the system's journal from a moment of time.monotonic() on, each with its own as
        `when`. A message that is no text is left out."""
        text = self.call("journalctl", "--identifier=edgeagent", "--output=json", "--boot", "--no-pager", "--all")
        for line in text.splitlines():
            entry = json.loads(line)
            entry["when"] = int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6
            if entry["when"] >= since_s and isinstance(entry.get("MESSAGE"), str):
                yield entry

    def until(self, so: Callable[[], bool], most_s: float = 30.0) -> bool:
        """Waits until it is so; false if it is not in time."""
        end = time.monotonic() + most_s
        while not so():
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def main(self) -> int:
        """The service's main process, by its number in there; 0 without one."""
        return int(self.show("MainPID")["MainPID"])

    def aim(self) -> None:
        """Finds the main process, so that `signal` reaches it at once."""
        self.target = 0
        inside = self.main()
        for status in Path("/proc").glob("[0-9]*/status"):
            with suppress(OSError):  # it has gone meanwhile
                lines = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
                if lines["NSpid"].split()[1:] == [str(inside)] and lines["Uid"].split()[0] == str(UID):
                    self.target = int(status.parent.name)

    def signal(self, number: signal.Signals) -> None:
        """To the process that `aim` has found, if it is still there."""
        with suppress(ProcessLookupError):
            if self.target:
                os.kill(self.target, number)

    def processes(self) -> Mapping[int, int]:
        """Of the service's user, by their numbers in there: each with its parent."""
        text = self.call("ps", "-u", "edgeagent", "-o", "pid=,ppid=", check=False)
        return {int(pid): int(parent) for pid, parent in (line.split() for line in text.splitlines())}


def _allotted(knob: Path, value: int) -> None:
    """What a container had that has just gone is free again only after a moment. Raises OSError."""
    end = time.monotonic() + FREED_S
    while True:
        try:
            knob.write_text(str(value))
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def _knows(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True

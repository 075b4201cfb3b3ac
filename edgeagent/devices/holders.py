"""Who holds a sound device or the lines of a GPIO chip, by what the kernel shows in /proc.

A sound device that is hardware is for one program at a time; the next is told "busy", and by whom it does not say. The
kernel shows an owner of each substream, but that is a thread (the one that opened it), which may have ended since and
whose number may be another's by now. So the open files of all processes are asked first, and the owner only where they
may not be seen: those of other users.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeagent.devices.alsa_names import KernelCard, kernel_cards
from edgeagent.devices.names import unnumbered
from edgeagent.devices.portaudio import Direction

PROC = Path("/proc")

WAYS: dict[Direction, str] = {"input": "c", "output": "p"}
"""How the kernel marks a direction."""

HARDWARE = re.compile(r"(?:plug)?hw:(?:CARD=)?([^,]+)(?:,(?:DEV=)?(\d+))?$")
"""ALSA's names of the hardware itself; others may lead anywhere."""

FIFO = str(os.SCHED_FIFO)
"""As a thread's `stat` has it, behind its priority."""

LONGEST_CHAIN = 64
"""Parents that are looked at: the kernel's list may change while it is read."""

SWITCHES = ("-u", "-B", "-E", "-I", "-O", "-s", "-S")
"""Options that may stand before a script; behind others it is unknown what follows, such as a line of text."""

INTERPRETER = re.compile(r"python|perl|ruby|node|java|(ba|da|z)?sh$")


@dataclass(frozen=True, slots=True)
class Process:
    """pid: 0 where it cannot be seen. name: of the program, without its arguments, which may hold a password."""

    pid: int
    name: str


@dataclass(frozen=True, slots=True)
class Pcm:
    """One direction of one device of a card, as the kernel knows it. owners: threads that hold its substreams. full:
    whether all of them are held, so that nobody else can open it."""

    card: KernelCard
    number: int
    name: str
    owners: tuple[int, ...]
    full: bool

    @property
    def listed(self) -> str:
        """As PortAudio lists it, while it can be opened."""
        return f"{self.card.text}: {self.name} (hw:{self.card.number},{self.number})"


class Holders:
    """What is asked of `proc`; nothing is kept, because it changes all the time."""

    def __init__(self, proc: Path = PROC) -> None:
        self._proc = proc

    def pcms(self, way: Direction) -> tuple[Pcm, ...]:
        """All devices of that direction; none where the kernel has no sound."""
        sound = self._proc / "asound"
        return tuple(
            _pcm(card, int(number[1]), path)
            for card in kernel_cards(sound)
            for path in sorted((sound / f"card{card.number}").glob(f"pcm*{WAYS[way]}"))
            if (number := re.fullmatch(r"pcm(\d+).", path.name))
        )

    def named(self, name: str, way: Direction) -> tuple[Pcm, ...]:
        """Those that an ALSA name of the hardware, or (part of) a name of PortAudio's, means."""
        hardware = HARDWARE.match(name)
        return tuple(pcm for pcm in self.pcms(way) if _meant(pcm, name, hardware))

    def held(self, name: str, way: Direction) -> tuple[Pcm, ...]:
        """The full ones among them."""
        return tuple(pcm for pcm in self.named(name, way) if pcm.full)

    def of(self, pcm: Pcm, way: Direction) -> tuple[Process, ...]:
        """Who holds it."""
        file = f"/dev/snd/pcmC{pcm.card.number}D{pcm.number}{WAYS[way]}"
        if seen := tuple(self._process(pid) for pid in self._opening(re.escape(file))):
            return seen
        return tuple(dict.fromkeys(self._owner(thread) for thread in pcm.owners))

    def of_lines(self) -> tuple[Process, ...]:
        """Who holds any line of any GPIO chip; which, the kernel does not tell."""
        return tuple(self._process(pid) for pid in self._opening(r"anon_inode:\[?gpio.*"))

    def opens(self, pid: int, file: str) -> bool | None:
        """Whether a process has that file open; None where we may not see it."""
        try:
            return any(link == file for link in self._files(pid))
        except OSError:
            return None

    def belongs(self, pid: int, to: int) -> bool:
        """Whether a process is `to`, or was started by it, or by one that was."""
        for _ in range(LONGEST_CHAIN):
            if pid == to:
                return pid > 0
            pid = self._number(pid, "PPid")
            if pid <= 0:
                break
        return False

    def urgent(self, pid: int) -> tuple[int, ...] | None:
        """The priorities of its threads that run in real time, the highest first; None where we may not see."""
        threads = (self._proc / str(pid) / "task").glob("*")
        stats = [_read(path / "stat").rpartition(")")[2].split() for path in threads]
        found = {int(stat[37]) for stat in stats if len(stat) > 38 and stat[38] == FIFO}
        return tuple(sorted(found, reverse=True)) if any(stats) else None

    def unit(self, pid: int) -> str:
        """The systemd unit that a process runs in; "" for none."""
        found = re.search(r"/([^/\n]+\.service)$", _read(self._proc / str(pid) / "cgroup"), re.MULTILINE)
        return found[1] if found else ""

    def _owner(self, thread: int) -> Process:
        """The process of a thread."""
        pid = self._number(thread, "Tgid")
        return (
            self._process(pid)
            if pid
            else Process(0, "a program of another user, or one that has no threads left to see")
        )

    def _process(self, pid: int) -> Process:
        words = [word for word in _read(self._proc / str(pid) / "cmdline").split("\0") if word]
        return Process(pid, _called(words) if words else _read(self._proc / str(pid) / "comm").strip() or "a program")

    def _number(self, pid: int, field: str) -> int:
        found = re.search(rf"^{field}:\s*(\d+)", _read(self._proc / str(pid) / "status"), re.MULTILINE)
        return int(found[1]) if found else 0

    def _opening(self, pattern: str) -> Iterator[int]:
        """Processes that have such a file open, of those that we may see."""
        for pid in sorted(int(path.name) for path in self._proc.iterdir() if path.name.isdigit()):
            try:
                if any(re.fullmatch(pattern, link) for link in self._files(pid)):
                    yield pid
            except OSError:
                continue

    def _files(self, pid: int) -> Iterator[str]:
        """Raises OSError where we may not see them."""
        for entry in (self._proc / str(pid) / "fd").iterdir():
            try:
                yield os.readlink(entry)
            except FileNotFoundError:  # closed this moment
                continue


def _pcm(card: KernelCard, number: int, path: Path) -> Pcm:
    """path: its folder."""
    states = [_read(one) for one in path.glob("sub*/status")]
    owners = tuple(int(owner) for state in states for owner in re.findall(r"owner_pid\s*:\s*(\d+)", state))
    name = re.search(r"^name:\s*(.*?)\s*$", _read(path / "info"), re.MULTILINE)
    full = bool(states) and all(state.strip() not in ("", "closed") for state in states)
    return Pcm(card, number, name[1] if name else "", owners, full)


def _called(words: Sequence[str]) -> str:
    """What a command line runs: the program, and of an interpreter what it interprets."""
    program = Path(words[0]).name
    if not INTERPRETER.match(program):
        return program
    if "-m" in words[:-1]:
        return f"{program} -m {words[words.index('-m') + 1]}"
    first = next((word for word in words[1:] if word not in SWITCHES), "-")
    return program if first.startswith("-") else f"{program} {Path(first).name}"


def _meant(pcm: Pcm, name: str, hardware: re.Match[str] | None) -> bool:
    if hardware:
        return hardware[1] in (pcm.card.id, str(pcm.card.number)) and int(hardware[2] or 0) == pcm.number
    return unnumbered(name.casefold()) in unnumbered(pcm.listed.casefold())


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""

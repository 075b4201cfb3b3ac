"""A disk whose power can be cut: what the kernel has not written to it is gone, as on a card pulled out of its slot.

A kill ends processes and loses nothing that they had handed to the kernel; a power cut does. So the device's state lies
in an ext4 of its own, which is shut down without writing anything more, its journal included, and mounted afresh.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.container.machine import CannotRun

SIZE = 64 << 20
"""Bytes; only what is written takes room."""

SHUTDOWN, NO_FLUSH = 0x8004587D, 2
"""EXT4_IOC_SHUTDOWN, and its flag EXT4_GOING_FLAGS_NOLOGFLUSH (fs/ext4/ext4.h): what xfstests cuts the power with."""


class Disk:
    """A context: mounted inside it. place: the folder that it is mounted on; file: where it lies."""

    def __init__(self, place: Path, file: Path) -> None:
        """Raises CannotRun where such a disk cannot be made."""
        if shutil.which("mkfs.ext4") is None:
            raise CannotRun("mkfs.ext4 is not installed: apt install e2fsprogs")
        self._place = place
        self._file = file
        place.mkdir(parents=True, exist_ok=True)
        file.touch()
        os.truncate(file, SIZE)
        subprocess.run(["mkfs.ext4", "-q", file], check=True)

    def __enter__(self) -> Self:
        self._mount()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        subprocess.run(["umount", self._place], check=True)

    def write_back(self) -> None:
        """As the kernel does by itself within half a minute: all that it has been handed lies on the disk."""
        subprocess.run(["sync", "--file-system", self._place], check=True)

    def cut(self) -> None:
        """From now on nothing is written any more."""
        folder = os.open(self._place, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", NO_FLUSH))
        finally:
            os.close(folder)

    def again(self) -> None:
        """The power is back: what was not written is gone. Nobody may hold a file of it."""
        subprocess.run(["umount", self._place], check=True)
        self._mount()

    def _mount(self) -> None:
        done = subprocess.run(
            ["mount", "-o", "loop", self._file, self._place], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CannotRun(f"no disk in a file can be mounted here: {done.stderr.strip()}")

"""A /proc as the kernel shows it: cards with who holds them, and processes with their threads, parents and files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

CLOSED = "closed\n"


class MadeUpProc:
    """root: the folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._cards: list[str] = []

    def card(self, number: int, name: str, text: str) -> None:
        self._write(f"asound/card{number}/id", f"{name}\n")
        self._cards.append(f" {number} [{name:<15}]: USB-Audio - {text}\n                      at usb-1\n")
        self._write("asound/cards", "".join(self._cards))

    def pcm(self, card: int, device: int, way: str, owners: Sequence[int | None], name: str = "USB Audio") -> None:
        """way: c or p. owners: a thread for each substream, None for one that is free."""
        folder = f"asound/card{card}/pcm{device}{way}"
        self._write(
            f"{folder}/info", f"card: {card}\ndevice: {device}\nid: {name}\nname: {name}\nsubname: subdevice #0\n"
        )
        for at, owner in enumerate(owners):
            held = f"state: RUNNING\nowner_pid   : {owner}\ntrigger_time: 12.3\n"
            self._write(f"{folder}/sub{at}/status", CLOSED if owner is None else held)

    def process(
        self,
        pid: int,
        words: str,
        parent: int = 1,
        threads: Sequence[int] = (),
        files: Sequence[str] | None = (),
        unit: str = "",
    ) -> None:
        """files: that it has open, None where we may not see them."""
        for number in (pid, *threads):
            self._write(f"{number}/status", f"Name:\tpython3\nTgid:\t{pid}\nPid:\t{number}\nPPid:\t{parent}\n")
            self._write(f"{number}/cmdline", words.replace(" ", "\0") + "\0")
            self._write(
                f"{number}/cgroup", f"0::/system.slice/{unit}\n" if unit else "0::/user.slice/session-1.scope\n"
            )
        if files is not None:
            (self.root / str(pid) / "fd").mkdir()
            for at, file in enumerate(files):
                (self.root / str(pid) / "fd" / str(at)).symlink_to(file)
        for thread in threads:  # not listed by the kernel, and there all the same; its files are those of the process
            (self.root / str(thread) / "fd").mkdir()

    def _write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

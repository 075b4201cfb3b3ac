"""The machine under the device: how warm it is, whether it is held back, and what this process takes.

Read from /sys and /proc as they are, when somebody asks; what a machine does not tell is left out. A Raspberry Pi says
in one word of bits why it is slower than it could be; elsewhere the processor's clock is all there is.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path("/")

THROTTLED = ("sys/devices/platform/soc/soc:firmware/get_throttled", "sys/class/vcio/get_throttled")
"""Where the Pi's kernel hands on the word of its firmware."""

REASONS = ("under_voltage", "frequency_capped", "throttled", "soft_temperature_limit")
"""Its lowest bits: what is so now."""


def temperatures(root: Path = ROOT) -> dict[str, float]:
    """Degrees Celsius by thermal zone, under the kernel's name for each; the warmest of those with the same one."""
    found: dict[str, float] = {}
    for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*")):
        with suppress(OSError, ValueError):
            name, celsius = (zone / "type").read_text().strip(), int((zone / "temp").read_text()) / 1000
            found[name] = max(celsius, found.get(name, celsius))
    return found


def throttled(root: Path = ROOT) -> dict[str, bool]:
    """Whether the machine is held back, by reason; empty where it does not tell."""
    for place in THROTTLED:
        with suppress(OSError, ValueError):
            word = int((root / place).read_text(), 16)
            return {reason: bool(word >> bit & 1) for bit, reason in enumerate(REASONS)}
    return {}


def clock_hz(root: Path = ROOT) -> tuple[float, float] | None:
    """The slowest core's clock now, and what it could be."""
    found = []
    for core in (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq"):
        with suppress(OSError, ValueError):
            now, most = ((core / name).read_text() for name in ("scaling_cur_freq", "cpuinfo_max_freq"))
            found.append((1000.0 * int(now), 1000.0 * int(most)))
    return min(found, default=None)


def resident_bytes() -> int:
    """Memory of this process that is in RAM."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def open_files() -> int:
    """File descriptors of this process."""
    return len(os.listdir("/proc/self/fd"))


def started_utc() -> float:
    """When this process began, in seconds since 1970, to some 10 ms. A clock that was set since then moves it."""
    return time.time() - up_s()


def up_s() -> float:
    """Seconds since this process began, whatever the clock on the wall was set to meanwhile. The kernel counts from the
    boot."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")

"""Which of the libraries that edgeagent needs come as wheels for a 64-bit Raspberry Pi OS.

    python -m tools.wheels                        the table of docs/hardware.md, asked of the package index now
    python -m tools.wheels --download DIR --python 3.11        also fetch the wheels, to install from without a network

Asked is pip, as it is configured here, for each requirement of setup.cfg with all that it needs: Python 3.11 of Debian
12 and 3.13 of Debian 13, on aarch64. Nothing is built or installed. Exit code 1: something has no wheel, and is not
known for it; 2: pip cannot say, or cannot fetch them.

    python -m tools.wheels --download wheels --python 3.11 --extras speech,pi     on any machine with a network
    pip install --no-index --find-links wheels '.[speech,pi]'                     on the Raspberry Pi
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from configparser import ConfigParser
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

GLIBC = {"3.11": 36, "3.13": 41}
"""Python to the glibc 2.x of the Debian that has it (12, 13): wheels for later ones do not run there."""

OLDEST = 17
"""glibc 2.17: nothing older has wheels for aarch64."""

BUILT = {
    "pyaudio": "source: `portaudio19-dev python3-dev gcc`, or `python3-pyaudio`",
    "spidev": "source: `python3-dev gcc`, or `python3-spidev`",
}
"""Known to have no wheel: what of apt helps."""

APT = {("lgpio", "3.13"): "`python3-lgpio`"}
"""Left out of an extra for that Python: where it comes from instead."""

BUILDER = "setuptools>=64"
"""What edgeagent itself is built with."""

ALWAYS = ""
"""The extra of what everybody needs."""


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of one requirement for one Python. wheel: its file name; "" for none. unwanted: setup.cfg leaves it
    out for that Python."""

    extra: str
    requirement: Requirement
    python: str
    wheel: str = ""
    unwanted: bool = False

    @property
    def name(self) -> str:
        """As in the index, and in BUILT."""
        return canonicalize_name(self.requirement.name)

    @property
    def known(self) -> bool:
        """Whether nothing is wrong: there is a wheel, or it is known where it comes from."""
        return bool(self.wheel) or (self.name, self.python) in APT if self.unwanted else bool(self.wheel or self._built)

    @property
    def _built(self) -> str:
        return BUILT.get(self.name, "")

    def __str__(self) -> str:
        if self.unwanted:
            return APT.get((self.name, self.python), "-")
        if not self.wheel:
            return self._built or "NONE"
        _, version, *_, platform = self.wheel.removesuffix(".whl").split("-")
        return f"{version}, any" if platform == "any" else version


def requirements(text: str, extras: Sequence[str] = ()) -> Iterator[tuple[str, Requirement]]:
    """(extra, requirement) of a setup.cfg, in its order. extras: only what everybody needs and these; all if empty."""
    config = ConfigParser()
    config.read_string(text)
    groups = {ALWAYS: config["options"]["install_requires"], **config["options.extras_require"]}
    for extra, lines in groups.items():
        if not extras or extra == ALWAYS or extra in extras:
            yield from ((extra, Requirement(line)) for line in lines.split("\n") if line.strip())


def look(extra: str, requirement: Requirement, python: str) -> Found:
    """Ask pip. RuntimeError if it fails for another reason than that there is no wheel."""
    if requirement.marker and not requirement.marker.evaluate({"python_version": python}):
        return Found(extra, requirement, python, unwanted=True)
    with TemporaryDirectory(prefix="edgeagent-") as nowhere:
        command = ["install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
        command += [*_target(python), "--target", nowhere, str(_bare(requirement))]
        done = subprocess.run([sys.executable, "-m", "pip", *command], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        installed = next(item for item in json.loads(done.stdout)["install"] if item["requested"])
        return Found(extra, requirement, python, str(installed["download_info"]["url"]).rpartition("/")[2])
    if "No matching distribution" not in done.stderr or not reachable():
        raise RuntimeError(f"pip cannot say whether there is {requirement} for Python {python}:\n{done.stderr}")
    return Found(extra, requirement, python)


@cache
def reachable() -> bool:
    """Whether pip reaches an index: of one that it does not reach it says, too, that nothing there matches."""
    command = ["install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet", BUILDER]
    return subprocess.run([sys.executable, "-m", "pip", *command], capture_output=True, check=False).returncode == 0


def download(found: Sequence[Found], python: str, folder: Path) -> None:
    """Fetch the wheels of `found` with all that they need. CalledProcessError if pip fails."""
    wanted = [str(_bare(one.requirement)) for one in found if one.wheel and one.python == python]
    command = ["download", "-qq", "--dest", str(folder), *_target(python), *wanted, BUILDER, "wheel"]
    subprocess.run([sys.executable, "-m", "pip", *command], check=True)


def table(found: Sequence[Found]) -> str:
    """Markdown: a row for each requirement, a column for each Python."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for one in found:
        rows.setdefault((one.extra or "always", one.requirement.name), {})[one.python] = str(one)
    pythons = list(dict.fromkeys(one.python for one in found))
    lines = ["| extra | library | " + " | ".join(f"Python {python}" for python in pythons) + " |"]
    lines.append("|---" * (2 + len(pythons)) + "|")
    for (extra, name), cells in rows.items():
        lines.append(f"| {extra} | {name} | " + " | ".join(cells.get(python, "-") for python in pythons) + " |")
    return "\n".join(lines)


def _bare(requirement: Requirement) -> Requirement:
    """Without its marker: pip would judge by the Python that it runs in."""
    bare = Requirement(str(requirement))
    bare.marker = None
    return bare


def _target(python: str) -> list[str]:
    """What pip is to believe of the machine."""
    said = ["--only-binary=:all:", "--implementation", "cp", "--python-version", python]
    for minor in range(GLIBC[python], OLDEST - 1, -1):
        said += ["--platform", f"manylinux_2_{minor}_aarch64"]
    return [*said, "--platform", "manylinux2014_aarch64", "--platform", "linux_aarch64"]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.wheels", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", choices=GLIBC, action="append", help="only for this one (default: for each)")
    parser.add_argument("--extras", default="", metavar="NAMES", help="only these, comma separated (default: all)")
    parser.add_argument("--download", type=Path, metavar="DIR", help="fetch the wheels; wants one --python")
    asked = parser.parse_args(arguments)
    pythons, extras = asked.python or list(GLIBC), [name for name in asked.extras.split(",") if name]
    if asked.download and len(pythons) != 1:
        parser.error("--download wants one --python: a folder holds the wheels of one machine")
    text = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    if unknown := set(extras) - {extra for extra, _ in requirements(text)}:
        parser.error(f"there is no extra {', '.join(sorted(unknown))}")
    try:
        found = [look(extra, wanted, python) for extra, wanted in requirements(text, extras) for python in pythons]
        print(table(found))
        if asked.download:
            asked.download.mkdir(parents=True, exist_ok=True)
            download(found, pythons[0], asked.download)
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if all(one.known for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())

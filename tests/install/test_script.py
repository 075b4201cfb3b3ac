"""tools/install.sh, as far as it can be seen without installing: what it refuses, would do, and explains."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgeagent.errors import install

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tools" / "install.sh"
PARTS = [SCRIPT, *sorted((ROOT / "tools" / "install").glob("*.sh"))]

CHANGES = [
    "apt-get",
    "apt-mark",
    "chmod",
    "chown",
    "gpasswd",
    "install",
    "ln",
    "mkdir",
    "mv",
    "raspi-config",
    "rm",
    "systemctl",
    "useradd",
    "userdel",
    "usermod",
]
"""Programs that change a system. `mkdir`, `rm` and the like may work in a folder of their own in /tmp."""

DEBIAN = 'PRETTY_NAME="Debian 12"\nID=debian\nVERSION_ID="12"\n'


class Bench:
    """Runs the script on a machine that is only pretended, and notes what would have changed it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.log = folder / "log"
        self.log.touch()
        self.release = folder / "os-release"
        self.release.write_text(DEBIAN)
        self.command_line = folder / "cmdline"
        self.command_line.write_text("console=tty1 root=PARTUUID=1-02 rootwait\n")
        for name in CHANGES:
            real = shutil.which(name) or "false"
            own = f'case "$*" in *{folder}*) exec {real} "$@" ;; esac; ' if real != "false" else ""
            self.pretend(name, f'{own}echo "{name} $*" >>{self.log}')
        self.pretend("dpkg", "echo arm64")
        self.pretend("dpkg-query", "[ $# -eq 3 ]")  # asked for one package: not installed; for all: none
        self.pretend("python", "echo 311")
        self.pretend("getent", "exit 2")
        self.pretend("id", '[ "$1" = -u ] && echo 0 || exit 1')
        self.temporary = folder / "tmp"
        self.temporary.mkdir()

    def pretend(self, program: str, text: str) -> None:
        path = self.programs / program
        path.write_text(f"#!/bin/bash\n{text}\n")
        path.chmod(0o755)

    def run(self, *options: str, code: int = 0) -> str:
        environment = os.environ | {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "PYTHON": str(self.programs / "python"),
            "OS_RELEASE": str(self.release),
            "TMPDIR": str(self.temporary),
            "CMDLINE": str(self.command_line),
        }
        command = ["bash", str(SCRIPT), *options]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert ran.returncode == code, ran.stdout + ran.stderr
        assert not list(self.temporary.iterdir())
        return ran.stdout + ran.stderr

    def changed(self) -> list[str]:
        """What was called that would have changed this machine."""
        return self.log.read_text().splitlines()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_shellcheck_finds_nothing() -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("no shellcheck: apt install shellcheck")
    found = subprocess.run(["shellcheck", "-x", *map(str, PARTS)], capture_output=True, text=True, check=False)
    assert not found.stdout


def test_help_names_whatever_the_way_back_removes_whole() -> None:
    told = subprocess.run(["bash", str(SCRIPT), "--help"], capture_output=True, text=True, check=True).stdout
    removed = (SCRIPT.parent / "install" / "uninstall.sh").read_text()
    values = dict(re.findall(r"^([A-Z_]+)=(\S+)$", (SCRIPT.parent / "install" / "common.sh").read_text(), re.MULTILINE))
    whole = re.findall(r'"\$([A-Z_]+)(\.d)?"', "".join(re.findall(r"rm -rf.*", removed)))
    assert {name for name, _ in whole} == {"UNIT", "CONFIG_DIR", "STATE", "PREFIX"}
    for name, ending in whole:
        assert (values[name] + ending).removeprefix("/etc/systemd/system/") in told


def test_help_teaches_every_option() -> None:
    script = SCRIPT.read_text()
    taken = set(re.findall(r"--[a-z-]+", script.partition("options() {")[2].partition("main() {")[0]))
    told = subprocess.run(["bash", str(SCRIPT), "--help"], capture_output=True, text=True, check=True).stdout
    assert len(taken) == 11
    for option in taken:
        assert re.search(rf"^  {option} ", told, re.MULTILINE), option
    for option in taken - {"--help"}:
        assert f"`{option}" in (ROOT / "docs" / "install.md").read_text(), option


def test_a_dry_run_tells_everything_and_changes_nothing(bench: Bench) -> None:
    told = bench.run("--dry-run", "--spi")
    for part in (
        "apt-get .*install",
        "useradd",
        "venv",
        "pip install",
        "edgeagent.yaml",
        "limits.d",
        "edgeagent.service",
    ):
        assert re.search(rf"^   \+ .*{part}", told, re.MULTILINE), part
    assert "\n== SPI\n" in told
    assert not bench.changed()


def test_a_dry_run_needs_no_root_and_the_rest_does(bench: Bench) -> None:
    bench.pretend("id", '[ "$1" = -u ] && echo 1000 || exit 1')
    bench.run("--dry-run")
    assert "sudo bash tools/install.sh" in bench.run(code=2)
    assert "sudo bash tools/install.sh" in bench.run("--uninstall", code=2)
    assert not bench.changed()


@pytest.mark.parametrize(
    ("release", "processor", "says"),
    [
        (DEBIAN, "armhf", "64-bit"),
        (DEBIAN.replace("debian", "fedora"), "amd64", "not Debian"),
        (DEBIAN.replace('VERSION_ID="12"', 'VERSION_ID="11"'), "arm64", "Debian 11"),
        (DEBIAN.replace('VERSION_ID="12"', ""), "arm64", "not a release"),
    ],
    ids=["32 bit", "not Debian", "too old", "unreleased"],
)
def test_says_where_it_cannot_work_and_what_to_do(bench: Bench, release: str, processor: str, says: str) -> None:
    bench.release.write_text(release)
    bench.pretend("dpkg", f"echo {processor}")
    told = bench.run(code=2)
    assert says in told
    assert "fix: " in told
    assert not bench.changed()


@pytest.mark.parametrize("option", ["--no-start", "--uninstall"])
def test_a_disk_under_an_overlay_in_memory_is_refused(bench: Bench, option: str) -> None:
    """All would seem done, and be gone with the next start."""
    bench.pretend("stat", "echo overlayfs")
    bench.run("--dry-run", option)
    bench.command_line.write_text("overlayroot=tmpfs console=tty1 root=PARTUUID=1-02 rootwait\n")
    assert "do_overlayfs 1" in bench.run(option, code=2)
    assert not bench.changed()


@pytest.mark.parametrize(
    "options",
    [
        ["--extra", "card"],
        ["--extras"],
        ["--download", "--dry-run"],
        ["--extras", "card speech"],
        ["--user", "root"],
        ["--user", "../x"],
        ["--keep-data"],
        ["--wheelhouse", "/nowhere"],
    ],
    ids=" ".join,
)
def test_a_wrong_option_changes_nothing(bench: Bench, options: list[str]) -> None:
    assert "fix: " in bench.run(*options, code=2)
    assert not bench.changed()


def test_a_wheelhouse_for_another_machine_is_refused(bench: Bench, tmp_path: Path) -> None:
    house = tmp_path / "house"
    house.mkdir()
    (house / "made-for").write_text("debian 13, arm64, python 313\ncard,pi,speech\n")
    assert "made for debian 13, arm64" in bench.run("--wheelhouse", str(house), code=2)


@pytest.mark.parametrize(
    ("python", "candidate", "signs"),
    [
        ("311", "(none)", []),
        ("313", "0.2.2-1", ["python3-lgpio", "--system-site-packages"]),
        ("313", "(none)", ["swig", "lgpio\\>=0.2.2"]),
    ],
    ids=["as a wheel", "from Raspberry Pi OS", "built"],
)
def test_lgpio_comes_from_where_it_is(bench: Bench, python: str, candidate: str, signs: list[str]) -> None:
    """It has no wheel for Python 3.13, and Debian itself has no package of it."""
    bench.pretend("python", f"echo {python}")
    bench.pretend("apt-cache", f"echo '  Candidate: {candidate}'")
    told = bench.run("--dry-run")
    known = ("python3-lgpio", "--system-site-packages", "swig", "lgpio\\>=0.2.2")
    assert [sign for sign in known if sign in told] == signs
    told = bench.run("--dry-run", "--extras", "card,speech")
    assert not [sign for sign in known if sign in told]


def test_the_unit_starts_what_is_installed() -> None:
    """The unit and the script are read by nobody at once but systemd."""
    values = dict(re.findall(r"^([A-Z_]+)=(\S+)$", (ROOT / "tools/install/common.sh").read_text(), re.MULTILINE))
    for name in ("VENV", "CONFIG"):
        values[name] = re.sub(r"\$([A-Z_]+)", lambda match: values[match[1]], values[name])
    unit = configparser.ConfigParser(strict=False, interpolation=None, comment_prefixes=("#", ";"), delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(ROOT / "systemd" / "edgeagent.service")
    service = unit["Service"]
    assert service["ExecStart"].split()[:4] == [f"{values['VENV']}/bin/edgeagent", "run", "--config", values["CONFIG"]]
    assert service["User"] == "edgeagent"
    assert f"/var/lib/{service['StateDirectory']}" == values["STATE"]
    assert f"/etc/{service['ConfigurationDirectory']}" == values["CONFIG_DIR"]


def steps(bench: Bench, body: str, *words: str, code: int = 0, folder: Path = ROOT) -> str:
    """What lines print that call single steps of the script, on a machine whose files lie beside the bench's."""
    paths = f"PREFIX={bench.folder}/opt VENV=$PREFIX/venv RECORD=$PREFIX/installed UNIT={bench.folder}/unit "
    paths += f"STATE={bench.folder}/state CONFIG_DIR={bench.folder}/etc CONFIG=$CONFIG_DIR/edgeagent.yaml"
    sourced = (
        "for part in common machine packages venv service wheelhouse uninstall; do source tools/install/$part.sh; done"
    )
    text = f"set -Eeuo pipefail; {sourced}; {paths} user=daemon\ntrap failed ERR\n{body}"
    named = os.environ | {"PATH": f"{bench.programs}:{os.environ['PATH']}", "TMPDIR": str(bench.temporary)}
    ran = subprocess.run(
        ["bash", "-c", text, "bash", *words], cwd=folder, env=named, capture_output=True, text=True, check=False
    )
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def test_the_command_that_a_wheelhouse_is_used_by_can_be_copied(bench: Bench) -> None:
    (bench.folder / "wheel house").mkdir()
    nothing = "; ".join(f"{step}() {{ :; }}" for step in ("find_pins", "bring", "download_wheels", "download_debs"))
    fill = f"{nothing}; pins=none python=311 debian=12 arch=arm64 download=$1; fill_wheelhouse"
    told = steps(bench, fill, str(bench.folder / "wheel house"))
    assert shlex.split(told.splitlines()[-1])[-2:] == ["--wheelhouse", "wheel house"]


VENV = """
    pins=none
    mkdir -p "$VENV/bin"
    printf '#!/bin/sh\\necho edgeagent 1\\n' >"$VENV/bin/edgeagent"
    printf '#!/bin/sh\\n' >"$VENV/bin/python"
    chmod 755 "$VENV/bin/edgeagent" "$VENV/bin/python"
"""
"""Lines that make an environment in which pip always succeeds."""


def test_root_finds_its_programs_where_su_has_left_it_the_path_of_a_person(bench: Bench) -> None:
    assert "/usr/sbin" in steps(bench, 'PATH=/usr/bin:/bin; source tools/install/common.sh; echo "$PATH"').split(":")


def test_an_apt_that_holds_the_lists_is_waited_for(bench: Bench) -> None:
    """Debian looks for updates just after a start; apt itself waits for dpkg's lock only."""
    held = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 812 (apt-get)"
    tried = bench.folder / "tried"
    bench.pretend("apt-get", f"echo x >>{tried}; [ $(wc -l <{tried}) -gt 3 ] || {{ echo '{held}' >&2; exit 100; }}")
    told = steps(bench, "sleep() { :; }; patient apt-get update -qq; echo went on")
    assert "went on" in told
    assert told.count("waiting for it") == 1
    assert held not in told
    bench.pretend("apt-get", "echo 'E: no network' >&2; exit 100")
    assert "E: no network" in steps(bench, "sleep() { exit 9; }; patient apt-get update -qq", code=1)


def test_lgpio_is_not_built_for_ever_because_the_network_was_away_at_first(bench: Bench) -> None:
    """Without it apt knows of no package, and finds that no fault."""
    bench.pretend("apt-get", '[ "$1" = update ]')
    bench.pretend("apt-cache", "echo '  Candidate: (none)'")
    step = "python=313; install_packages"
    assert "swig" in steps(bench, step, code=1)
    bench.pretend("apt-cache", "echo '  Candidate: 0.2.2-1'")
    told = steps(bench, step, code=1)
    assert "python3-lgpio" in told
    assert "swig" not in told


def test_rights_that_an_owner_has_given_to_the_configuration_stay(bench: Bench) -> None:
    folder = bench.folder / "etc"
    folder.mkdir()
    folder.chmod(0o750)
    (folder / "edgeagent.yaml").write_text("audio: {input: USB PnP}\n")
    steps(bench, "check_config() { :; }; write_config")
    assert folder.stat().st_mode & 0o777 == 0o750


def test_a_folder_of_state_that_is_a_link_is_handed_over_with_all_that_it_leads_to(bench: Bench) -> None:
    if os.geteuid():
        pytest.skip("gives files to another user, which takes root")
    stick = bench.folder / "stick"
    stick.mkdir()
    (stick / "memory.db").touch()
    (bench.folder / "state").symlink_to(stick)
    steps(bench, "make_state")
    assert {path.owner() for path in (stick, stick / "memory.db")} == {"daemon"}
    assert "Done already" in steps(bench, "make_state")


def test_packages_that_stay_can_go_when_the_list_of_them_has_gone(bench: Bench) -> None:
    (bench.folder / "opt").mkdir()
    (bench.folder / "opt" / "installed").write_text("package gcc\npackage swig\n")
    bench.pretend("dpkg-query", "echo 'ii '")
    told = steps(bench, "remove_packages")
    assert "sudo apt-mark auto gcc swig; sudo apt-get autoremove --purge" in told
    assert not bench.changed()


def test_an_update_goes_on_with_extras_and_user_and_the_remedies_know_them(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.pretend("getent", "exit 0")
    steps(bench, f"{VENV} extras=card,mqtt user=games; make_user; install_program")
    assert steps(bench, 'as_before; echo "$extras $user"') == "card,mqtt games\n"
    monkeypatch.setattr(sys, "prefix", str(bench.folder / "opt" / "venv"))
    assert install("metrics") == "sudo bash tools/install.sh --extras card,mqtt,metrics in the checkout"
    assert install("mqtt").startswith(f"sudo {sys.executable} -m pip install")  # the installer thinks it is there


@pytest.mark.parametrize("interrupted", ["no-start", "ends early"])
def test_a_device_that_was_not_started_anew_is_by_the_next_run(bench: Bench, interrupted: str) -> None:
    """The new program is there, and the old one runs, until somebody starts it."""
    bench.pretend("systemctl", f'echo "$*" >>{bench.log}; [ "$1" != is-active ] || echo active')
    # nobody need be root to test this: what is installed stays the tester's
    bench.pretend("install", f'{shutil.which("install")} $(printf "%s\n" "$@" | sed "/^-[og]$/,+1d")')
    checkout = bench.folder / "checkout"
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(".git", ".venv", "build", "__pycache__", "*_cache"))
    body = f"""
        {VENV}
        systemd_runs() {{ true; }}
        [ "$1" != no-start ] || start=no
        install_program
        [ "$1" != 'ends early' ] || exit 0
        install_unit
    """

    def run(how: str = "") -> int:
        steps(bench, body, how, folder=checkout)
        return sum("restart edgeagent" in line for line in bench.changed())

    assert run() == 1
    assert run() == 1
    (checkout / "edgeagent" / "__init__.py").write_text("# another\n")
    assert run(interrupted) == 1
    assert run() == 2
    assert run() == 2

"""A fresh Debian becomes a device by one command, with network and without, and itself again by another."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeagent.units import RATE
from tests.install.container import CHECKOUT, Container, Unavailable, container
from tools.simcard import BuildError, SimCard

pytestmark = pytest.mark.slow

SUITES = ("bookworm", "trixie")
"""Python 3.11 and 3.13."""

CARD = "/srv/simcard"
"""Where the container sees the simulated card."""

CONFIG = "/etc/edgeagent/edgeagent.yaml"
CHECK = f"edgeagent check --json --config {CONFIG} --machine"
HARDWARE = {"microphone", "loudspeaker"}

SYSTEM = ("/var/log", "/var/cache", "/var/lib/apt", "/var/lib/dpkg", "/var/lib/systemd", CHECKOUT, CARD)
"""What apt, systemd and the log keep for themselves."""

UNOWNED = (
    "/etc/ssl",
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/etc/hosts",
)
"""Files that Debian's packages (ca-certificates, netbase) make when they are installed, and neither own nor remove."""

DROP_IN = f"""\
[Service]
Environment=ALSA_CONFIG_PATH={CARD}/asound.conf
ReadWritePaths={CARD}
"""


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimCard:
    """A card in the folder `card`, for a container that sees it as CARD."""
    folder = tmp_path / "card"
    folder.mkdir(mode=0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))  # the plugin is built there
    try:
        sim = SimCard(folder, exclusive=False)  # `check` opens it beside the device: who holds it no kernel could tell
    except BuildError as missing:
        pytest.skip(f"no simulated card: {missing}")
    sim.config.write_text(sim.config.read_text().replace(str(folder), CARD))
    (folder / "card").chmod(0o666)
    return sim


def plug(box: Container, sim: SimCard) -> None:
    """The service finds the card, in a quiet room, for two minutes."""
    room = 20 * np.random.default_rng(1).standard_normal(120 * RATE)
    sim.feed(room.astype(np.int16), at=sim.frame())
    folder = box.root / "etc/systemd/system/edgeagent.service.d"
    folder.mkdir()
    (folder / "card.conf").write_text(DROP_IN)
    box.run("systemctl daemon-reload; systemctl --no-block restart edgeagent")
    assert box.wait_active("edgeagent", 20) == "active", box.run("systemctl status edgeagent", check=False)


def troubled(box: Container, card: str = "") -> set[str]:
    """The topics of which `check` says anything but ok."""
    findings = json.loads(box.run(f"{CHECK} 2>/dev/null", check=False, card=card))
    assert len(findings) > 10
    return {finding["topic"] for finding in findings if finding["grade"] != "ok"}


def files(box: Container) -> dict[str, str]:
    """Kind, rights, owner and target of every file, by path, but for what the system itself goes on writing."""
    pruned = " -o ".join(f"-path {path}" for path in SYSTEM)  # the checkout may hold this very container
    lines = box.run(rf"find / -xdev \( {pruned} \) -prune -o -printf '%p\t%y %m %u:%g %l\n'").splitlines()
    found = dict(line.split("\t") for line in lines if "\t" in line)
    return {path: what for path, what in found.items() if not path.startswith(SYSTEM)}


def accounts(box: Container) -> list[str]:
    return sorted(box.run("cat /etc/passwd /etc/shadow /etc/group /etc/gshadow").splitlines())


@pytest.fixture(params=SUITES)
def suite(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fresh(suite: str, tmp_path: Path) -> Iterator[Container]:
    """A fresh machine with network."""
    try:
        with container(suite, f"--bind={tmp_path}/card:{CARD}") as box:
            yield box
    except Unavailable as missing:
        pytest.skip(str(missing))


def test_one_command_makes_a_device_and_another_undoes_it(card: SimCard, fresh: Container) -> None:
    files_before, accounts_before = files(fresh), accounts(fresh)

    begun = time.monotonic()
    fresh.install()
    print(f"installed in {time.monotonic() - begun:.0f} s")
    assert troubled(fresh) == HARDWARE
    assert fresh.is_active("edgeagent") == "activating"  # it waits for its card
    plug(fresh, card)
    assert not troubled(fresh, card=f"{CARD}/asound.conf")

    pid = fresh.run("systemctl show -p MainPID edgeagent")
    config = (fresh.root / CONFIG[1:]).read_text() + "# mine\n"
    (fresh.root / CONFIG[1:]).write_text(config)
    begun = time.monotonic()
    again = fresh.install()
    print(f"again in {time.monotonic() - begun:.0f} s")
    assert not [did for did in ("This can take", "joins", "written:", "installed:", "waits") if f"   {did}" in again]
    assert fresh.run("systemctl show -p MainPID edgeagent") == pid
    assert (fresh.root / CONFIG[1:]).read_text() == config

    (fresh.root / CONFIG[1:]).write_text("audio:\n  volume_percent: 1000\n")
    assert "volume_percent" in fresh.install("--no-start")

    fresh.install("--uninstall", "--packages")
    assert fresh.is_active("edgeagent") == "inactive"
    files_after = files(fresh)
    changed = {path for path in files_before.keys() | files_after if files_before.get(path) != files_after.get(path)}
    owned = set(fresh.run("cat /var/lib/dpkg/info/*.list").splitlines())
    assert not {path for path in changed if path not in owned and not path.startswith(UNOWNED)}
    assert accounts(fresh) == accounts_before


def test_a_wheelhouse_is_all_that_a_machine_without_network_needs(
    card: SimCard, suite: str, fresh: Container, tmp_path: Path
) -> None:
    fresh.install("--download", "/var/cache/wheelhouse")
    assert not (fresh.root / "opt/edgeagent").exists()
    wheelhouse = fresh.root / "var/cache/wheelhouse"
    binds = (f"--bind-ro={wheelhouse}:/media/wheel house", f"--bind={tmp_path}/card:{CARD}")
    with container(suite, *binds, network=False) as box:
        assert box.run("ls /sys/class/net").split() == ["lo"]
        assert "this step failed" in box.run(f"bash {CHECKOUT}/tools/install.sh --wheelhouse /media", check=False)
        box.install("--wheelhouse", "/media/wheel house")
        assert "command not found" in box.run("gcc --version", check=False)  # nothing was built
        plug(box, card)
        assert not troubled(box, card=f"{CARD}/asound.conf")
        another_user(box)


def another_user(box: Container) -> None:
    """What was learnt is taken up by an installation for a person of the machine, who stays as they were."""
    box.run("touch /var/lib/edgeagent/kept; useradd mia")
    box.install("--uninstall", "--keep-data")
    assert "no such user" in box.run("id edgeagent", check=False)
    box.install("--wheelhouse", "/media/wheel house", "--user", "mia")
    assert box.run("systemctl show --value -p User edgeagent").strip() == "mia"
    assert box.run("stat -c %U /var/lib/edgeagent /var/lib/edgeagent/kept").split() == ["mia", "mia"]
    box.install("--uninstall")
    assert box.run("id -nG mia").split() == ["mia"]
    assert "No such file" in box.run("ls /var/lib/edgeagent", check=False)

"""Whose rights `check` judges: where root checks for the service, those of the unit and of its user, not root's."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from pwd import getpwuid

import pytest

from edgeagent.commands import _installed, _right_probes
from edgeagent.commands._beside import Beside
from edgeagent.commands._finding import Finding, Grade
from edgeagent.commands._installed import Installed, Owner
from edgeagent.live.realtime import CARD_PRIORITY
from edgeagent.settings import Audio, Button, Lamp, Settings
from tests.commands.test_installed import Unit, unit

__all__ = ["unit"]  # a fixture

NOBODY = 65534
AUDIO, GPIO, SPI = 29, 993, 992
"""Groups that the service's user is in by the unit alone, or not at all."""

USED = Settings(button=Button(pin=17), lamp=Lamp(kind="apa102"))


def real_time() -> dict[str, Finding]:
    return {finding.topic: finding for finding in _right_probes.real_time(Settings())}


def test_the_shipped_unit_permits_what_the_sound_wants(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the process that checks may do."""
    unit()
    monkeypatch.setattr(os, "sched_setscheduler", lambda *_: pytest.fail("root's own rights were tried"))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (8 << 20, 8 << 20))
    found = real_time()
    assert {topic: finding.grade.name for topic, finding in found.items()} == {"real time": "OK", "memory lock": "OK"}
    assert all("the unit permits" in finding.text for finding in found.values())


@pytest.mark.parametrize(
    ("drop_in", "topic", "mended"),
    [
        ("LimitRTPRIO=10\n", "real time", "LimitRTPRIO=30"),
        (f"LimitRTPRIO={CARD_PRIORITY - 1}:95\n", "real time", "LimitRTPRIO=30"),
        ("LimitRTPRIO=\n", "real time", "LimitRTPRIO=30"),
        ("RestrictRealtime=yes\n", "real time", "RestrictRealtime=no"),
        ("LimitMEMLOCK=64M\n", "memory lock", "LimitMEMLOCK=infinity"),
        ("LimitMEMLOCK=8388608\n", "memory lock", "LimitMEMLOCK=infinity"),
    ],
)
def test_a_unit_that_permits_too_little_and_the_line_that_mends_it(
    drop_in: str, topic: str, mended: str, unit: Unit, tmp_path: Path
) -> None:
    """The line is typed, so to say: the drop-in that it writes makes all well."""
    unit(drop_in)
    found = real_time()
    bad = [finding for finding in found.values() if finding.grade]
    assert [finding.topic for finding in bad] == [topic]
    assert bad[0].grade is Grade.WARN
    typed(bad[0].fix, tmp_path)
    assert f"\n{mended}\n" in (tmp_path / "edgeagent.service.d" / "zz-check.conf").read_text()
    assert not [finding for finding in real_time().values() if finding.grade]


def typed(fix: str, folder: Path) -> None:
    """Runs the part of a remedy that writes a file, there instead of in /etc."""
    write = fix[: fix.index("; sudo systemctl")].replace("sudo ", "").replace("/etc/systemd/system", str(folder))
    assert os.system(f"{{ {write}; }} >{os.devnull}") == 0


@pytest.mark.parametrize("limit", ["infinity", str(CARD_PRIORITY), "95:99"])
def test_other_ways_to_write_enough(limit: str, unit: Unit) -> None:
    unit(f"LimitRTPRIO={limit}\n")
    assert real_time()["real time"].grade is Grade.OK


@pytest.fixture
def nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Owner]:
    """Device nodes as on Raspberry Pi OS, by their names below /dev, with who owns them."""
    owners = {
        "snd/controlC0": Owner(0, AUDIO, "audio", 0o660),
        "snd/pcmC0D0c": Owner(0, AUDIO, "audio", 0o660),
        "snd/pcmC0D0p": Owner(0, AUDIO, "audio", 0o660),
        "gpiochip0": Owner(0, GPIO, "gpio", 0o660),
        "spidev0.0": Owner(0, SPI, "spi", 0o660),
    }
    dev = tmp_path / "dev"
    for name in owners:
        (dev / name).parent.mkdir(parents=True, exist_ok=True)
        (dev / name).touch()
    monkeypatch.setattr(_right_probes, "DEV", dev)
    for module in (_installed, _right_probes):
        monkeypatch.setattr(module, "owner", lambda path: owners[str(path.relative_to(dev))])
    return owners


def access(settings: Settings = USED) -> list[Finding]:
    return list(_right_probes.access(settings))


GROUPS = f"SupplementaryGroups={AUDIO} {GPIO}\nSupplementaryGroups={SPI}\n"


@pytest.mark.usefixtures("nodes")
def test_groups_that_the_unit_adds_count(unit: Unit) -> None:
    unit(GROUPS)
    assert [finding.grade for finding in access()] == [Grade.OK] * 3
    assert "the service's user nobody may use" in access()[0].text


@pytest.mark.usefixtures("nodes")
def test_a_user_outside_the_groups_is_told_which_to_join(unit: Unit) -> None:
    unit()
    found = access()
    assert [finding.grade for finding in found] == [Grade.FAIL] * 3
    assert [finding.fix for finding in found] == [
        f"sudo usermod -aG {group} nobody; sudo systemctl restart edgeagent" for group in ("audio", "gpio", "spi")
    ]
    assert "snd/controlC0, which is the group audio's" in found[0].text


def test_a_group_of_the_user_by_the_systems_list_counts(
    unit: Unit, nodes: dict[str, Owner], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Group:
        gr_name, gr_gid, gr_mem = "audio", AUDIO, ["nobody"]

    unit()
    monkeypatch.setattr(_installed, "getgrall", lambda: [Group])
    assert [finding.grade.name for finding in access()] == ["OK", "FAIL", "FAIL"]
    nodes["gpiochip0"] = Owner(NOBODY, 0, "root", 0o600)
    assert access()[1].grade is Grade.OK


@pytest.mark.parametrize("owner", [Owner(0, 0, "root", 0o660), Owner(0, GPIO, "gpio", 0o600)])
def test_a_node_that_no_group_gives_gets_a_rule(owner: Owner, unit: Unit, nodes: dict[str, Owner]) -> None:
    """As on a Debian, whose rules know nothing of pins."""
    unit(GROUPS)
    nodes["gpiochip0"] = owner
    (bad,) = (finding for finding in access() if finding.grade)
    assert 'SUBSYSTEM=="gpio", GROUP="gpio", MODE="0660"' in bad.fix
    assert "groupadd -fr gpio" in bad.fix
    assert "usermod -aG gpio nobody" in bad.fix


@pytest.mark.usefixtures("nodes")
@pytest.mark.parametrize(
    ("drop_in", "node", "mended"),
    [
        ("DeviceAllow=\nDeviceAllow=char-alsa rw\nDeviceAllow=char-gpio* rw\n", "spidev0.0", "DeviceAllow=char-spi rw"),
        (
            "DeviceAllow=\nDeviceAllow=char-[as]* rw\nDeviceAllow=char-gpiochip r\n",
            "gpiochip0",
            "DeviceAllow=char-gpiochip rw",
        ),
        ("PrivateDevices=yes\n", "snd/controlC0", "PrivateDevices=no"),
    ],
)
def test_a_unit_that_keeps_the_service_from_a_device(
    drop_in: str, node: str, mended: str, unit: Unit, tmp_path: Path
) -> None:
    unit(GROUPS + drop_in)
    bad = [finding for finding in access() if finding.grade]
    assert node in bad[0].text
    assert mended in bad[0].fix
    typed(bad[0].fix, tmp_path)
    assert not [finding for finding in access() if finding.grade]


@pytest.mark.usefixtures("nodes")
def test_a_unit_without_a_policy_closes_nothing(unit: Unit) -> None:
    unit(GROUPS + "DevicePolicy=auto\nDeviceAllow=\n")
    assert [finding.grade for finding in access()] == [Grade.OK] * 3


@pytest.mark.usefixtures("nodes")
def test_a_user_who_does_not_exist_is_made(unit: Unit) -> None:
    unit(user="no-such-user")
    assert access()[0].fix == Installed(_installed.UNIT).absent


@pytest.mark.usefixtures("nodes")
def test_what_is_not_used_or_not_there_needs_no_rights(unit: Unit, tmp_path: Path) -> None:
    unit()
    assert access(Settings(audio=Audio(card="wav"))) == []
    assert len(access(Settings())) == 1
    for node in (tmp_path / "dev").glob("*0*"):
        node.unlink()
    assert len(access()) == 1


@pytest.mark.usefixtures("nodes")
def test_who_checks_for_themselves_is_judged_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "access", lambda path, _mode: "snd" in str(path))
    sound, pins, strip = access()
    assert (sound.grade, pins.grade, strip.grade) == (Grade.OK, Grade.FAIL, Grade.FAIL)
    assert "you may use" in sound.text
    assert pins.fix == "sudo usermod -aG gpio $USER, then log in again"


@pytest.mark.usefixtures("nodes")
def test_a_check_that_the_service_has_started_mends_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the button of the page: it has the service's rights, and no terminal of its own."""
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(os, "sched_setscheduler", lambda *_: (_ for _ in ()).throw(PermissionError()))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (8 << 20, 8 << 20))
    inside = Beside(os.getppid(), service=True)
    urgent, locked = _right_probes.real_time(Settings(), inside)
    assert "LimitRTPRIO=30" in urgent.fix
    assert "LimitMEMLOCK=infinity" in locked.fix
    assert next(_right_probes.access(USED, inside)).fix == (
        f"sudo usermod -aG audio {getpwuid(NOBODY).pw_name}; sudo systemctl restart edgeagent"
    )
    for other in (Beside(os.getppid(), service=False), Beside(1 << 22, service=True)):
        assert all("limits.d" in finding.fix for finding in _right_probes.real_time(Settings(), other))

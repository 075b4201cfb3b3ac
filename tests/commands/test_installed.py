"""What root's `check` says of a service that is somebody else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeagent.commands import _installed, _probes, _reading_probes, review
from edgeagent.commands._finding import Grade
from edgeagent.commands._installed import Installed, installed
from edgeagent.commands._monitor_probes import monitors
from edgeagent.commands._pace_probes import last_run
from edgeagent.commands._remembered import memory
from edgeagent.settings import Flight, Hints, Memory, Page, Record, Script, Settings
from edgeagent.store.memory_file import MemoryFile, Stood, look
from tests.commands.conftest import Run
from tests.monitor.broker import free_port

SHIPPED = (Path(__file__).parents[2] / "systemd" / "edgeagent.service").read_text(encoding="utf-8")

Unit = Callable[..., Path]


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unit:
    """Installs the shipped unit for `nobody`, with a drop-in, and has root check."""

    def install(drop_in: str = "", user: str = "nobody") -> Path:
        state = tmp_path / "state"
        state.mkdir(mode=0o777)
        state.chmod(0o777)
        path = tmp_path / "edgeagent.service"
        path.write_text(SHIPPED.replace("User=edgeagent", f"User={user}"))
        path.with_name(path.name + ".d").mkdir()
        (path.with_name(path.name + ".d") / "override.conf").write_text("[Service]\n" + drop_in)
        monkeypatch.setattr(_installed, "UNIT", path)
        monkeypatch.setattr(_installed, "STATE", state)
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        return state

    return install


def test_who_checks_for_themselves_asks_no_service(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    unit()
    assert installed() is not None
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert installed() is None


def test_who_checks_for_the_service_without_being_root_is_told_to(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    state = unit()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    settings = Settings(memory=Memory(file=str(state / "memory.db")), flight=Flight(str(state / "flight")))
    for finding in (*memory(settings), *_probes.disk(settings)):
        theirs = str(state) in finding.text
        assert ("with sudo" in finding.fix) is theirs
        assert finding.grade is Grade.WARN


@pytest.mark.parametrize(
    ("drop_in", "grade"),
    [
        ("", Grade.WARN),
        ("LoadCredential=mqtt-password:/etc/edgeagent/mqtt-password\n", Grade.WARN),
        ("# LoadCredential=page-token:/etc/edgeagent/page-token\n", Grade.WARN),
        ("LoadCredential=page-token:/etc/edgeagent/page-token\n", Grade.OK),
        ("LoadCredentialEncrypted=page-token:/etc/edgeagent/page-token\n", Grade.OK),
    ],
)
def test_what_the_service_is_given_is_not_missed(unit: Unit, drop_in: str, grade: Grade) -> None:
    pytest.importorskip("uvicorn", reason="needs the extra [page]")
    unit(drop_in)
    found = list(monitors(Settings(page=Page(port=free_port(), address="0.0.0.0"))))
    assert max(finding.grade for finding in found) is grade


def disks(folder: str) -> str:
    """What is wrong with the folders that the settings name, and with the working folder."""
    told = [finding for finding in _probes.disk(Settings(flight=Flight(folder))) if finding.grade is Grade.WARN]
    return "; ".join(finding.text for finding in told)


def test_where_the_service_may_write(unit: Unit, tmp_path: Path) -> None:
    state = unit()
    assert disks("") == ""  # its own folder
    assert disks("~/clips") == disks("clips") == disks(str(state / "clips")) == ""
    assert "ProtectSystem=strict" in disks(str(tmp_path / "elsewhere"))
    state.chmod(0o755)
    assert "user nobody may not write" in disks("clips")


def test_where_the_service_may_remember(unit: Unit, tmp_path: Path) -> None:
    state = unit()
    told = [list(memory(Settings(memory=Memory(str(folder / "memory.db"))))) for folder in (state, tmp_path)]
    assert [max(finding.grade for finding in one) for one in told] == [Grade.OK, Grade.WARN]


def test_a_unit_that_was_widened_is_believed(unit: Unit, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere").chmod(0o777)
    unit(f"ReadWritePaths={tmp_path}/elsewhere\n")
    assert "elsewhere" not in disks(str(tmp_path / "elsewhere"))


def test_a_user_who_is_not_there_is_told(unit: Unit) -> None:
    unit(user="no-such-user")
    service = Installed(_installed.UNIT)
    assert "no-such-user" in service.denies(_installed.STATE)
    assert "useradd" in service.absent
    assert service.elsewhere("record.dir", "x", _installed.STATE) == service.absent


def test_a_user_who_is_made_gets_the_sound_where_there_are_no_groups_of_pins(unit: Unit, tmp_path: Path) -> None:
    """As on Debian. `usermod` with several groups changes nothing at all if it does not know one of them."""
    unit(user="no-such-user")
    sudo = tmp_path / "sudo"
    sudo.write_text(f'#!/bin/sh\n[ "$1" != usermod ] || [ "$3" = audio ] || exit 6\necho "$@" >>{tmp_path}/log\n')
    sudo.chmod(0o755)
    subprocess.run(["/bin/sh", "-c", Installed(_installed.UNIT).absent], env={"PATH": str(tmp_path)}, check=True)
    assert "usermod -aG audio no-such-user" in (tmp_path / "log").read_text()


def test_what_an_empty_line_takes_back_is_gone(unit: Unit, tmp_path: Path) -> None:
    """As systemd reads units: a key without a value begins anew."""
    (tmp_path / "elsewhere").mkdir(mode=0o777)
    (tmp_path / "elsewhere").chmod(0o777)
    unit(f"ReadWritePaths={tmp_path}/elsewhere\nReadWritePaths=\nLoadCredential=a:/a\nLoadCredential=\n")
    service = Installed(_installed.UNIT)
    assert not service.gives("a")
    assert "ProtectSystem" in service.denies(tmp_path / "elsewhere")


def test_a_folder_that_is_denied_comes_with_the_line_that_mends_it(unit: Unit, tmp_path: Path) -> None:
    state = unit()
    (finding,) = (
        one for one in _probes.disk(Settings(flight=Flight(str(tmp_path / "clips")))) if one.grade is Grade.WARN
    )
    assert finding.fix == f"set flight.dir: {state}/clips, then sudo systemctl restart edgeagent"
    state.chmod(0o755)
    for found in (*_probes.disk(Settings()), *memory(Settings(memory=Memory("~/memory.db")))):
        assert found.grade is Grade.OK or found.fix.startswith(f"sudo chown -R nobody: {state}")


def test_what_is_remembered_lies_in_the_services_home(unit: Unit) -> None:
    """Not in root's."""
    state = unit()
    (state / "memory.db").write_text("no database")
    (found,) = (one for one in memory(Settings(memory=Memory("~/memory.db"))) if one.grade)
    assert str(state / "memory.db") in found.text


def test_what_the_service_remembers_is_forgotten_and_not_what_root_has_none_of(
    unit: Unit, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    config, store = tmp_path / "edgeagent.yaml", unit() / "memory.db"
    config.write_text("memory: {file: ~/memory.db}\n")
    assert edgeagent("forget", "--config", config) == 0
    assert capsys.readouterr().out == f"{store}: no such file, so nothing is remembered\n"
    file = MemoryFile(store, 0.0, 24)
    file.write(0.0, None, {"volume": 0.5})
    file.close()
    assert edgeagent("forget", "--config", config) == 0
    assert "volume 50 %" in capsys.readouterr().out
    assert look(store) == Stood()


def test_the_services_clips_are_found_in_its_home(unit: Unit, tmp_path: Path) -> None:
    config, clips = tmp_path / "edgeagent.yaml", unit() / "flight"
    config.write_text("flight: {dir: flight}\n")
    assert review._folder("", Settings(flight=Flight("flight")), config) == clips


def test_how_the_services_last_run_went_is_read_in_its_home(unit: Unit) -> None:
    state = unit()
    (state / "journal.jsonl").write_text('{"at": 0, "event": "began"}\n')
    assert list(last_run(Settings(record=Record(journal="journal.jsonl"))))


def test_what_the_service_cannot_read_is_found_before_it_refuses_to_start(unit: Unit, tmp_path: Path) -> None:
    unit()
    closed = tmp_path / "script.yaml"
    closed.write_text("replies: [Hello.]\n")
    closed.chmod(0o600)
    for name, why in (
        (str(closed), "may not"),
        ("script.yaml", "looks for it in"),
        ("/home/pi/script.yaml", "ProtectHome"),
    ):
        (found,) = _reading_probes.readable(Settings(script=Script(file=name)))
        assert (found.grade, why in found.text, "set script.file: " in found.fix) == (Grade.FAIL, True, True)
    assert not list(_reading_probes.readable(Settings(script=Script(file="/etc/passwd"))))
    assert not list(_reading_probes.readable(Settings()))


def test_the_folder_that_systemd_makes_can_be_written(unit: Unit) -> None:
    unit()
    (found,) = (f for f in _probes.disk(Settings(hints=Hints(socket="/run/edgeagent/hints"))) if "/run" in f.text)
    assert found.grade is Grade.OK


def test_a_drop_in_may_be_written_in_any_of_systemds_ways(unit: Unit, tmp_path: Path) -> None:
    with_blank = tmp_path / "with blank"
    with_blank.mkdir()
    unit(f'  LoadCredential=page-token:\\\n/etc/token\n  ReadWritePaths="{with_blank}" /srv\nRestrictRealtime=y\n')
    service = Installed(_installed.UNIT)
    assert service.gives("page-token")
    assert "ProtectSystem" not in service.denies(with_blank)
    assert service.says("RestrictRealtime")
    _installed.UNIT.with_name("edgeagent.service.d").joinpath("odd.conf").write_text('[Service]\nReadWritePaths="/a\n')
    assert "ProtectSystem" in Installed(_installed.UNIT).denies(Path("/usr"))

"""Who holds a card, by a made-up /proc: the kernel tells a thread, which may have ended; open files tell more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgeagent.devices.holders import Holders, Process
from tests.devices.made_up_proc import MadeUpProc

DEVICE, THREAD, STRANGER = 812, 815, 4711


@pytest.fixture
def proc(tmp_path: Path) -> MadeUpProc:
    """A USB card whose microphone a device holds, by a thread of its own, and whose loudspeaker is free; and HDMI."""
    made_up = MadeUpProc(tmp_path)
    made_up.card(0, "vc4hdmi", "vc4-hdmi")
    made_up.pcm(0, 0, "p", [None], "MAI PCM i2s-hifi-0")
    made_up.card(1, "Device", "USB PnP Sound Device")
    made_up.pcm(1, 0, "c", [THREAD])
    made_up.pcm(1, 0, "p", [None])
    return made_up


def named(proc: MadeUpProc, name: str = "USB PnP") -> list[Process]:
    """Who holds the microphone."""
    holders = Holders(proc.root)
    return [process for pcm in holders.held(name, "input") for process in holders.of(pcm, "input")]


def test_the_thread_that_opened_it_leads_to_its_process(proc: MadeUpProc) -> None:
    proc.process(DEVICE, "python3 -m edgeagent run", threads=[THREAD], files=None)
    assert named(proc) == [Process(DEVICE, "python3 -m edgeagent")]


def test_open_files_tell_more_than_a_thread_that_has_ended_and_whose_number_is_anothers(proc: MadeUpProc) -> None:
    proc.process(DEVICE, "python3 -m edgeagent run", files=["/dev/null", "/dev/snd/pcmC1D0c"])
    proc.process(STRANGER, "sleep 60", threads=[THREAD], files=["/dev/snd/pcmC1D0p", "/dev/snd/pcmC11D0c"])
    assert named(proc) == [Process(DEVICE, "python3 -m edgeagent")]


def test_a_thread_that_leads_nowhere_names_nobody(proc: MadeUpProc) -> None:
    (process,) = named(proc)
    assert process.pid == 0
    assert process.name


@pytest.mark.parametrize(
    "name",
    [
        "hw:1",
        "hw:1,0",
        "plughw:CARD=Device",
        "hw:CARD=Device,DEV=0",
        "usb pnp",
        "USB PnP Sound Device: USB Audio (hw:3,0)",
    ],
)
def test_every_name_of_the_card_leads_to_it(proc: MadeUpProc, name: str) -> None:
    (pcm,) = Holders(proc.root).held(name, "input")
    assert pcm.listed == "USB PnP Sound Device: USB Audio (hw:1,0)"


@pytest.mark.parametrize("name", ["hw:0", "hw:1,1", "plughw:CARD=vc4hdmi", "default", "Webcam"])
def test_other_names_do_not(proc: MadeUpProc, name: str) -> None:
    assert Holders(proc.root).held(name, "input") == ()


def test_what_has_room_for_another_is_not_held(proc: MadeUpProc) -> None:
    assert Holders(proc.root).held("hw:1", "output") == ()
    proc.card(2, "Many", "Many voices")
    proc.pcm(2, 0, "p", [THREAD, None])
    assert Holders(proc.root).held("hw:2", "output") == ()
    proc.pcm(2, 0, "p", [THREAD, STRANGER])
    (pcm,) = Holders(proc.root).held("hw:2", "output")
    assert sorted(pcm.owners) == [THREAD, STRANGER]


def test_what_a_process_has_started_belongs_to_it(proc: MadeUpProc) -> None:
    proc.process(DEVICE, "edgeagent run", parent=1)
    proc.process(820, "nice arecord", parent=DEVICE)
    proc.process(821, "arecord -q", parent=820, threads=[822])
    holders = Holders(proc.root)
    assert [holders.belongs(pid, DEVICE) for pid in (DEVICE, 821, 822)] == [True] * 3
    assert [holders.belongs(pid, 821) for pid in (DEVICE, 1, 0)] == [False] * 3
    assert not holders.belongs(0, 0)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("/usr/bin/arecord -D hw:1 rtsp://me:secret@host", "arecord"),
        ("python3 -W error -m edgeagent run --config secret.yaml", "python3 -m edgeagent"),
        ("bash", "bash"),
        ("sh -c secret", "sh"),
        ("python3 -X secret", "python3"),
        ("shairport-sync -p secret", "shairport-sync"),
    ],
)
def test_a_program_is_named_without_its_arguments(proc: MadeUpProc, words: str, name: str) -> None:
    proc.process(DEVICE, words, files=["/dev/snd/pcmC1D0c"])
    assert named(proc) == [Process(DEVICE, name)]


def test_a_circle_of_parents_ends(proc: MadeUpProc) -> None:
    """As a list that changes while it is read may look."""
    proc.process(5, "a", parent=6)
    proc.process(6, "b", parent=5)
    assert not Holders(proc.root).belongs(5, DEVICE)


def test_who_has_lines_of_gpio_chips_and_which_files_are_open(proc: MadeUpProc) -> None:
    proc.process(DEVICE, "edgeagent run", files=["anon_inode:gpio-linehandle", "/dev/spidev0.1"])
    proc.process(STRANGER, "/usr/bin/python3 -u /home/pi/blink.py --password secret", files=["anon_inode:[gpio-line]"])
    proc.process(7, "other", files=["/dev/gpiochip0", "anon_inode:[eventfd]"])
    proc.process(8, "hidden", files=None)
    holders = Holders(proc.root)
    device, stranger = holders.of_lines()
    assert (device.pid, stranger.pid) == (DEVICE, STRANGER)
    assert stranger.name == "python3 blink.py"
    opened = [holders.opens(pid, "/dev/spidev0.1") for pid in (DEVICE, STRANGER, 8, 99)]
    assert opened == [True, False, None, None]


def test_the_unit_of_a_process(proc: MadeUpProc) -> None:
    proc.process(DEVICE, "edgeagent run", unit="edgeagent.service")
    proc.process(STRANGER, "bash")
    assert [Holders(proc.root).unit(pid) for pid in (DEVICE, STRANGER, 99)] == ["edgeagent.service", "", ""]


def test_a_machine_without_sound(tmp_path: Path) -> None:
    assert Holders(tmp_path).pcms("input") == ()


def test_threads_in_real_time(proc: MadeUpProc) -> None:
    """A name may hold anything, brackets as well."""
    stat = "{} (card) 1) S {} {} {} 0 0 0".format
    for thread, (priority, policy) in {1: (0, 0), 2: (21, 1), 3: (22, 1), 4: (22, 1), 5: (10, 2)}.items():
        path = proc.root / str(DEVICE) / "task" / str(thread) / "stat"
        path.parent.mkdir(parents=True)
        path.write_text(stat(thread, " ".join(["7"] * 36), priority, policy))
    assert Holders(proc.root).urgent(DEVICE) == (22, 21)
    assert Holders(proc.root).urgent(STRANGER) is None


def test_a_real_process_in_real_time() -> None:
    """Not this one: what other tests do with its threads is theirs."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert Holders().urgent(child.pid) == ()
        try:
            os.sched_setscheduler(child.pid, os.SCHED_FIFO, os.sched_param(7))
        except PermissionError:
            pytest.skip("SCHED_FIFO is not permitted here")
        finally:
            found = Holders().urgent(child.pid)
            child.communicate(b"\n")
        assert found == (7,)


def test_this_very_process_is_seen_in_the_real_proc(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        assert Holders().opens(os.getpid(), file.name)
    assert Holders().opens(os.getpid(), file.name) is False
    assert Holders().belongs(os.getpid(), os.getppid())

"""What a process costs is what it has computed."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from tools.probe.usage import Usage, celsius, machine, share, usage


def compute(seconds: float) -> None:
    """So much processor time of the calling thread."""
    begun = time.thread_time()
    while time.thread_time() - begun < seconds:
        sum(range(1000))


def test_time_is_told_apart_by_thread() -> None:
    over = threading.Event()

    def work() -> None:
        compute(0.05)
        done.set()
        over.wait()  # a thread that has ended is in no list

    done = threading.Event()
    before = usage()
    thread = threading.Thread(target=work, name="worker")
    thread.start()
    compute(0.1)
    done.wait()
    after = usage()
    over.set()
    thread.join()
    passed = after.when - before.when
    found = share(before, after)
    assert found["process"] * passed / 100 >= 0.15
    assert found["engine"] * passed / 100 >= 0.1  # the main thread is the engine's in a device
    assert 0.05 <= found["worker"] * passed / 100 <= 0.1
    assert after.rss_mb > 1


def test_shares_are_per_cent_of_one_core() -> None:
    before = Usage(10.0, 1.0, {"engine": 0.5}, 2.0)
    after = Usage(20.0, 1.4, {"engine": 0.8, "callbacks": 0.1}, 2.2)
    assert share(before, after) == pytest.approx({"process": 4, "engine": 3, "callbacks": 1, "voice": 2})


def test_the_hottest_zone_counts_and_one_that_is_broken_does_not(tmp_path: Path) -> None:
    for number, (name, said) in enumerate((("cpu", "51800\n"), ("gpu", "63250\n"), ("wifi", "-5000\n"), ("pmic", ""))):
        zone = tmp_path / "sys" / "class" / "thermal" / f"thermal_zone{number}"
        zone.mkdir(parents=True)
        (zone / "type").write_text(f"{name}\n")
        (zone / "temp").write_text(said)
    assert celsius(tmp_path) == 63.25
    assert celsius(tmp_path / "sys") is None  # a machine without any


def test_the_machine_has_a_name() -> None:
    said = machine()
    assert said["model"]
    assert int(said["cores"]) >= 1

"""The simulated card by itself: with alsa-utils as the program that plays and records."""

from __future__ import annotations

import shutil
import subprocess
import time

import numpy as np
import pytest

from tests.devices.sim_child import MakeSim, make_sim
from tools.simcard import RING, SimCard

__all__ = ["make_sim"]  # a fixture
pytestmark = pytest.mark.live

RAW = ["-q", "-D", "simcard", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "16000"]

needs_alsa_utils = pytest.mark.skipif(not shutil.which("aplay"), reason="needs alsa-utils")


@needs_alsa_utils
def test_what_aplay_plays_is_in_the_record_and_is_heard_as_echo(make_sim: MakeSim) -> None:
    sim = make_sim()
    sim.state.echo_gain_q15, sim.state.echo_delay = 1 << 14, 100
    sound = np.arange(1, 4001, dtype=np.int16) * 2
    with subprocess.Popen(["arecord", *RAW], env=sim.env(), stdout=subprocess.PIPE) as recorder:
        assert recorder.stdout is not None
        recorder.stdout.read(320)  # it runs
        began = sim.frame()
        subprocess.run(["aplay", *RAW], env=sim.env(), input=sound.tobytes(), timeout=10, check=True)
        heard = np.frombuffer(recorder.stdout.read(2 * (sim.frame() - began + 400)), np.int16)
        recorder.terminate()
    record = sim.played(began, sim.frame())
    start = int(np.flatnonzero(record)[0])
    np.testing.assert_array_equal(record[start : start + 4000], sound)
    assert not record[start + 4000 :].any()
    echo = int(np.flatnonzero(heard)[0])
    np.testing.assert_array_equal(heard[echo : echo + 4000], sound // 2)


def test_two_views_of_one_card_and_its_limits(make_sim: MakeSim) -> None:
    sim = make_sim(rate=48000)
    other = SimCard.attach(sim.env()["ALSA_CONFIG_PATH"])
    sim.state.fifo = 7
    assert (other.state.fifo, other.state.rate) == (7, 48000)
    assert abs(sim.frame() - other.frame()) < 4800
    assert sim.frame(sim.state.epoch_ns + 10**9) == 48000
    now = sim.frame()
    assert not sim.played(now, now + 100).any()
    with pytest.raises(ValueError, match="no longer, or never were"):
        sim.played(now - RING - 48000, now)


@needs_alsa_utils
def test_the_microphone_hears_each_feed_at_its_frame_and_silence_between(make_sim: MakeSim) -> None:
    sim = make_sim()
    with subprocess.Popen(["arecord", *RAW], env=sim.env(), stdout=subprocess.PIPE) as recorder:
        assert recorder.stdout is not None
        recorder.stdout.read(320)
        first = sim.feed(np.full(100, 11, np.int16))
        second = sim.feed(np.full(100, 22, np.int16), first + 1000)
        heard = np.frombuffer(recorder.stdout.read(2 * 6400), np.int16)
        recorder.terminate()
    start = int(np.flatnonzero(heard == 11)[0])
    assert (heard[start : start + 100] == 11).all()
    assert not heard[start + 100 : start + second - first].any()
    assert (heard[start + second - first :][:100] == 22).all()
    assert np.count_nonzero(heard) == 200


def test_the_clock_of_the_card_is_the_monotonic_clock(make_sim: MakeSim) -> None:
    sim = make_sim()
    before, frame, after = time.monotonic_ns(), sim.frame(), time.monotonic_ns()
    assert sim.frame(before) <= frame <= sim.frame(after)


@needs_alsa_utils
@pytest.mark.parametrize("exclusive", [True, False])
def test_a_second_opener_of_an_exclusive_card_is_told_busy_until_the_first_is_gone(
    exclusive: bool, make_sim: MakeSim
) -> None:
    """Each direction by itself; and who is killed lets go at once, as with a kernel's driver."""
    sim = make_sim(exclusive=exclusive)

    def record() -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["arecord", *RAW, "-s", "160"], env=sim.env(), capture_output=True, timeout=10, check=False
        )

    with subprocess.Popen(["arecord", *RAW], env=sim.env(), stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.read(320)  # it runs
        second = record()
        assert (b"Device or resource busy" in second.stderr) is exclusive
        assert len(second.stdout) == (0 if exclusive else 320)
        subprocess.run(["aplay", *RAW], env=sim.env(), input=bytes(320), timeout=10, check=True)
        first.kill()
        first.wait()
        assert len(record().stdout) == 320

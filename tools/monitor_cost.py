"""What it costs the sound to be watched: how late one thread wakes another, and memory, with nobody watching, with as
many browsers on the status page as it takes, and with Prometheus asking every second as well.

The interpreter's lock is all that the page and the engine share, so what counts is how long a thread that has been
woken waits for it. Both threads have the device's priorities where that is permitted, so that what else runs on the
machine counts little. Browsers and scraper are another process, as they are in life.

    python -m tools.monitor_cost [--seconds 20]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from queue import SimpleQueue
from threading import Event, Thread

import numpy as np

from edgeagent.commands._status import Status
from edgeagent.live.realtime import ENGINE_PRIORITY, prepare, urgent
from edgeagent.monitor import board
from edgeagent.monitor.metrics import Figures
from edgeagent.monitor.page.calibration import Calibration
from edgeagent.monitor.page.job import Job
from edgeagent.monitor.page.server import Server
from edgeagent.monitor.page.site import WATCHING
from edgeagent.monitor.places import listening
from edgeagent.monitor.scrape import Scrape
from edgeagent.monitor.stages import Stages
from edgeagent.monitor.tally import Tally
from edgeagent.vitals import Vitals

BLOCK_S = 0.01

WATCHER = """
import http.client, sys, threading, time
port, scraped, many = map(int, sys.argv[1:])
def watch():
    client = http.client.HTTPConnection("127.0.0.1", port)
    client.request("GET", "/events")
    answer = client.getresponse()
    while answer.read1(65536):
        pass
for _ in range(many):
    threading.Thread(target=watch, daemon=True).start()
while True:
    time.sleep(1)
    if scraped:
        client = http.client.HTTPConnection("127.0.0.1", scraped)
        client.request("GET", "/metrics")
        client.getresponse().read()
"""


def hops(seconds: float, tally: Tally) -> list[float]:
    """Milliseconds from a wake to the woken thread's first step, a hundred times a second; the vitals go on."""
    woken: SimpleQueue[float] = SimpleQueue()
    late: list[float] = []

    def engine() -> None:
        urgent(ENGINE_PRIORITY)
        while begun := woken.get():
            late.append(1000 * (time.perf_counter() - begun))

    thread = Thread(target=engine)
    thread.start()
    urgent(ENGINE_PRIORITY - 1)
    rest, end = Event(), time.monotonic() + seconds
    while time.monotonic() < end:
        rest.wait(BLOCK_S)
        if len(late) % 10 == 0:
            tally.look(Vitals(len(late) * 160, time.monotonic(), "speaking", "speaking"))
        woken.put(time.perf_counter())
    woken.put(0.0)
    thread.join()
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return late


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.monitor_cost", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="for each line")
    args = parser.parse_args()
    prepare()
    tally = Tally()
    status = Status(tally, None)
    jobs = (Job(["true"]), Calibration(["true"]))
    with ExitStack() as closing:
        ports = []
        for key in ("page.port", "metrics.port"):
            ours = listening("127.0.0.1", 0, key)
            ports.append(ours.getsockname()[1])
            server = Server(ours, status.content(), jobs, "") if key == "page.port" else None
            served = server or Scrape(ours, Figures(tally, Stages()))
            closing.callback(served.close)
            served.start()
        print(f"{'':<34}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}  ms late   CPU     RSS")
        for name, many, scraped in (
            ("nobody watches", 0, 0),
            (f"{WATCHING} browsers", WATCHING, 0),
            (f"{WATCHING} browsers, and Prometheus", WATCHING, ports[1]),
        ):
            child = subprocess.Popen([sys.executable, "-c", WATCHER, str(ports[0]), str(scraped), str(many)])
            time.sleep(1)
            begun = time.process_time()
            late = hops(args.seconds, tally)
            share = 100 * (time.process_time() - begun) / args.seconds
            child.kill()
            child.wait()
            row = "".join(f"{value:8.3f}" for value in (*np.percentile(late, (50, 95, 99)), max(late)))
            print(f"{name:<34}{row}          {share:4.1f} %  {board.resident_bytes() / 1e6:.0f} MB")


if __name__ == "__main__":
    main()

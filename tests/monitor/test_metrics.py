"""The figures, scraped over HTTP and read by the parser of Prometheus' own library."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from socketserver import StreamRequestHandler
from threading import Event, Thread

import numpy as np
import pytest

from edgeagent import app
from edgeagent.errors import ServiceError
from edgeagent.monitor.stages import STAGES, Stages, TimedCanceller
from edgeagent.monitor.tally import Tally
from edgeagent.settings import Settings
from edgeagent.signal.canceller import Canceller
from edgeagent.store.journal import MemoryJournal
from edgeagent.units import HOP, RATE
from edgeagent.vitals import Vitals

pytest.importorskip("prometheus_client", reason="needs the extra [metrics]")

from prometheus_client.parser import text_string_to_metric_families

from edgeagent.monitor import places, scrape
from edgeagent.monitor.metrics import SOMETIMES, Figures

ROOT = Path(__file__).parents[2]

Samples = dict[tuple[str, str], float]
"""By name, and by the value of the first label, "" for none."""

Serve = Callable[..., int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves a tally; the port."""
    running: list[scrape.Scrape] = []

    def serve(tally: Tally, stages: Stages | None = None, starts: int | None = None, name: str = "") -> int:
        ours = places.listening("127.0.0.1", 0, "metrics.port")
        running.append(scrape.Scrape(ours, Figures(tally, stages or Stages(), starts), name))
        running[-1].start()
        port: int = ours.getsockname()[1]
        return port

    yield serve
    for server in running:
        server.close()


def get(port: int, path: str = "/metrics", **headers: str) -> tuple[int, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as client:
        client.request("GET", path, headers=headers)
        answer = client.getresponse()
        return answer.status, answer.read().decode()


def samples(text: str) -> Samples:
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        assert family.type != "unknown"
        for sample in family.samples:
            found[sample.name, next(iter(sample.labels.values()), "")] = sample.value
    return found


def test_the_vitals_and_the_counts_are_what_is_scraped(serve: Serve) -> None:
    tally = Tally()
    facts: dict[str, int | float | str] = {"behind_ms": 30, "left_out": 2, "output_latency_ms": 32.0}
    vitals = {"state": "speaking", "impaired": ("slow",), "hears": True, "erle_db": 31.5, "trust": "trusted"}
    tally.look(Vitals(3 * RATE, 1.0, delay_ms=18.0, drift_ppm=-42.5, lost=480, reopened=2, facts=facts, **vitals))  # type: ignore[arg-type]
    tally.write({"at": RATE, "event": "state", "state": "speaking", "from": "idle"})
    tally.write({"at": RATE, "event": "card", "worse": {"overflows": 3}})
    tally.write({"at": RATE, "event": "judged", "verdict": "false_alarm", "likely": "backchannel"})
    for took_s in (0.15, 0.25, 5.0):
        tally.stop.add(took_s)
    found = samples(get(serve(tally, starts=7))[1])
    assert (found["edgeagent_state", "speaking"], found["edgeagent_state", "idle"]) == (1, 0)
    assert (found["edgeagent_state_seconds_total", "idle"], found["edgeagent_state_seconds_total", "speaking"]) == (
        1,
        2,
    )
    assert (found["edgeagent_impaired", "slow"], found["edgeagent_impaired", "rules"]) == (1, 0)
    assert (found["edgeagent_hears", ""], found["edgeagent_erle_decibels", ""]) == (1, 31.5)
    assert (found["edgeagent_echo_trust", "trusted"], found["edgeagent_echo_trust", "converging"]) == (1, 0)
    assert found["edgeagent_echo_delay_seconds", ""] == pytest.approx(0.018)
    assert found["edgeagent_clock_drift_ppm", ""] == -42.5
    assert (found["edgeagent_lost_samples_total", ""], found["edgeagent_card_reopened_total", ""]) == (480, 2)
    assert (found["edgeagent_xruns_total", "overflows"], found["edgeagent_xruns_total", "underflows"]) == (3, 0)
    counted = {kind: found["edgeagent_false_alarms_total", kind] for kind in ("floor", "backchannel", "other")}
    assert counted == {"floor": 0, "backchannel": 1, "other": 0}
    assert found["edgeagent_stop_latency_seconds_count", ""] == 3
    assert found["edgeagent_stop_latency_seconds_sum", ""] == pytest.approx(5.4)
    assert [found["edgeagent_stop_latency_seconds_bucket", le] for le in ("0.2", "0.3", "2.0", "+Inf")] == [1, 2, 2, 3]
    assert found["edgeagent_output_latency_seconds", ""] == pytest.approx(0.032)
    assert found["edgeagent_starts_total", ""] == 7
    assert found["process_resident_memory_bytes", ""] > 1e6


def test_who_asks_for_some_figures_gets_those(serve: Serve) -> None:
    """By the names of Prometheus' own selection, also of what is there only later."""
    tally = Tally()
    port = serve(tally, starts=7)
    tally.look(Vitals(delay_ms=1.0, facts={"input_latency_ms": 1, "output_latency_ms": 1}))
    every = samples(get(port)[1])
    for name in {name for name, _ in every}:
        found = samples(get(port, f"/metrics?name[]={name}")[1])
        assert found.keys() == {key for key in every if key[0] == name}, name
    two = samples(get(port, "/metrics?name[]=edgeagent_hears&name[]=edgeagent_starts_total&name[]=nothing")[1])
    assert {name for name, _ in two} == {"edgeagent_hears", "edgeagent_starts_total"}
    assert set(SOMETIMES) <= {metric.name for metric in Figures(Tally(), Stages()).describe()}


def test_what_is_not_known_is_not_there(serve: Serve) -> None:
    found = samples(get(serve(Tally()))[1])
    assert ("edgeagent_echo_delay_seconds", "") not in found
    assert ("edgeagent_starts_total", "") not in found


def test_names_keep_the_conventions(serve: Serve) -> None:
    text = get(serve(Tally(), starts=1))[1]
    for family in text_string_to_metric_families(text):
        assert re.fullmatch(r"(edgeagent|process)_[a-z_]+", family.name)
        total = all(sample.name.endswith("_total") for sample in family.samples)
        assert (family.type == "counter") == (total and bool(family.samples)), family.name


def test_only_names_that_nobody_else_can_have_are_answered(serve: Serve) -> None:
    port = serve(Tally())
    own = socket.gethostname()
    for host in ("127.0.0.1", f"localhost:{port}", "[::1]:9", "192.168.7.9", own, f"{own.partition('.')[0]}.local:80"):
        assert get(port, Host=host)[0] == 200, host
    for host in ("", "evil.example", f"evil.example:{port}", "localhost.evil.example", "127.0.0.1.nip.example"):
        status, text = get(port, Host=host)
        assert (status, "edgeagent_" in text) == (421, False), host
    assert get(port, "/")[0] == 404
    assert get(serve(Tally(), name="pi.home.example"), Host="pi.home.example:9464")[0] == 200


def test_a_client_that_dawdles_does_not_keep_others_waiting(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrape, "PATIENCE_S", 0.05)
    port = serve(Tally())
    with socket.create_connection(("127.0.0.1", port)) as dawdler:
        dawdler.sendall(b"GET /metrics HT")
        assert get(port)[0] == 200
        assert dawdler.recv(1) == b""


def test_a_client_that_dawdles_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does the one behind it."""
    monkeypatch.setattr(scrape, "PATIENCE_S", 60.0)
    asked = Event()
    ours = places.listening("127.0.0.1", 0, "metrics.port")
    server = scrape.Scrape(ours, Figures(Tally(), Stages()))

    def setup(handler: StreamRequestHandler) -> None:
        asked.set()
        StreamRequestHandler.setup(handler)

    monkeypatch.setattr(scrape._Handler, "setup", setup)
    server.start()
    with (
        socket.create_connection(ours.getsockname()[:2]) as first,
        socket.create_connection(ours.getsockname()[:2]) as second,
    ):
        assert asked.wait(10)
        ending = Thread(target=server.close)
        ending.start()
        ending.join(10)
        waited = ending.is_alive()
        first.close()
        second.close()
    ending.join(10)
    assert not waited


def test_a_port_that_is_taken_is_refused_with_its_remedy() -> None:
    with places.listening("127.0.0.1", 0, "metrics.port") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServiceError, match=rf"metrics.port {port} at 127.0.0.1: .*set metrics.port"):
            places.listening("127.0.0.1", port, "metrics.port")


def test_the_time_of_the_stages_is_counted_and_changes_no_decision() -> None:
    stages = Stages()
    journals = MemoryJournal(), MemoryJournal()
    engines = (app.build_engine(Settings(), journals[0]), app.build_engine(Settings(), journals[1], stages=stages))
    sound = (0.05 * np.random.default_rng(3).standard_normal(100 * HOP)).astype(np.float32)
    for engine in engines:
        engine.reference(sound)
        engine.capture(sound)
    assert journals[0].lines() == journals[1].lines()
    assert engines[0].percept == engines[1].percept
    spent = stages.spent_s()
    assert tuple(spent) == STAGES
    assert all(0 < took < 5 for took in spent.values())
    assert spent["canceller"] > spent["near_end"]


def test_a_timed_canceller_is_still_the_canceller() -> None:
    canceller = Canceller(True)
    timed = TimedCanceller(canceller, Stages())
    assert timed.drift_ppm == canceller.drift_ppm
    timed.suppress(False)
    zeros = np.zeros(HOP, np.float32)
    cancelled = timed.process(zeros, zeros)
    np.testing.assert_array_equal(cancelled.clean, cancelled.linear)
    assert timed.take_discarded() == 0


def named(text: str) -> set[str]:
    """The families that a text names: without what a histogram adds to its name."""
    return {
        re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\b(?:edgeagent|process)_[a-z_]+\b", text)
    }


def families(serve: Serve) -> set[str]:
    """As they are exposed, what only a card or a Pi tells included."""
    tally = Tally()
    tally.look(Vitals(delay_ms=1.0, facts={"input_latency_ms": 1, "output_latency_ms": 1}))
    text = get(serve(tally, starts=1))[1]
    return {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")} | {"edgeagent_clock_ratio"}


def test_every_metric_that_the_dashboard_names_exists(serve: Serve) -> None:
    dashboard = json.loads((ROOT / "tools" / "grafana" / "edgeagent.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    asked.append(dashboard["templating"]["list"][1]["query"]["query"])
    assert len(asked) > 20
    assert named(" ".join(asked)) <= families(serve)
    assert all('instance=~"$instance"' in expression for expression in asked[:-1])
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(numbers)) == len(numbers)


def test_what_the_dashboard_shows_as_now_is_asked_of_now() -> None:
    """Of a span of time each state that there was is a series of its own, and the last of it would count as now."""
    dashboard = json.loads((ROOT / "tools" / "grafana" / "edgeagent.json").read_text(encoding="utf-8"))
    now = [target for panel in dashboard["panels"] if panel["type"] == "stat" for target in panel["targets"]]
    assert len(now) == 5
    assert all(target["instant"] and not target["range"] for target in now)


def test_every_metric_is_explained_and_every_one_explained_exists(serve: Serve) -> None:
    text = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    table = named("\n".join(line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")))
    assert table == families(serve) | named(text)


def test_a_device_that_calibrates_is_told_from_one_that_is_deaf(serve: Serve) -> None:
    tally = Tally()
    tally.look(Vitals(RATE, 1.0, "mic_lost", "calibrating", excused=True))
    found = samples(get(serve(tally))[1])
    assert (found["edgeagent_state", "calibrating"], found["edgeagent_state", "mic_lost"]) == (1, 0)
    assert found["edgeagent_hears", ""] == 0

"""The figures for Prometheus, made when they are asked for out of what the tally and the vitals hold.

Names follow its conventions: base units, `_total` for what only grows. A registry of our own holds nothing else, so no
library of somebody's adds to it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from edgeagent import __version__
from edgeagent.monitor import board
from edgeagent.monitor.stages import Stages
from edgeagent.monitor.tally import Distribution, Tally
from edgeagent.signal.confidence import Trust
from edgeagent.turn.levels import Level
from edgeagent.turn.outputs import Impairment, Light
from edgeagent.turn.policy import Likely
from edgeagent.units import RATE
from edgeagent.vitals import Vitals

Labelled = Iterable[tuple[str, float]]

STOP_CAUSES = ("interruption", "button", "mute", "fault")
OUTCOMES = ("stopped", "held", "no_verdict", "outlived", "echo", "called_off")
XRUNS = ("overflows", "underflows", "failures", "unwritten", "player_underruns", "reference_holes")
"""Labels that are there from the start, at 0: what appears only when it first happens has no increase to alert on."""

SOMETIMES = (
    "edgeagent_input_latency_seconds",
    "edgeagent_output_latency_seconds",
    "edgeagent_echo_delay_seconds",
    "edgeagent_clock_ratio",
)
"""Gauges that are not there from the start, or not on every machine."""


class Figures(Collector):
    """A collector of prometheus_client. `collect` is for any thread."""

    def __init__(self, tally: Tally, stages: Stages, starts: int | None = None) -> None:
        """starts: of the device so far, this one included, if they are counted."""
        self._tally = tally
        self._stages = stages
        self._starts = starts
        self._begun = board.started_utc()

    def collect(self) -> Iterator[Metric]:
        """Every figure as it is now."""
        vitals = self._tally.vitals
        yield from self._turns()
        yield from self._state(vitals)
        yield from self._sound(vitals)
        yield from self._echo(vitals)
        yield from self._load(vitals)
        yield from self._machine()

    def describe(self) -> Iterator[Metric]:
        """Every figure there may ever be: by these names the library knows whom to ask for some of them (`name[]`)."""
        told = list(self.collect())
        known = {figure.name for figure in told}
        yield from told
        yield from (_gauge(name, "", 0.0) for name in SOMETIMES if name not in known)

    def _turns(self) -> Iterator[Metric]:
        tally = self._tally
        yield _histogram(
            "edgeagent_stop_latency_seconds", "Onset of a person's sound to the verdict to stop", tally.stop
        )
        yield _histogram("edgeagent_duck_latency_seconds", "Onset of a sound to the lowering of our voice", tally.duck)
        told = "Verdict to the return of the last call that silences: gate, mute pin, abort"
        yield _histogram("edgeagent_silence_latency_seconds", told, tally.silence)
        told = "Times that our voice was cut, by what for"
        yield self._counter("edgeagent_stops_total", told, "stop", "cause", STOP_CAUSES)
        yield self._counter("edgeagent_stops_taken_back_total", "Stops that were false alarms after all", "taken_back")
        told = "Times that our voice was lowered in doubt, by how it ended; held are those judged a false alarm"
        yield self._counter("edgeagent_doubts_total", told, "doubt", "outcome", OUTCOMES)
        told = "Doubts and stops that were judged false alarms, by what the ear took them for"
        yield self._counter("edgeagent_false_alarms_total", told, "false_alarm", "likely", tuple(Likely))
        yield self._counter("edgeagent_turns_total", "Turns of the user that were handed over", "turn")
        yield self._counter("edgeagent_words_heard_total", "Words of ours that left the converter", "words")
        told = "Messages for the MQTT broker; dropped are those that found it away, or slow, for too long"
        yield self._counter("edgeagent_mqtt_messages_total", told, "mqtt", "outcome", ("sent", "dropped"))
        yield self._counter("edgeagent_reply_failures_total", "Sentences that could not be said", "reply_failed")

    def _state(self, vitals: Vitals) -> Iterator[Metric]:
        states = [light.value for light in Light]
        shown = vitals.light if vitals.light == Light.CALIBRATING else vitals.state
        now = ((state, float(state == shown)) for state in states)
        yield _gauges("edgeagent_state", "1 for the state in which the device is", "state", now)
        spent = self._tally.state_s()
        every = ((state, spent.get(state, 0.0)) for state in states)
        yield _counters("edgeagent_state_seconds_total", "Seconds of sound in each state", "state", every)
        yield _gauge("edgeagent_hears", "1 if sound comes, makes sense, and is kept up with", float(vitals.hears))
        impaired = ((by.value, float(by.value in vitals.impaired)) for by in Impairment)
        yield _gauges("edgeagent_impaired", "1 for each reason why it hears less well than it should", "by", impaired)
        age_s = time.monotonic() - vitals.monotonic_s if vitals.monotonic_s else 0.0
        yield _gauge("edgeagent_vitals_age_seconds", "Since the engine last gave a sign of life", max(0.0, age_s))

    def _sound(self, vitals: Vitals) -> Iterator[Metric]:
        yield _counter("edgeagent_sound_seconds_total", "Sound that the engine has taken", vitals.at / RATE)
        level = "Mean level over the last tenth or two of a second, 0 for a square wave at full scale"
        yield _gauge("edgeagent_microphone_level_dbfs", level, vitals.microphone_dbfs)
        yield _gauge("edgeagent_loudspeaker_level_dbfs", level, vitals.loudspeaker_dbfs)
        yield _gauge("edgeagent_microphone_peak_ratio", "Largest magnitude in it, 1 is clipped", vitals.microphone_peak)
        yield _gauge("edgeagent_person_probability", "That a person is speaking here", vitals.person)
        told = "What went wrong between us and the card, by the journal's names; overflows and underflows are xruns"
        yield self._counter("edgeagent_xruns_total", told, "card", "kind", XRUNS)
        yield _counter("edgeagent_lost_samples_total", "Samples of the microphone that never came", vitals.lost)
        yield _counter("edgeagent_card_reopened_total", "Times that the card was opened anew", vitals.reopened)
        for fact, name in (("input_latency_ms", "input"), ("output_latency_ms", "output")):
            if isinstance(latency := vitals.facts.get(fact), int | float):
                yield _gauge(f"edgeagent_{name}_latency_seconds", f"Of the card's {name}, as it says", latency / 1000)

    def _echo(self, vitals: Vitals) -> Iterator[Metric]:
        yield _gauge("edgeagent_erle_decibels", "Echo of our own that is taken away", vitals.erle_db)
        trust = ((trust.value, float(trust.value == vitals.trust)) for trust in Trust)
        yield _gauges("edgeagent_echo_trust", "1 for what the canceller believes of itself", "trust", trust)
        if vitals.delay_ms >= 0:
            yield _gauge("edgeagent_echo_delay_seconds", "Loudspeaker to the strongest echo", vitals.delay_ms / 1000)
        yield _gauge("edgeagent_clock_drift_ppm", "By how much the loudspeaker's clock is fast", vitals.drift_ppm)

    def _load(self, vitals: Vitals) -> Iterator[Metric]:
        told = "Processor time of the engine thread; over edgeagent_sound_seconds_total it is its share of a core"
        yield _counter("edgeagent_engine_cpu_seconds_total", told, self._tally.engine_cpu_s)
        spent = self._stages.spent_s().items()
        yield _counters("edgeagent_stage_cpu_seconds_total", "Of that, the largest stages", "stage", spent)
        behind_ms, left_out = (vitals.facts.get(fact, 0) for fact in ("behind_ms", "left_out"))
        told = "The most that has waited for the engine since the start"
        yield _gauge("edgeagent_behind_most_seconds", told, float(behind_ms) / 1000)
        told = f"What is left out because the machine is too slow: 0 nothing to {max(Level):d} all that can be"
        yield _gauge("edgeagent_left_out_level", told, float(left_out))
        yield self._counter("edgeagent_ear_failures_total", "Times that the models gave up for good", "ear_failed")
        told = "Hops of sound: blind, that were no numbers; failed, in which a model failed"
        yield self._counter("edgeagent_ear_upset_hops_total", told, "ear_upset", "kind", ("blind", "failed"))

    def _machine(self) -> Iterator[Metric]:
        zones = board.temperatures().items()
        yield _gauges("edgeagent_temperature_celsius", "Of the machine, by thermal zone", "zone", zones)
        held = ((reason, float(so)) for reason, so in board.throttled().items())
        yield _gauges("edgeagent_throttled", "1 for each reason why the machine is held back", "reason", held)
        if (clock := board.clock_hz()) is not None:
            yield _gauge(
                "edgeagent_clock_ratio", "The slowest core's clock as a share of its best", clock[0] / clock[1]
            )
        yield _gauge("process_resident_memory_bytes", "Memory of the process in RAM", board.resident_bytes())
        yield _gauge("process_open_fds", "File descriptors of the process", board.open_files())
        yield _counter("process_cpu_seconds_total", "Processor time of all its threads", time.process_time())
        told = "When it began, since 1970; changes() of it counts restarts"
        yield _gauge("process_start_time_seconds", told, self._begun)
        if self._starts is not None:
            yield _counter("edgeagent_starts_total", "Starts of the device, this one included", self._starts)
        info = GaugeMetricFamily("edgeagent_build_info", "Always 1; the label says what runs", labels=["version"])
        info.add_metric([__version__], 1.0)
        yield info

    def _counter(
        self, name: str, told: str, count: str, label: str = "", known: tuple[str, ...] = ("",)
    ) -> CounterMetricFamily:
        """One of the tally's; `known` values of the label are there even at 0."""
        counts = dict.fromkeys(known, 0)
        counts |= {value: number for (key, value), number in list(self._tally.counts.items()) if key == count}
        if not label:
            return _counter(name, told, sum(counts.values()))
        return _counters(name, told, label, counts.items())


def _gauge(name: str, told: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, told, value=value)


def _gauges(name: str, told: str, label: str, values: Labelled) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, told, labels=[label])
    for of, value in values:
        family.add_metric([of], value)
    return family


def _counter(name: str, told: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, told, value=value)


def _counters(name: str, told: str, label: str, values: Labelled) -> CounterMetricFamily:
    family = CounterMetricFamily(name, told, labels=[label])
    for of, value in values:
        family.add_metric([of], value)
    return family


def _histogram(name: str, told: str, durations: Distribution) -> HistogramMetricFamily:
    bounds = [*map(str, durations.bounds), "+Inf"]
    buckets = list(zip(bounds, accumulate(list(durations.counts)), strict=True))
    return HistogramMetricFamily(name, told, buckets=buckets, sum_value=durations.sum)

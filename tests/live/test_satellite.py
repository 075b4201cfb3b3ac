"""The whole device as a satellite, on the cranked card: what sounds, what is told, what the lamp shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from edgeagent.app import build_dialogue
from edgeagent.app.satellite import Outside
from edgeagent.live.conversation import Told
from edgeagent.live.turns import Listener
from edgeagent.live.voice import HELD
from edgeagent.monitor.places import listening
from edgeagent.ports import Voiced
from edgeagent.services.satellite import Satellite as Ours
from edgeagent.services.satellite_talk import SatelliteTalk
from edgeagent.settings import Satellite, Settings, Turns
from edgeagent.turn.events import ButtonLong, ButtonShort, Event
from edgeagent.units import RATE

pytest.importorskip("wyoming", reason="needs the extra [wyoming]")

from tests.live.rig import VOICE, Rig
from tests.services.home_assistant import HomeAssistant, connecting

Eventually = Callable[[Callable[[], object]], None]
OLD, NEW = 0.1, 0.3


class House:
    """A device, and Home Assistant beside it."""

    def __init__(self) -> None:
        settings = Settings(
            satellite=Satellite(enabled=True, patience_ms=3000),
            turns=Turns(reply_timeout_ms=20_000),
        )
        self.satellite = Ours(settings.satellite, listening("127.0.0.1", 0, "satellite.port"))

        def listen(recognised: Told, trouble: Told, _kept: Told) -> Listener:
            return self.satellite.listen(recognised, trouble)

        self.rig = Rig(
            replier=self.satellite,
            listener=listen,
            dialogue=build_dialogue(settings),
            settings=settings,
            beside=self.satellite,
        )
        self.now = 0.0
        self.satellite.start(Outside(self.rig.inbox, self.rig.door, self.rig.conversation, lambda: self.now))
        self.rig.turn(30)

    def speak(self, blocks: int = 60) -> None:
        """A person, from silence to silence."""
        self.rig.turn(blocks, VOICE)
        self.rig.until(lambda: self.rig.state not in ("idle", "hearing", "yielding"), most=200)

    def interrupt(self) -> None:
        """A person, until we have stopped."""
        self.rig.until(lambda: self.rig.state == "yielding", level=VOICE)
        self.rig.turn(130, VOICE)

    def sounded(self, level: float) -> int:
        """Samples of the loudspeaker at this level, or at the ducked one; not those of a ramp that passes it."""
        air = np.abs(np.array(self.rig.card.air))
        whole, ducked = level * 32768, level * 32768 * 10 ** (-12 / 20)
        at = (np.abs(air - whole) < 40) | (np.abs(air - ducked) < 40)
        return int(np.sum(np.convolve(at, np.ones(32)) > 31.5))

    def texts(self, event: str) -> list[str]:
        return [str(note["text"]) for note in self.rig.notes.entries if note["event"] == event]


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.satellite.close()
    made.rig.close()


@pytest.fixture
def home(house: House) -> Iterator[HomeAssistant]:
    with connecting(house.satellite.port) as connect:
        home = connect()
        home.send("run-satellite")
        house.rig.until(lambda: "impaired" in [entry["event"] for entry in house.rig.journal.entries][5:])
        yield home


def one_of(level: float) -> SatelliteTalk:
    """Half a second of sound that Home Assistant has sent."""
    talk = SatelliteTalk(3.0)
    talk.start(RATE, 2, 1)
    talk.push(np.full(RATE // 2, round(level * 32768), np.int16).tobytes())
    talk.finish()
    return talk


def until_sounding(house: House, level: float, more: int = 3000) -> None:
    house.rig.until(lambda: house.sounded(level) > more)


def test_a_turn_is_answered_through_the_ordinary_player_and_told_when_it_has_sounded(
    house: House, home: HomeAssistant
) -> None:
    rig = house.rig
    house.speak()
    home.awaits("audio-stop")
    sent = np.frombuffer(home.heard, np.int16)
    assert rig.state == "thinking"
    (turn,) = rig.entries("heard")
    assert sent.size >= round((turn["end_s"] - turn["start_s"]) * 16_000)
    assert np.median(np.abs(sent[: 4 * 1600])) < VOICE / 4 < np.abs(sent).max()  # from before the onset
    home.send("transcript", text="what time is it")
    home.send("synthesize", text="It is nine.")
    home.voice(OLD, 20)
    until_sounding(house, OLD)
    assert not home.of("played")
    rig.until(lambda: rig.state == "idle")
    home.awaits("played")
    assert house.texts("recognised") == ["what time is it"]
    assert rig.entries("heard_words")[-1]["text_heard"] == "It is nine."
    reference = np.concatenate(rig.recorded.played)
    assert np.sum(np.abs(reference - OLD) < 0.002) >= house.sounded(OLD) > 0.8 * 20 * 1024 * 16 / 22.05


def test_an_answer_whose_words_come_behind_its_sound_is_said_again_in_them(house: House, home: HomeAssistant) -> None:
    rig = house.rig
    house.speak()
    home.awaits("audio-stop")
    home.send("transcript", text="what time is it")
    home.voice(OLD, 20, stop=False)
    home.has_it()  # the rig's clock waits for nobody, and a lull would be an entry of its own
    until_sounding(house, OLD, 500)
    home.send("synthesize", text="It is nine.")
    home.voice(OLD, 20, start=False, at=20)
    home.has_it()
    rig.until(lambda: rig.state == "idle")
    home.awaits("played")
    house.speak()
    home.awaits("audio-stop", 2)
    home.send("transcript", text="say that again")
    rig.until(lambda: rig.state == "speaking")
    rig.until(lambda: rig.state == "idle")
    assert [entry["text_heard"] for entry in rig.entries("heard_words")] == ["It is nine.", "It is nine."]


def test_an_interruption_begins_a_new_run_and_the_old_voice_never_sounds_again(
    house: House, home: HomeAssistant
) -> None:
    rig = house.rig
    house.speak()
    home.awaits("audio-stop")
    home.send("transcript", text="a story")
    home.send("synthesize", text="Once upon a time there was a king, and he had a house.")
    home.voice(OLD, 200, stop=False)
    until_sounding(house, OLD, 20_000)
    house.interrupt()
    stopped = house.sounded(OLD)
    home.awaits("run-pipeline", 2)
    home.voice(OLD, 50, start=False, stop=False, at=200)  # it keeps sending
    rig.until(lambda: rig.state == "thinking")
    home.awaits("audio-stop", 2)
    home.send("transcript", text="no, tell me a joke")
    home.send("synthesize", text="A man walks into a bar.")
    home.voice(NEW, 10, stop=False)
    home.voice(OLD, 50, start=False, at=250)
    home.voice(NEW, 10, start=False, at=10)
    until_sounding(house, NEW)
    rig.until(lambda: rig.state == "idle")
    assert house.sounded(OLD) == stopped
    heard = [entry["text_heard"] for entry in rig.entries("heard_words")]
    assert heard[0].startswith("Once upon")
    assert not heard[0].endswith("house.")
    assert heard[-1] == "A man walks into a bar."
    home.awaits("played", 2)


def test_a_false_alarm_costs_no_sound_of_the_reply(house: House, home: HomeAssistant) -> None:
    rig = house.rig
    house.speak()
    home.awaits("audio-stop")
    home.send("transcript", text="a story")
    home.send("synthesize", text="Once upon a time.")
    home.voice(OLD, 100, stop=False)
    until_sounding(house, OLD)
    rig.until(lambda: rig.state == "yielding", level=VOICE)
    home.awaits("run-pipeline", 2)
    home.voice(OLD, 50, start=False, at=100)  # the rest comes while the stop is still in doubt
    rig.until(lambda: rig.state == "speaking")
    home.awaits("run-pipeline", 3)  # without sound: nothing is done about what was no turn
    home.awaits("audio-stop", 2)
    assert home.heard == b""
    rig.until(lambda: rig.state == "idle")
    assert rig.entries("ceased")[-1]["finished"]
    assert rig.entries("ceased")[-1]["offset"] == pytest.approx(150 * 1024 * 16 / 22.05, abs=2)


def test_stop_is_silence_whatever_is_answered_to_it(house: House, home: HomeAssistant) -> None:
    rig = house.rig
    house.speak()
    home.awaits("audio-stop")
    home.send("transcript", text="a story")
    home.send("synthesize", text="Once upon a time there was a king.")
    home.voice(OLD, 200)
    until_sounding(house, OLD)
    house.interrupt()
    rig.until(lambda: rig.state == "thinking")
    home.awaits("audio-stop", 2)
    home.send("transcript", text="stop")
    rig.until(lambda: rig.state == "idle")
    home.send("synthesize", text="Sorry, I did not understand.")
    home.voice(NEW, 10)
    home.awaits("played", 2)
    rig.turn(100)
    assert house.sounded(NEW) == 0
    assert rig.state == "idle"


def test_an_announcement_sounds_and_can_be_interrupted(house: House, home: HomeAssistant) -> None:
    rig = house.rig
    home.voice(OLD, 200, stop=False)
    until_sounding(house, OLD)
    house.interrupt()
    home.voice(OLD, 10, start=False, at=200)
    rig.until(lambda: rig.state == "thinking")
    stopped = house.sounded(OLD)
    home.awaits("played")
    home.awaits("audio-stop")
    home.send("transcript", text="what was that")
    home.send("synthesize", text="The washing machine.")
    home.voice(NEW, 10)
    until_sounding(house, NEW)
    rig.until(lambda: rig.state == "idle")
    assert house.sounded(OLD) == stopped


def test_an_announcement_waits_for_who_speaks_and_for_their_answer(house: House, home: HomeAssistant) -> None:
    rig = house.rig
    rig.until(lambda: rig.state == "hearing", level=VOICE)
    home.awaits("run-pipeline")
    home.voice(NEW, 20)
    house.speak()
    home.awaits("audio-stop")
    assert rig.entries("reply_ready")  # it was there before the turn was over
    home.send("transcript", text="what time is it")
    home.send("synthesize", text="It is nine.")
    home.voice(OLD, 20)
    until_sounding(house, OLD)
    assert house.sounded(NEW) == 0
    until_sounding(house, NEW, round(0.9 * 20 * 1024 * 16 / 22.05))
    rig.until(lambda: rig.state == "idle")
    rig.turn(100)
    assert [entry["text_heard"] for entry in rig.entries("heard_words")] == ["It is nine.", ""]


def test_an_announcement_behind_an_answer_outlives_an_interruption_of_it(house: House, home: HomeAssistant) -> None:
    rig = house.rig
    house.speak()
    home.awaits("audio-stop")
    home.send("transcript", text="a story")
    home.send("synthesize", text="Once upon a time there was a king.")
    home.voice(OLD, 100)
    until_sounding(house, OLD)
    home.voice(NEW, 20)
    rig.until(lambda: len(rig.entries("reply_ready")) == 2)
    house.interrupt()
    rig.until(lambda: rig.state == "thinking")
    home.awaits("audio-stop", 2)
    rig.turn(50)
    assert (rig.state, house.sounded(NEW)) == ("thinking", 0)
    home.send("transcript", text="stop")
    until_sounding(house, NEW, round(0.9 * 20 * 1024 * 16 / 22.05))


@pytest.mark.parametrize("event", [ButtonShort(0), ButtonLong(0)])
def test_the_button_drops_an_announcement_that_waits(house: House, home: HomeAssistant, event: Event) -> None:
    rig = house.rig
    rig.until(lambda: rig.state == "hearing", level=VOICE)
    home.awaits("run-pipeline")
    home.voice(NEW, 20)
    rig.until(lambda: bool(rig.entries("reply_ready")), level=VOICE)
    rig.turn(2, VOICE)
    rig.inbox.post(lambda: rig.door.tell(event))
    rig.until(lambda: rig.state in ("idle", "muted"))
    home.awaits("played")
    if rig.state == "muted":
        rig.inbox.post(lambda: rig.door.tell(event))
    rig.turn(200)
    assert house.sounded(NEW) == 0
    assert not rig.conversation._voice._answers


def test_of_many_announcements_that_wait_the_last_are_kept(house: House, home: HomeAssistant) -> None:
    rig = house.rig
    rig.until(lambda: rig.state == "hearing", level=VOICE)
    home.awaits("run-pipeline")
    for number in range(1, HELD + 3):
        rig.conversation.say(Voiced("", one_of(OLD if number < 3 else NEW)), patient=True)
        rig.until(lambda: len(rig.entries("reply_ready")) == number, level=VOICE)  # noqa: B023
        rig.turn(2, VOICE)
    assert len(rig.conversation._voice._answers) == HELD
    rig.until(lambda: rig.state == "thinking")
    home.awaits("audio-stop")
    home.send("error", code="stt-no-text-recognized", text="No text recognized")
    rig.until(lambda: len(rig.entries("ceased")) == HELD)
    assert house.sounded(OLD) == 0
    assert house.sounded(NEW) > 0


def test_the_button_silences_it_and_the_rest_is_dropped(house: House, home: HomeAssistant) -> None:
    rig = house.rig
    house.speak()
    home.awaits("audio-stop")
    home.send("transcript", text="a story")
    home.voice(OLD, 100, stop=False)
    until_sounding(house, OLD)
    rig.inbox.post(lambda: rig.door.tell(ButtonShort(0)))
    rig.until(lambda: rig.state == "idle")
    stopped = house.sounded(OLD)
    home.voice(OLD, 50, start=False, at=100)
    home.awaits("played")
    rig.turn(100)
    assert (house.sounded(OLD), rig.state) == (stopped, "idle")


@pytest.mark.parametrize("when", ["hearing", "thinking", "speaking"])
def test_without_home_assistant_it_says_so_and_goes_on_listening(house: House, home: HomeAssistant, when: str) -> None:
    rig = house.rig
    if when == "hearing":
        rig.until(lambda: rig.state == "hearing", level=VOICE)
    else:
        house.speak()
        home.awaits("audio-stop")
    if when == "speaking":
        home.send("transcript", text="a story")
        home.voice(OLD, 100, stop=False)
        until_sounding(house, OLD)
    home.leave()
    rig.until(lambda: rig.entries("impaired")[-1]["by"] == ["alone"])
    rig.until(lambda: rig.state == "idle")
    assert house.texts("satellite_trouble")[-1].startswith("Home Assistant at 127.0.0.1 is gone")
    assert "lamp idle, impaired" in rig.log
    failed = [entry["reason"] for entry in rig.entries("reply_failed")]
    assert (failed if when == "speaking" else house.texts("turn_trouble")) == ["Home Assistant is not connected"]
    with connecting(house.satellite.port) as connect:
        again = connect().serve()
        rig.until(lambda: rig.entries("impaired")[-1]["by"] == [])
        rig.turn(60)
        house.speak()
        again.awaits("audio-stop")
        again.send("transcript", text="are you there")
        again.send("synthesize", text="Yes.")
        again.voice(NEW, 10)
        until_sounding(house, NEW)


@pytest.mark.usefixtures("home")
def test_whoever_reaches_the_port_cannot_fill_the_journal(house: House) -> None:
    def refused() -> None:
        with connecting(house.satellite.port) as connect:
            other = connect()
            other.send("run-satellite")
            other.awaits("error")

    for _ in range(40):
        refused()
    house.rig.turn(20)
    told = len(house.texts("satellite")) + len(house.texts("satellite_trouble"))
    assert 10 < told < 30
    house.now += 3600
    refused()
    house.rig.turn(20)
    assert house.texts("satellite_trouble")[-1].endswith(
        f"is refused: another is served ({41 - told} such lines before it were left out)"
    )


def test_one_that_pauses_without_end_keeps_the_engine_from_nothing(house: House, home: HomeAssistant) -> None:
    before = len(house.rig.entries("alone"))
    for _ in range(50):
        home.send("pause-satellite")
    home.send("ping", text="all of it")
    home.awaits("pong")
    house.rig.turn(20)
    assert len(house.rig.entries("alone")) == before + 1


def test_twice_in_a_moment(house: House, home: HomeAssistant) -> None:
    rig = house.rig
    house.speak()
    home.awaits("audio-stop")
    rig.turn(20, VOICE)  # goes on before it is answered: the same turn, a new run
    rig.until(lambda: rig.state == "hearing")
    home.awaits("run-pipeline", 2)
    home.send("transcript", text="of the first half")
    rig.until(lambda: rig.state == "thinking", most=200)
    home.awaits("audio-stop", 2)
    home.send("synthesize", text="To the whole.")
    home.voice(NEW, 10)
    until_sounding(house, NEW)
    rig.until(lambda: rig.state == "idle")
    assert len(house.texts("recognised")) == 1

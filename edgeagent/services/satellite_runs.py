"""Home Assistant's pipeline runs, one for each turn of the user, as the satellite sees them. No socket and no clock.

The protocol numbers no runs, and after a new `run-pipeline` there still comes what was under way of the old one. Ours
are numbered. Behind each `run-pipeline` we send a `ping` with the run's number; Home Assistant answers in its order, so
what comes before that `pong` is of an older run, and is dropped. (Of a server that answers no ping, before the
`transcribe` with which a run begins.) A run's voice comes behind its transcript; sound before that is an older run's,
where one was called off a short while ago between its transcript and its voice, and goes to nobody; where none was, it
is an announcement. Sound of an older run that began in its time and is still coming is told apart by its times
(`satellite_incoming`).

There is no cancel either. A run that is not wanted any more, and that no other follows, is followed by one without
sound, which belongs to nobody: so nothing is done about what was no turn.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edgeagent.services.complaint import one_line
from edgeagent.services.satellite_incoming import Incoming
from edgeagent.services.satellite_talk import SatelliteTalk
from edgeagent.services.wyoming_wire import Message

NOBODY = -1
"""The turn of a run that only ends another."""

NO_WORDS = "stt-no-text-recognized"
"""The code of the error that means: nothing was said."""

PING = "edgeagent-run-"

OWED_S = 30.0
"""From a run's being called off until no voice of it begins any more: what Home Assistant has given to a voice is made
to its end, and a small machine takes as long for a long answer."""


@dataclass(slots=True, eq=False)
class Run:
    """One run. What is True of it and when it was, in seconds of whoever keeps it."""

    number: int
    turn: int
    talk: SatelliteTalk
    known: bool = False
    """Home Assistant has begun it: what comes now may be its own."""

    text: str | None = None
    """What was understood; None for not yet."""

    says: str | None = None
    """What is answered; None for not yet."""

    voiced: bool = False
    """Its voice has begun."""

    failure: str = ""
    over: bool = False
    """Nothing more of it comes that anybody waits for."""

    unwanted: bool = False
    """What it says shall not sound."""

    @property
    def silent(self) -> bool:
        """Whether nothing of it may sound."""
        return self.unwanted or self.turn == NOBODY


@dataclass(slots=True)
class News:
    """What a message has brought."""

    announced: list[SatelliteTalk] = field(default_factory=list)
    """Sound that answers no turn."""

    dropped: bool = False
    """It was of an older run."""


class Runs:
    """One thread at a time."""

    def __init__(self, patience_s: float) -> None:
        """patience_s: see `SatelliteTalk`."""
        self.current: Run | None = None
        self._patience_s = patience_s
        self._incoming = Incoming()
        self._number = 0
        self._answers = False  # whether pings are
        self._owed = 0  # voices of runs before the current one that may still begin
        self._owed_until = 0.0

    def begin(self, turn: int, now: float) -> tuple[Run, list[Message]]:
        """A new run instead of the current one, and what to send for it. now: see `Incoming`."""
        self._number += 1
        before = self.current
        if before is not None and before.text is not None and not (before.over or before.voiced):
            self._owe(now)
        self.current = Run(self._number, turn, self._talk())
        wanted = {"start_stage": "asr", "end_stage": "tts", "restart_on_end": False}
        return self.current, [
            Message("run-pipeline", wanted),
            Message("ping", {"text": f"{PING}{self._number}"}),
        ]

    def take(self, message: Message, now: float) -> News:
        """One message, whatever it is. now: see `Incoming`."""
        news, run = News(), self.current
        match message.kind:
            case "pong":
                self._answers = True
                if run is not None and message.text("text") == f"{PING}{run.number}":
                    run.known = True
            case "transcribe":
                if run is not None and not self._answers:
                    run.known = True
            case "audio-start":
                self._begin_sound(message, news, now)
            case "audio-chunk":
                self._incoming.chunk(message, now)
            case "audio-stop":
                self._incoming.stop(message, now)
            case "transcript" | "synthesize" | "error":
                if run is None or not run.known or run.over:
                    news.dropped = True
                    if message.kind == "transcript" and run is not None and not run.known:
                        self._owe(now)
                else:
                    _tell(run, message)
        return news

    def gone(self, reason: str) -> None:
        """Whoever runs them has left."""
        self._answers = False
        self._owed = 0
        self._incoming.gone(reason)
        if (run := self.current) is not None and not run.over:
            _fail(run, reason)

    def _begin_sound(self, message: Message, news: News, now: float) -> None:
        run = self.current
        if run is not None and not (run.over or run.voiced) and run.text is not None:
            run.voiced = True
            self._owed = 0
            run.over = run.silent
            self._incoming.start(message, None if run.silent else run.talk, now)
        elif self._owed and now < self._owed_until and not (run is not None and run.voiced):
            self._owed -= 1
            news.dropped = True
            self._incoming.start(message, None, now)
        else:
            talk = self._talk()
            news.announced.append(talk)
            self._incoming.start(message, talk, now)

    def _owe(self, now: float) -> None:
        """A run was called off when it had been understood, and had not begun to speak."""
        self._owed += 1
        self._owed_until = now + OWED_S

    def _talk(self) -> SatelliteTalk:
        return SatelliteTalk(self._patience_s)


def _tell(run: Run, message: Message) -> None:
    match message.kind:
        case "transcript":
            if run.text is None:
                run.text = message.text("text")
        case "synthesize":
            if run.text is not None:
                run.says = run.talk.text = message.text("text")
        case "error" if message.text("code") == NO_WORDS and run.text is None:
            run.text = ""
            run.says, run.over = "", True
        case _:
            said = one_line(message.text("text") or message.text("code"))
            _fail(run, f"Home Assistant: {said or 'an error'}")


def _fail(run: Run, reason: str) -> None:
    run.failure, run.over = reason, True
    run.talk.fail(reason)

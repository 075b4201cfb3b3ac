"""The device as a voice satellite of Home Assistant: its turns go there, and what it answers is spoken here.

It is a listener (`live.turns.Listener`), which gets the user's turns; a replier, whose replies come with their own
sound (`ports.Voiced`); and a journal, because the journal tells when the device has fallen silent. The device's own ear
decides when a turn begins and ends, what stops it and what does not; Home Assistant understands and answers.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Condition, Thread
from typing import Protocol

from edgeagent import settings
from edgeagent.ports import Reply, Request, Sound, Voiced
from edgeagent.services.ready_reply import ReadyReply
from edgeagent.services.satellite_info import info
from edgeagent.services.satellite_runs import NOBODY, Run, Runs
from edgeagent.services.satellite_server import DEAD_S, QUIET_S, Clock, Connection, SatelliteServer
from edgeagent.services.satellite_talk import SatelliteTalk
from edgeagent.services.satellite_turn import SatelliteReply, Turn
from edgeagent.services.wyoming_wire import Message

CANCEL_AFTER_S = 0.15
"""From a turn that was none to the run without sound that ends its run: a turn that is taken up again has a run of its
own by then, and Home Assistant is not to be given two at once."""

ASKED_WITHIN_S = 2.0
"""From the text of a turn to the question for its reply. What nobody has asked for then is not wanted. A run without
sound may take as long to end."""

SETTLED_S = 0.1
"""From a decision in the journal to its being carried out."""

ANNOUNCED_MOST = 4
"""Announcements that may wait to be spoken. Home Assistant makes one at a time; what waits takes memory."""

CLOSING_S = 1.0

AUDIBLE = ("speaking", "doubting", "half_duplex", "yielding")
"""States in which an utterance sounds, or may go on."""

CALLS_OFF = ("discard", "call_off")
"""Actions after which one may not be wanted any more."""

Told = Callable[[int, str], None]
Note = Callable[[], None]


class Outside(Protocol):
    """Whom the satellite talks to, on threads of its own."""

    def announce(self, said: Voiced) -> bool:
        """To be said, though nobody has asked; False if it was not taken."""

    def note(self, text: str, *, trouble: bool = False) -> None:
        """News of the satellite."""

    def reach(self, there: bool) -> None:
        """Whether Home Assistant can be reached now."""


class Satellite:
    """The methods of a listener, of a replier and of a journal return at once. outside: is set before `start`."""

    def __init__(self, satellite: settings.Satellite, listening: socket.socket, clock: Clock = time.monotonic) -> None:
        """listening: where Home Assistant connects; closed with the satellite. Nobody is answered before `start`."""
        self._settings = satellite
        self._clock = clock
        self._changed = Condition()  # of what follows
        self._runs = Runs(satellite.patience_ms / 1000)
        self._turn: Turn | None = None
        self._served: Connection | None = None
        self._paused = False
        self._unplayed: list[SatelliteTalk] = []  # of whose end Home Assistant is not told yet
        self._alarms: dict[str, float] = {}  # when the clerk is to look, by what for
        self._server = SatelliteServer(listening, satellite.allow, self, self._stranger, clock)
        self._clerk = Thread(target=self._look_after, name="satellite-clerk", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.port

    def listen(self, recognised: Told, trouble: Told) -> Satellite:
        """Itself as a listener. recognised: called once for each closed turn that is not dropped, "" for no text.
        trouble: what went wrong with one. Both on a thread of ours, and after `start`."""
        self._recognised, self._trouble = recognised, trouble
        return self

    def start(self, outside: Outside) -> None:
        """From now on Home Assistant is answered."""
        self._outside = outside
        outside.reach(False)
        self._clerk.start()
        self._server.start()

    def close(self) -> None:
        """In bounded time. Idempotent."""
        with self._changed:
            self._alarms["close"] = 0.0
            self._changed.notify_all()
        if self._clerk.is_alive():
            self._clerk.join(CLOSING_S)
        self._server.close()

    # `live.turns.Listener` --------------------------------------------------------------------------------------------

    def open_turn(self, turn: int, _audio: str) -> None:
        """See `live.turns.Listener`. The run before, if there is one, ends with it."""
        with self._changed:
            self._turn = Turn(turn)
            self._begin(self._turn)

    def sound(self, turn: int, block: Sound) -> None:
        """See `live.turns.Listener`."""
        with self._changed:
            if (ours := self._of(turn)) is not None and ours.run is not None and ours.closed_at is None:
                self._send(ours.chunks(block))

    def close_turn(self, turn: int, sound: Sound) -> None:
        """See `live.turns.Listener`. To one who was not there from the beginning the turn goes whole."""
        with self._changed:
            if (ours := self._of(turn)) is None:
                return
            ours.closed_at = self._clock()
            rest = sound[:0]
            if ours.run is None or (ours.run.failure and ours.run.text is None):
                self._begin(ours)
                rest = sound
            if ours.run is not None:
                self._send(ours.chunks(rest, last=True))
            self._changed.notify_all()

    def drop_turn(self, turn: int) -> None:
        """See `live.turns.Listener`."""
        with self._changed:
            if (ours := self._of(turn)) is None:
                return
            self._turn, run = None, ours.run
            if run is not None:
                self._abandon(run)
                if run is self._runs.current and not (run.over or run.voiced):
                    self._alarms["cancel"] = self._clock() + CANCEL_AFTER_S
                    self._changed.notify_all()

    # `ports.Replier` --------------------------------------------------------------------------------------------------

    def reply(self, request: Request) -> Reply:
        """See `ports.Replier`. What was cut off is not Home Assistant's to continue: it hears "go on" without knowing
        of what."""
        with self._changed:
            ours = self._of(request.turn)
            if ours is not None:
                ours.asked = True
                if request.resumes and ours.run is not None:
                    self._abandon(ours.run)
                    return ReadyReply()
            run = ours.run if ours is not None else None
            return SatelliteReply(run, self._changed, self._settings.patience_ms / 1000, self._away)

    # `ports.Journal` --------------------------------------------------------------------------------------------------

    def write(self, entry: Mapping[str, object]) -> None:
        """See `ports.Journal`: what the engine has decided."""
        if entry.get("event") == "state" and entry.get("from") in AUDIBLE and entry.get("state") not in AUDIBLE:
            with self._changed:
                self._played([talk for talk in self._unplayed if talk.over])
        elif entry.get("action") in CALLS_OFF and self._unplayed:
            with self._changed:
                self._alarms["look"] = self._clock() + SETTLED_S
                self._changed.notify_all()

    # `satellite_server.Served` ----------------------------------------------------------------------------------------

    def info(self) -> Message:
        """See `Served`."""
        return info(self._settings)

    def adopt(self, connection: Connection) -> bool:
        """See `Served`. Who shows no life any more is replaced."""
        with self._changed:
            before, now = self._served, self._clock()
            alive = before is not None and before is not connection and now - before.heard_at < QUIET_S
            if not alive:
                if before is not None and before is not connection:
                    before.cut("another has taken its place")
                    self._runs.gone("Home Assistant has connected anew")
                    self._unplayed.clear()
                self._served, self._paused = connection, False
                self._alarms["alive"] = now + QUIET_S
                connection.send([Message("ping", {"text": "edgeagent"})])
                self._changed.notify_all()
        if alive:
            self._outside.note(f"{connection.peer} is refused: another is served", trouble=True)
            return False
        self._outside.reach(True)
        self._outside.note(f"Home Assistant at {connection.peer} is connected")
        return True

    def take(self, connection: Connection, message: Message) -> None:
        """See `Served`."""
        paused = message.kind == "pause-satellite"
        with self._changed:
            if connection is not self._served:
                return
            if paused:
                self._paused = True
                self._runs.gone(self._away)
            else:
                announced = self._take(message)
            self._changed.notify_all()
        if paused:
            self._outside.note("Home Assistant has paused this satellite")
            self._outside.reach(False)
            return
        for talk in announced:
            if not self._outside.announce(Voiced("", talk)):
                with self._changed:
                    self._refuse(talk)

    def lost(self, connection: Connection, reason: str) -> None:
        """See `Served`."""
        with self._changed:
            if connection is not self._served:
                return
            self._served = None
            self._runs.gone(self._away)
            self._unplayed.clear()
            self._alarms.pop("alive", None)
            self._changed.notify_all()
            closing = "close" in self._alarms
        if not closing:
            self._outside.reach(False)
            self._outside.note(f"Home Assistant at {connection.peer} is gone: {reason}", trouble=True)

    def _stranger(self, peer: str) -> None:
        self._outside.note(f"{peer} is refused: not in satellite.allow, or too many connections", trouble=True)

    # With `_changed` held ---------------------------------------------------------------------------------------------

    @property
    def _away(self) -> str:
        return "Home Assistant has paused this satellite" if self._paused else "Home Assistant is not connected"

    def _of(self, turn: int) -> Turn | None:
        return self._turn if self._turn is not None and self._turn.turn == turn else None

    def _send(self, messages: list[Message]) -> None:
        if self._served is not None and messages:
            self._served.send(messages)

    def _begin(self, turn: Turn) -> None:
        """A run for it, if there is anybody to run it. Whoever was speaking is cut off: for Home Assistant that is
        over."""
        self._alarms.pop("cancel", None)
        if self._served is None or self._paused:
            return
        self._played(list(self._unplayed))
        run, messages = self._runs.begin(turn.turn, self._clock())
        turn.again(run)
        self._send(messages)

    def _take(self, message: Message) -> list[SatelliteTalk]:
        """What the message announces."""
        run = self._runs.current
        voiced, heard = (run.voiced, run.text is not None) if run is not None else (False, False)
        news = self._runs.take(message, self._clock())
        if run is not None and run.voiced and not voiced:
            if run.silent:
                self._send([Message("played")])
            else:
                self._unplayed.append(run.talk)
        ours = self._turn
        if ours is not None and ours.run is run and run is not None and run.text is not None and not heard:
            ours.deaf_from = ours.sent if ours.closed_at is None else -1
        return [talk for talk in news.announced if self._has_room(talk)]

    def _has_room(self, talk: SatelliteTalk) -> bool:
        """Whether one more announcement may wait; Home Assistant is told at once of one that may not."""
        if len(self._unplayed) >= ANNOUNCED_MOST:
            self._played([talk for talk in self._unplayed if talk.over])
        self._unplayed.append(talk)
        if len(self._unplayed) <= ANNOUNCED_MOST:
            return True
        talk.cancel()
        self._played([talk])
        return False

    def _abandon(self, run: Run) -> None:
        run.unwanted = True
        self._refuse(run.talk)

    def _refuse(self, talk: SatelliteTalk) -> None:
        talk.cancel()
        self._alarms["look"] = self._clock()
        self._changed.notify_all()

    def _played(self, talks: list[SatelliteTalk]) -> None:
        if talks:
            self._unplayed = [talk for talk in self._unplayed if talk not in talks]
            self._send([Message("played")])

    # The clerk --------------------------------------------------------------------------------------------------------

    def _look_after(self) -> None:
        """Tells what has come, and does what has become due."""
        while True:
            with self._changed:
                if "close" in self._alarms:
                    return
                notes = self._due()
                if not notes:
                    self._changed.wait(self._rest_s())
                    continue
            for note in notes:
                with suppress(Exception):  # whoever is told must not end the satellite
                    note()

    def _rest_s(self) -> float | None:
        due = list(self._alarms.values())
        turn = self._turn
        if turn is not None and turn.closed_at is not None:
            if turn.told_at is None:
                due.append(turn.closed_at + self._settings.patience_ms / 1000)
            elif not turn.asked:
                due.append(turn.told_at + ASKED_WITHIN_S)
        return max(0.0, min(due) - self._clock()) if due else None

    def _due(self) -> list[Note]:
        now = self._clock()
        if self._rings("cancel", now):
            _run, messages = self._runs.begin(NOBODY, now)
            self._send([*messages, Message("audio-stop")])
            self._alarms["nobody"] = now + ASKED_WITHIN_S
        current = self._runs.current
        if self._rings("nobody", now) and current is not None and current.turn == NOBODY:
            current.over = True
        if self._rings("look", now):
            self._played([talk for talk in self._unplayed if talk.cancelled])
        if self._rings("alive", now):
            self._check_life(now)
        return self._due_of(self._turn, now) if self._turn is not None else []

    def _rings(self, alarm: str, now: float) -> bool:
        if self._alarms.get(alarm, now + 1) > now:
            return False
        del self._alarms[alarm]
        return True

    def _check_life(self, now: float) -> None:
        if (served := self._served) is None or self._paused:  # who has paused us need not ping
            return
        silent = now - served.heard_at
        if silent > DEAD_S:
            served.cut("it does not answer")
            return
        if silent >= QUIET_S:
            served.send([Message("ping", {"text": "edgeagent"})])
        self._alarms["alive"] = now + QUIET_S

    def _due_of(self, turn: Turn, now: float) -> list[Note]:
        if turn.closed_at is None:
            return []
        if turn.told_at is not None:
            if not turn.asked and now - turn.told_at >= ASKED_WITHIN_S:
                turn.asked = True
                if turn.run is not None:
                    self._abandon(turn.run)
            return []
        run = turn.run
        trouble = self._wrong_with(turn, now)
        if trouble is None and (run is None or run.text is None):
            return []
        turn.told_at = now
        number, text = turn.turn, (run.text if run is not None else None) or ""
        notes: list[Note] = [lambda: self._recognised(number, text)]
        return [lambda: self._trouble(number, trouble), *notes] if trouble else notes

    def _wrong_with(self, turn: Turn, now: float) -> str | None:
        """What is wrong with a turn, "" for nothing; None where its text may still come."""
        run = turn.run
        if run is None:
            return self._away
        if run.text is not None:
            if unheard := turn.unheard_s():
                how = "let it detect the end of speech later"
                return f"Home Assistant stopped listening {unheard:.1f} s before the end of the turn; {how}"
            return ""
        if run.failure:
            return run.failure
        assert turn.closed_at is not None
        late = now - turn.closed_at >= self._settings.patience_ms / 1000
        return "Home Assistant does not say what it has understood" if late else None

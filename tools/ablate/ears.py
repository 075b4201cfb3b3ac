"""The ear with one of its parts taken away, and the whole one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from edgeagent.detect.backchannel import Backchannel, Overlap
from edgeagent.detect.ear import Ear
from edgeagent.devices.model_files import chosen, load_model
from edgeagent.ports import EchoCanceller, Model
from edgeagent.settings import Settings
from edgeagent.signal.canceller import Cancelled, Canceller
from edgeagent.signal.measure import Vector
from edgeagent.turn.policy import EVEN, SURE, Percept
from tools.train.blank import Blank, withheld


class Undecided(Backchannel):
    """A backchannel model that never knows: the policy is left with how long an overlap lasts, and with what the
    near-end detector says of a person (`detect.accord`)."""

    def hear(self, _vector: Vector) -> Overlap:
        """The same whatever it is shown: as likely as not somebody, and as likely as not one who takes the floor."""
        return Overlap(EVEN, 1.0 - SURE)

    def pass_over(self, vector: Vector) -> Overlap:
        """Likewise where nothing sounds."""
        return self.hear(vector)


class OnlyTime(Ear):
    """An ear that does not know what an overlap is."""

    def __init__(self, near_end: Model, backchannel: Model) -> None:
        super().__init__(near_end, backchannel)
        self._networks.backchannel = Undecided(backchannel)


class Without(Ear):
    """An ear from which part of what it sees is withheld."""

    def __init__(self, near_end: Model, backchannel: Model, what: Blank) -> None:
        super().__init__(near_end, backchannel)
        self._what = what

    def hear(self, cancelled: Cancelled, at: int) -> Percept:
        """As the whole ear does."""
        return super().hear(withheld(cancelled, self._what), at)


class ByRules(Ear):
    """An ear whose models have failed."""

    def __init__(self, near_end: Model, backchannel: Model) -> None:
        super().__init__(near_end, backchannel)
        self._trial.over = True


@dataclass(frozen=True, slots=True)
class Ablation:
    """what: is taken away, in words. ear: of the two models. ducks: whether the voice is lowered while in doubt."""

    what: str
    ear: Callable[[Model, Model], Ear] = Ear
    ducks: bool = True

    def settings(self, settings: Settings) -> Settings:
        """The device's settings with it."""
        return settings if self.ducks else replace(settings, turns=replace(settings.turns, duck_db=0.0))

    def parts(self, settings: Settings) -> tuple[EchoCanceller, Ear]:
        """What an engine hears with. Raises ModelError."""
        folder, kind = chosen(settings.models)
        near_end, backchannel = (load_model(name, folder, kind=kind) for name in ("near_end", "backchannel"))
        return Canceller(settings.echo.drift), self.ear(near_end, backchannel)


WHOLE = "whole"

ABLATIONS = {
    WHOLE: Ablation("nothing"),
    "reference": Ablation("the echo estimate, from both models", lambda one, two: Without(one, two, Blank.REFERENCE)),
    "confidence": Ablation("the canceller's confidence", lambda one, two: Without(one, two, Blank.CONFIDENCE)),
    "duck": Ablation("lowering the voice in doubt", ducks=False),
    "backchannel": Ablation("the backchannel model; only time tells", OnlyTime),
    "models": Ablation("both models; rules instead", ByRules),
}
"""By name."""

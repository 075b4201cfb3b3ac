"""What is told to the engine from beside: the button, sensors, what earlier starts have taught."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from edgeagent.detect.turn_end import GET, TurnEnd
from edgeagent.detect.words import Words
from edgeagent.devices.gpio import Factory
from edgeagent.devices.gpio_button import GpioButton
from edgeagent.devices.gpio_hint import GESTURE, PRESENCE, GpioHint
from edgeagent.devices.onnx_model import OnnxModel
from edgeagent.errors import ModelError
from edgeagent.live.conversation import Conversation
from edgeagent.live.door import Door
from edgeagent.live.inbox import Inbox
from edgeagent.live.pace import Helper
from edgeagent.live.turn_ends import TurnEnds
from edgeagent.live.vigil import Vigil
from edgeagent.services.hint_socket import HintSocket
from edgeagent.services.wyoming_wake import Told, WyomingWake
from edgeagent.settings import Activation, Button, Hints, Memory, Models, Settings
from edgeagent.store.keeper import Keeper
from edgeagent.turn.events import Completeness, Event, Forgotten, Hint, Remembered, WakeWord, Woken


def add_senses(
    settings: Settings, factory: Factory | None, to: tuple[Inbox, Door, Conversation], closing: ExitStack
) -> None:
    """The button, the wake word, and whatever else may notice a person. Raises DeviceError or ServiceError."""
    if settings.activation.mode == "wake":
        add_wake(settings.activation, to, closing)
    add_button(settings.button, factory, to[:2], closing)
    add_hints(settings.hints, factory, to, closing)


def add_wake(activation: Activation, to: tuple[Inbox, Door, Conversation], closing: ExitStack) -> None:
    """Who listens for the wake word. Raises ServiceError."""
    inbox, door, conversation = to

    def woken(word: str, end: int) -> None:
        inbox.post(lambda: door.tell(Woken(0, word, end)))

    def there(heard: bool) -> None:
        inbox.post(lambda: door.tell(WakeWord(0, heard)))

    told = Told(woken, there, trouble_with("wake_trouble", inbox, lambda: conversation))
    wake = WyomingWake(activation, told)
    closing.callback(wake.close)
    door.record(Vigil(door.engine, wake))


def add_button(button: Button, factory: Factory | None, to: tuple[Inbox, Door], closing: ExitStack) -> None:
    """The button, if there is one. Raises DeviceError."""
    if button.pin >= 0:
        closing.callback(GpioButton(button, factory, lambda event: _press(*to, event)).close)


def add_hints(hints: Hints, factory: Factory | None, to: tuple[Inbox, Door, Conversation], closing: ExitStack) -> None:
    """Whatever else may notice a person. Raises DeviceError or ServiceError."""
    inbox, door, conversation = to

    def tell(hint: Hint) -> bool:
        return inbox.post(lambda: door.tell(hint))

    def end(listening: HintSocket) -> None:
        listening.close()
        if listening.refused or listening.dropped:
            conversation.note("hints_lost", refused=listening.refused, dropped=listening.dropped)

    for sensor, pin in ((PRESENCE, hints.presence_pin), (GESTURE, hints.gesture_pin)):
        if pin >= 0:
            closing.callback(GpioHint(sensor, pin, factory, tell).close)
    if hints.socket:
        closing.callback(end, HintSocket(hints.socket, tell, trouble_with("hint_trouble", inbox, lambda: conversation)))


def add_turn_ends(models: Models, to: tuple[Inbox, Door, Conversation], words: Words | None) -> list[Helper]:
    """Who is asked at each pause whether the person has finished, if anybody shall be. All that a slow machine can do
    without, `words` among it. Raises ModelError."""
    inbox, door, conversation = to
    helpers: list[Helper] = [words] if words else []
    if not models.smart_turn:
        return helpers
    ending = door.engine.moderator.policy.temper.ending

    def told(complete: float, upto: int) -> None:
        inbox.post(lambda: door.tell(Completeness(0, "sound", complete, upto)))

    ends = TurnEnds(
        load_turn_end(models.smart_turn),
        lambda: (door.engine.at, ending.last_voice),
        told,
        trouble_with("turn_end_trouble", inbox, lambda: conversation),
    )
    conversation.attend(ends)
    return [*helpers, ends]


def load_turn_end(file: str) -> TurnEnd:
    """Smart Turn from its file. Raises ModelError."""
    path = Path(file).expanduser()
    try:
        return TurnEnd(OnnxModel(path.read_bytes(), str(path), foreign=True))
    except OSError as error:
        raise ModelError(f"models.smart_turn: {path}: {error.strerror}", GET) from error


def build_keeper(memory: Memory) -> Keeper | None:
    """Who remembers from start to start, if anybody shall."""
    return Keeper(Path(memory.file).expanduser()) if memory.file else None


def add_memory(keeper: Keeper, to: tuple[Inbox, Door, Conversation], closing: ExitStack) -> None:
    """What earlier starts have taught: the engine is told before the first sound, and whatever it learns is kept."""
    inbox, door, conversation = to

    def recall(remembered: Remembered | None) -> None:
        if remembered is not None:
            door.tell(remembered)

    def replace(remembered: Remembered | None) -> None:
        door.tell(Forgotten(0))
        recall(remembered)

    trouble = trouble_with("memory_trouble", inbox, lambda: conversation)
    recalled = keeper.remembered
    inbox.post(lambda: recall(recalled))
    if keeper.refused:
        trouble(keeper.refused)
    keeper.start(lambda remembered: inbox.post(lambda: replace(remembered)), trouble)
    closing.callback(keeper.close)


def trouble_with(event: str, inbox: Inbox, conversation: Callable[[], Conversation]) -> Callable[[str], None]:
    """Takes lines about what is wrong with something beside the engine; from any thread, and perhaps before there is a
    conversation."""

    def trouble(text: str) -> None:
        inbox.post(lambda: conversation().note(event, text=text))

    return trouble


def _press(inbox: Inbox, door: Door, event: Event) -> None:
    """A button, from its own thread."""
    inbox.post(lambda: door.tell(event))

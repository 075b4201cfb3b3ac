"""What is told to the engine from beside: the button, sensors, what earlier starts have taught."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from edgeagent.detect.turn_end import GET, TurnEnd
from edgeagent.detect.words import Words
from edgeagent.devices.amixer import Amixer
from edgeagent.devices.gpio import Factory
from edgeagent.devices.gpio_button import GpioButton
from edgeagent.devices.gpio_hint import GESTURE, PRESENCE, GpioHint
from edgeagent.devices.gpio_press import GpioPress
from edgeagent.devices.onnx_model import OnnxModel
from edgeagent.dialogue.dialogue import Dialogue
from edgeagent.errors import ModelError, ServiceError
from edgeagent.live.actuators import Actuators
from edgeagent.live.conversation import Conversation
from edgeagent.live.door import Door
from edgeagent.live.inbox import Inbox
from edgeagent.live.manner import Manner
from edgeagent.live.pace import Helper
from edgeagent.live.turn_ends import TurnEnds
from edgeagent.live.vigil import Vigil
from edgeagent.live.volume import Volume
from edgeagent.ports import Talker
from edgeagent.services.hint_socket import HintSocket
from edgeagent.services.library_talker import LibraryTalker
from edgeagent.services.piper_talker import PiperTalker
from edgeagent.services.wyoming_wake import Told, WyomingWake
from edgeagent.settings import Activation, Audio, Button, Hints, Memory, Models, Settings
from edgeagent.store.keeper import Keeper
from edgeagent.store.memory_file import Part
from edgeagent.turn.events import Completeness, Event, Forgotten, Hint, Remembered, WakeWord, Woken


def add_senses(
    settings: Settings,
    factory: Factory | None,
    to: tuple[Inbox, Door, Conversation],
    manner: Manner,
    closing: ExitStack,
    *,
    lenient: bool = False,
) -> None:
    """The buttons, the wake word, and whatever else may notice a person. lenient: see `add_hints`. Raises DeviceError
    or ServiceError."""
    if settings.activation.mode == "wake":
        add_wake(settings.activation, to, closing)
    add_button(settings.button, factory, to[:2], manner, closing)
    add_hints(settings.hints, factory, to, closing, lenient)


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


def add_button(
    button: Button, factory: Factory | None, to: tuple[Inbox, Door], manner: Manner, closing: ExitStack
) -> None:
    """The buttons, if there are any. Raises DeviceError."""
    inbox = to[0]
    if button.pin >= 0:
        closing.callback(GpioButton(button, factory, lambda event: _press(*to, event)).close)
    for command, pin in (("louder", button.louder_pin), ("softer", button.softer_pin)):
        if pin >= 0:
            tell = partial(inbox.post, partial(manner.adjust, command))
            closing.callback(GpioPress(command, pin, factory, tell).close)


def add_hints(
    hints: Hints, factory: Factory | None, to: tuple[Inbox, Door, Conversation], closing: ExitStack, lenient: bool
) -> None:
    """Whatever else may notice a person. lenient: a socket that cannot be made is told, and does without. Raises
    DeviceError or ServiceError."""
    inbox, door, conversation = to
    trouble = trouble_with("hint_trouble", inbox, lambda: conversation)

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
        try:
            closing.callback(end, HintSocket(hints.socket, tell, trouble))
        except ServiceError as refused:
            if not lenient:
                raise
            trouble(str(refused))


def add_turn_ends(models: Models, to: tuple[Inbox, Door, Conversation], words: Words | None) -> list[Helper]:
    """Who is asked at each pause whether the person has finished, if anybody shall be. All that a slow machine can do
    without, `words` and early recognition among it. Raises ModelError."""
    inbox, door, conversation = to
    helpers: list[Helper] = [conversation.turns, *([words] if words else [])]
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
    return Keeper(Path(memory.file).expanduser(), memory.talk_hours, memory.talk) if memory.file else None


def add_memory(
    keeper: Keeper,
    dialogue: Dialogue | None,
    to: tuple[Inbox, Door, Callable[[], Conversation]],
    closing: ExitStack,
) -> None:
    """What earlier starts have taught: the engine is told before the first sound, and whatever it learns is kept.
    Before there is a conversation: whoever is closed behind it still learns what was heard last."""
    inbox, door, conversation = to

    def recall(remembered: Remembered | None) -> None:
        if remembered is not None:
            door.tell(remembered)

    def forget(part: Part, remembered: Remembered | None) -> None:
        if part == "profile":
            door.tell(Forgotten(0))
            recall(remembered)
            return
        if dialogue is not None:
            dialogue.forget()
        keeper.begin_again(part)
        conversation().note("talk_forgotten")

    trouble = trouble_with("memory_trouble", inbox, conversation)
    inbox.post(partial(recall, keeper.stood.remembered))
    if keeper.refused:
        trouble(keeper.refused)
    keeper.start(lambda part, remembered: inbox.post(partial(forget, part, remembered)), trouble)
    closing.callback(keeper.close)


def build_manner(
    audio: Audio,
    actuators: Actuators,
    talker: Talker,
    to: tuple[Inbox, Door, Callable[[], Conversation]],
    closing: ExitStack,
) -> Manner:
    """How loud and how fast we speak, as people want it. A voice without a rate of its own speaks as ever."""
    inbox, door, conversation = to
    mixer = Amixer(audio.mixer, inbox.post) if audio.mixer else None
    if mixer:
        closing.callback(mixer.close)

    def speak(rate: float) -> None:
        if isinstance(talker, LibraryTalker | PiperTalker):
            talker.pace(rate)

    def note(event: str, **facts: object) -> None:
        conversation().note(event, **facts)

    return Manner(Volume(audio, mixer, actuators.volume), lambda: door.engine.at, note, speak)


def add_talk(keeper: Keeper | None, memory: Memory, dialogue: Dialogue | None, manner: Manner) -> str:
    """What people say changes how we speak; and we begin as they wanted it, and where the conversation was, before the
    device went off. Returns what to ask first, "" for nothing."""
    if dialogue is not None:
        dialogue.adjust, dialogue.brief = manner.adjust, manner.is_brief
    if keeper is None:
        return ""
    manner.keep = keeper.keep_manner
    manner.recall(keeper.stood.manner)
    return recall_talk(keeper, memory, dialogue)


def recall_talk(keeper: Keeper, memory: Memory, dialogue: Dialogue | None) -> str:
    """Let the dialogue begin where it was when the device went off, and be kept, if it shall be. Returns what to ask
    first, "" for nothing."""
    if dialogue is None or not memory.talk:
        return ""
    stood = keeper.stood.saved
    if keeper.rest_age_s > 60 * memory.offer_minutes:
        stood = replace(stood, rest=(), more=False)
    dialogue.keep = keeper.keep
    return dialogue.recall(stood)


def trouble_with(event: str, inbox: Inbox, conversation: Callable[[], Conversation]) -> Callable[[str], None]:
    """Takes lines about what is wrong with something beside the engine; from any thread, and perhaps before there is a
    conversation."""

    def trouble(text: str) -> None:
        inbox.post(lambda: conversation().note(event, text=text))

    return trouble


def _press(inbox: Inbox, door: Door, event: Event) -> None:
    """A button, from its own thread."""
    inbox.post(lambda: door.tell(event))

"""A recogniser for tests and rehearsals: it understands what it was told to, when it was told to, or dies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from edgeagent.ports import Partial, Sound


class ScriptedSpotter:
    """See `ports.Spotter`. script: for each stretch the samples after whose end a text is understood, and the text, in
    order; the last one counts for all stretches after it. dies: after so many samples of a stretch, -1 for never."""

    def __init__(self, script: Iterable[Sequence[tuple[int, str]]], dies: int = -1) -> None:
        self.stretches: list[ScriptedSpotting] = []
        self._script = list(script)
        self._dies = dies

    def listen(self, start: int) -> ScriptedSpotting:
        for earlier in self.stretches[-1:]:
            earlier.cancel()
        texts = self._script[min(len(self.stretches), len(self._script) - 1)] if self._script else ()
        self.stretches.append(ScriptedSpotting(start, texts, self._dies))
        return self.stretches[-1]

    def facts(self) -> Mapping[str, int | float]:
        return {"died": sum(stretch.died for stretch in self.stretches)}

    def close(self) -> None:
        for stretch in self.stretches[-1:]:
            stretch.cancel()


class ScriptedSpotting:
    """See `ports.Spotting`. heard: every piece that was fed, also those nobody listened to any more."""

    def __init__(self, start: int, texts: Sequence[tuple[int, str]], dies: int) -> None:
        self.start = start
        self.heard: list[Sound] = []
        self.died = self.cancelled = self.finished = False
        self._end = start
        self._texts = texts
        self._dies = dies
        self._said: list[Partial] = []

    def feed(self, sound: Sound) -> None:
        self.heard.append(sound)
        if self._over:
            return
        self._end += sound.size
        self.died = 0 <= self._dies <= self._end - self.start
        self._said.append(Partial("" if self.died else self._text(), self._end, final=self.died))

    def finish(self) -> None:
        if not self._over:
            self.finished = True
            self._said.append(Partial(self._text(), self._end, final=True))

    def partials(self) -> Sequence[Partial]:
        said, self._said = self._said, []
        return said

    def cancel(self) -> None:
        self.cancelled = True
        self._said.clear()

    @property
    def _over(self) -> bool:
        return self.died or self.cancelled or self.finished

    def _text(self) -> str:
        return next((text for after, text in reversed(self._texts) if self._end - self.start >= after), "")

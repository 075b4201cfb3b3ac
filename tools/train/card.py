"""Writes the models, the manifest with their checksums, and the model card with figures, limits and credits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from edgeagent.devices.model_files import ONNX, TFLITE, VERSION
from edgeagent.errors import EdgeAgentError
from tools.train.corpus import Part
from tools.train.figures import ASKED_MS, Pairs
from tools.train.sizes import BACKCHANNEL, NEAR_END

Figures = dict[str, dict[str, float]]
"""By part, and of what is measured."""


@dataclass(slots=True)
class Result:
    """The files of both models, where they come from, and how good they are, by part. near, kind: areas under curves by
    what they are told from; kind_alone: of the baselines. onset: seconds and rates. pairs: see `figures.Pairs`. lost:
    area under the curve that quantizing cost, by model."""

    credits: set[tuple[str, str]]
    scenes: int
    seed: int
    files: dict[str, bytes] = field(default_factory=dict)
    tflite: dict[str, bytes] = field(default_factory=dict)
    near: Figures = field(default_factory=dict)
    onset: Figures = field(default_factory=dict)
    kind: Figures = field(default_factory=dict)
    kind_alone: dict[str, Figures] = field(default_factory=dict)
    calibration: Figures = field(default_factory=dict)
    pairs: dict[str, dict[str, Pairs]] = field(default_factory=dict)
    lost: Figures = field(default_factory=dict)
    more: int = 0
    """Scenes of a last cycle."""

    share: float = 1.0
    """Of the way through it."""

    made: str = ""
    """By which sources, and whether that can be repeated."""

    spoken: dict[str, str] = field(default_factory=dict)
    """By model, the text-to-speech that it has heard."""

    blank: str = ""
    """What the networks were never shown; such models are not judged."""


def write(folder: Path, result: Result) -> None:
    """near_end.int8.onnx, backchannel.int8.onnx, manifest.yaml and ear.md into `folder`."""
    write_models(folder, {ONNX: result.files, TFLITE: result.tflite}, card(result))


def write_models(folder: Path, files: Mapping[str, Mapping[str, bytes]], told: str) -> None:
    """Models by kind of file (of ONNX and TFLITE) and name, manifest.yaml, and `told` as ear.md into `folder`. Raises
    EdgeAgentError; what lay there before still runs then."""
    lines = ["# Checked at start: a model that is not byte for byte this one is refused.", f"version: {VERSION}"]
    written: dict[Path, bytes] = {}
    for kind, ending in ((ONNX, "onnx"), (TFLITE, "tflite")):
        lines.append(f"{kind}:")
        for name, data in files[kind].items():
            path = folder / f"{name}.int8.{ending}"
            written[path] = data
            lines += [f"  {name}:", f"    file: {path.name}", f"    sha256: {sha256(data).hexdigest()}"]
    written[folder / "manifest.yaml"] = ("\n".join(lines) + "\n").encode()
    written[folder / "ear.md"] = told.encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _replace(written)
    except OSError as error:
        raise EdgeAgentError(f"{folder}: {error.strerror}", "make room, or write elsewhere") from error


def _replace(files: Mapping[Path, bytes]) -> None:
    """All of them, once the disk has taken them all."""
    drafts = {path: path.with_name(path.name + ".new") for path in files}
    try:
        for path, data in files.items():
            drafts[path].write_bytes(data)
        for path, draft in drafts.items():
            draft.replace(path)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def card(result: Result) -> str:
    """Markdown."""
    sizes = {name: f"{len(data) / 1024:.0f} KB" for name, data in result.files.items()}
    blocks = (
        "# The ear: near_end.int8.onnx and backchannel.int8.onnx",
        WHAT.format(
            scenes=result.scenes, seed=result.seed, more=_options(result),
            near_units=NEAR_END, kind_units=BACKCHANNEL, **sizes,
        )
        + (LATER.format(more=result.more, share=result.share) if result.more else ""),
        result.made,
        BLANKED.format(blank=result.blank) if result.blank else "",
        "## Figures\n\n" + FIGURES,
        "Near-end detector, area under the curve by hop of 16 ms:\n\n" + table("near against", result.near),
        ONSETS + table("", result.onset),
        KINDS + table("takes the floor against", _beside(result.kind, result.kind_alone)),
        CALIBRATION + table("", result.calibration),
        PAIRS + _pairs(result) + _guesses(result),
        QUANTIZED + table("", result.lost, digits=4),
        "## Limits\n\n" + LIMITS,
        "## Licence and credits\n\n" + LICENCE + "\n\n" + _spoken(result.spoken) + "\n\n" + RECORDED,
        _credits(result.credits),
    )  # fmt: skip
    return "\n\n".join(block for block in blocks if block) + "\n"


WHAT = """Two small recurrent networks that run once every 16 ms of sound, with their state as an input and an output.
`near_end` ({near_end}): a dense layer of {near_units[0]} and a gated recurrent layer of {near_units[1][0]} units, to
nothing, near speech, noise or far speech. `backchannel` ({backchannel}): a dense layer of {kind_units[0]} and gated
recurrent layers of {kind_units[1][0]} and {kind_units[1][1]} units, to: takes the floor, listens aloud, or neither.
Both see 32 mel bands of the echo canceller's cleaned sound, of its linear output and of its echo estimate, above a
tracked noise floor; four things that the canceller believes of itself; and the level against the one at which the
person usually speaks. Weights are in eight bits, the computation is in float32. Trained by
`python -m tools.train` (`--scenes {scenes} --seed {seed}{more}`) on scenes of 36 s made of the recordings below and of
synthesised sounds, through this project's own canceller. They are for this canceller and these features, and for
nothing else."""

LATER = """ The backchannel model has had a last cycle on the {more} later scenes, crowded with what is hard and of
more programs and languages, and its weights lie {share:g} of the way from before it to after it."""

BLANKED = """**Not for use.** These models were never shown the {blank}, to find out what it is worth
(`tools.ablate`), and were written however good they are: nothing that is said below of models that are not written
holds for them."""

FIGURES = """Area under the ROC curve: the probability that one of the first sounds more like it than one of the
second; 0.5 is chance. *Held out*: scenes of the training split with speakers (`tools/train/held_out.txt`), impulse
responses and noises that were not learnt from. *Dev*: the split `dev`. The models know nothing of how loud the person
usually is. The temperature of each model was set on the held-out part, and the inputs, the length of training and the
working point were chosen with an eye on both: all are tuning figures. No part of the corpus is a test set."""

ONSETS = """From an onset to the first hop above 0.5, the share of events never found within a second, and how often
more than 200 ms of nothing pass for speech:

"""

KINDS = """Backchannel model, area under the curve 0.1 s after the end of what was heard; and of who goes by nothing but
its length, or by its true level, which no device knows. (People far away are softer, sentences longer.)

"""

CALIBRATION = """Expected calibration error of P(takes the floor), after so much overlap and at the end:

"""

PAIRS = """Taking the floor against listening, both by the same source and matched in length: how many, and the equal
error rate (percent) after so much overlap and 0.1 s after the end; in brackets that of the length and of the level
alone, as they are until then in the cleaned sound, and in the end of the whole, whichever way round is better (50 is
chance). Recorded words of one source by held-out speakers are the main rows: a model that does not beat both
baselines there at each moment is not written. *Unheard* are a voice of Flite (rms) and a program and language of which
nothing was learnt from (Open JTalk, Japanese):

"""

QUANTIZED = """What eight bits cost, in area under the curve:

"""

LIMITS = """- **No natural backchannel was heard in training or in measuring.** Listeners are read words ("right",
  "yes", "ok" in English and Arabic), text-to-speech ("uh huh", "mm hmm", "yeah", ... by espeak-ng, Flite and Festival,
  and the like of them in other languages, `tools/train/sayings.py`), and hums and words of an articulatory sketch
  (`tools/train/throat.py`). Takers of the floor are read words, chains of them, sentences read from books, and
  words by the same machines. How well it does with people who really listen is not known.
- What it tells apart are mostly these words. A word it does not know falls on either side.
- English and Arabic near-end speech, a few voices of the device, seventeen recorded noises, simulated echo: no
  recording of a real device was used. No children, few accents, no Lombard speech. Coughs and clatter are synthesised.
- **Nobody laughed**, in training or in measuring: what it makes of laughter is not known. (`edgeagent collect` asks for
  a laugh.)
- Text-to-speech says the listeners' words equally often. In Switchboard "uh-huh" and "yeah" are three quarters of the
  short backchannels; drawn like that, the others would hardly have been heard.
- Nobody raises their voice against ours: spectra are tilted at random, and not by how loud the device is.
- Room, loudspeaker, delay, drift and what people do are fixed for each scene, and a scene is rendered once. Only
  throats, pace, noise, hidden bands and what is known of the person change from round to round.
- The backchannel model hears sound and nothing else. It is not told how far our sentence is from its end, or whether it
  is a question. Both are known from the text, exactly, and what follows is counted in Switchboard (after a question
  "yeah" is an answer); learnt, it would be the habits of our own scenes. So the moderator puts what the model says in
  context (`turn/moderator.py`, `in_context`).
- The figures hold for a person 8 dB or more above the noise and an echo at most 12 dB above the person."""

LICENCE = """The models are under the licence of the project. They were made from the recordings below, cut, mixed with
each other and filtered, from sounds that this project makes itself, and from what these programs said:"""

RECORDED = "The recordings:"

GUESSES = """**Of voices and programs never heard it guesses.** {names}: chance, and at no moment
better than level alone."""


def _options(result: Result) -> str:
    """Of the command, beside those that every run has."""
    more = f" --more {result.more}" if result.more else ""
    return more + (f" --blank {result.blank}" if result.blank else "")


def table(what: str, figures: Mapping[str, Mapping[str, float]], digits: int = 3) -> str:
    """A row for each part, or of whatever names it."""
    heads = [f"{what} {name}".strip() for name in next(iter(figures.values()))]
    rows = [f"| {part} | " + " | ".join(f"{value:.{digits}f}" for value in row.values()) + " |"
            for part, row in figures.items()]  # fmt: skip
    return "\n".join(["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|", *rows])


def _pairs(result: Result) -> str:
    heads = ["", "source", "n", *(f"{ms} ms (length, level)" for ms in ASKED_MS), "end (length, level)"]
    rows = [
        f"| {part} | {name} | {told.count} | " + " | ".join(rates(told)) + " |"
        for part, pairs in result.pairs.items()
        for name, told in pairs.items()
        if told.count
    ]
    return "\n".join(["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|", *rows])


def _guesses(result: Result) -> str:
    """Which of the unheard rows nothing was learnt for, if any."""
    names = [
        name
        for name, told in result.pairs.get(Part.UNHEARD, {}).items()
        if told.count and not any(model < level for model, level in zip(told.model, told.level, strict=True))
    ]
    return "\n\n" + GUESSES.format(names=" and ".join(names)) if names else ""


def _spoken(by_model: Mapping[str, str]) -> str:
    return "\n".join(f"- `{model}`: {programs}" for model, programs in by_model.items())


def rates(told: Pairs) -> list[str]:
    """Percent at each moment, with those of the baselines."""
    return [
        f"{100 * model:.0f} ({100 * length:.0f}, {100 * level:.0f})"
        for model, length, level in zip(told.model, told.length, told.level, strict=True)
    ]


def _beside(figures: Figures, alone: Mapping[str, Figures]) -> Figures:
    """Each part, and then its baselines."""
    rows: Figures = {}
    for part, row in figures.items():
        rows |= {part: row, **{f"{part}, {name}": other for name, other in alone[part].items()}}
    return rows


def _credits(credits: set[tuple[str, str]]) -> str:
    return "\n".join(f"- {line} ({licence})" for line, licence in sorted(credits))

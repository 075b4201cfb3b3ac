"""What `check` looks at where a language model answers: its server, the key, the model. The key is sent, and never
shown; nobody is made to generate anything."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from edgeagent.commands._finding import Finding, fail, ok, warn
from edgeagent.commands._installed import has
from edgeagent.config.chat_address import HOW, KEY, wants_key
from edgeagent.credential import credential, given
from edgeagent.errors import ServiceError, meant, nearest
from edgeagent.monitor.places import here
from edgeagent.services.chat_models import KeyRefused, Models, models
from edgeagent.settings import Replier, Settings

PATIENCE_S = 3.0
"""For a server that is asked what it has."""

SHOWN = 8
"""Names of models that are told."""

LONGEST_NAME = 60
"""Characters of each."""


def chat(settings: Settings) -> Iterator[Finding]:
    """Nothing where no language model answers."""
    replier = settings.replier
    if replier.kind != "chat":
        return
    missed = wants_key(replier) and not has(KEY)
    if missed:
        yield fail(
            "replier", f"{replier.url} wants a key, and there is none", f"{HOW}; or set replier.needs_key: never"
        )
    try:
        key = "" if replier.needs_key == "never" else credential(KEY)
        yield _answered(replier, models(replier.url, key, PATIENCE_S), key)
    except KeyRefused as error:
        if not missed:  # else it is told already
            yield _refused(replier, error)
    except ServiceError as error:
        yield fail("replier", error.problem, error.remedy or "set replier.url to that server's, up to and with /v1")
    if replier.needs_key != "never" and has(KEY) and _in_the_clear(replier.url):
        how = "set replier.url: https://... where that server has a certificate, or replier.needs_key: never"
        yield warn("replier", f"the key goes to {replier.url} in the clear", how)


def _in_the_clear(url: str) -> bool:
    """Whether what is sent there can be read on the way."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not here(parts.hostname or "")


def _refused(replier: Replier, error: KeyRefused) -> Finding:
    if replier.needs_key == "never":
        return fail("replier", error.problem, f"set replier.needs_key: auto, and {HOW}")
    if given(KEY):
        return fail("replier", error.problem, f"{HOW}, with one that is valid there")
    if has(KEY):
        return ok("replier", f"{replier.url} answers and wants a key; the device has one, which is not read here")
    return fail("replier", f"{replier.url} wants a key, and there is none", HOW)


def _answered(replier: Replier, found: Models, key: str) -> Finding:
    """What a server has that did not refuse us."""
    names = found.names
    if names is None:
        how = "set replier.url as that server wants it, mostly with /v1 at its end"
        return warn("replier", f"{replier.url} answers, but has no list of models there", how)
    if not found.knows(replier.model):
        there = ", ".join(_short(name) for name in names[:SHOWN]) + ", ..." * (len(names) > SHOWN)
        near = meant(_short(nearest(replier.model, names)))
        how = f"set replier.model to one of those; with Ollama: ollama pull {replier.model}"
        return fail("replier", f"{replier.url} has no model '{replier.model}'{near}; it has {there or 'none'}", how)
    if not key:
        return ok("replier", f"{replier.url} has {replier.model}; no key is sent")
    if _anybody(replier.url):
        return ok("replier", f"{replier.url} has {replier.model}, and says so without a key, too: ours was not judged")
    return ok("replier", f"{replier.url} has {replier.model} and takes the key")


def _anybody(url: str) -> bool:
    """Whether the server lists its models without a key: then it has not looked at ours."""
    try:
        models(url, "", PATIENCE_S)
    except ServiceError:
        return False
    return True


def _short(name: str) -> str:
    shown = "".join(character for character in name if character.isprintable())
    return shown if len(shown) <= LONGEST_NAME else shown[:LONGEST_NAME] + "..."

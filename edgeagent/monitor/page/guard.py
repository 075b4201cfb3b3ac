"""Who may see the page, and who may press its buttons.

Seeing it takes a name that nobody else can have (`places.welcome`) and, where more than this machine can reach it, a
token: in the address or the form at first, in a cookie from then on. Pressing a button takes a request from our own
page as well (its Origin, and a word that only the page holds), so that no other page can do it through a browser.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from hashlib import sha256
from html import escape
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgeagent.monitor.places import welcome

SHORTEST = 16
"""Characters of a token that somebody chose: nobody counts wrong guesses."""

YEAR_S = 365 * 86_400

LONGEST_FORM = 4096
"""Bytes of what a button sends."""

FORM_S = 5.0
"""Seconds that they may take to come."""

FORM = "edgeagent.form"
"""Where in an ASGI scope the site finds the fields that a button has sent."""

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "media-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""With every answer. There is no word of CORS: no other page shall read anything."""

LOGIN = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><title>edgeagent</title>
<meta name="viewport" content="width=device-width, initial-scale=1"/><link rel="stylesheet" href="/style.css"/></head>
<body class="login"><main><h1>edgeagent</h1><p>{said}</p>
<form method="post" action="/login"><label>Token <input name="token" type="password" autofocus="" required=""
autocomplete="current-password"/></label><button>Show the device</button></form></main></body></html>
"""

FIRST = "This device asks for its token: see what it printed when it started, or its credential page-token."
WRONG = "That is not its token."


class Guard:
    """Around the site, an ASGI application. token: "" where this machine alone can reach it."""

    def __init__(self, site: ASGIApp, token: str, name: str, port: int) -> None:
        """name: a further host name to answer to."""
        self.form_word = secrets.token_urlsafe(16)
        """What a button of our page sends along."""
        self._site = site
        self._token = token
        self._name = name
        self._cookie = f"edgeagent-{port}"  # cookies do not tell ports apart
        self._pass = hmac.new(token.encode(), b"edgeagent status page", sha256).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = await self._answer(request)
        await (answer or self._site)(scope, receive, guarded)

    async def _answer(self, request: Request) -> Response | None:
        """What the site is not asked for; None for what it shall answer."""
        if not welcome(request.headers.get("host", ""), self._name):
            return PlainTextResponse("Ask for an address, or for this machine's own name.\n", 421)
        if request.method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("GET and POST only.\n", 405)
        path: str = request.scope[
            "path"
        ]  # as the request's first line has it; `request.url` is made of its Host as well
        if path == "/style.css":
            return None
        form: dict[str, str] = {}
        if request.method == "POST":
            if not from_here(request.headers):
                return PlainTextResponse("Only this page's own buttons may do that.\n", 403)
            form = await _form(request)
        if path == "/login":
            return self._let_in(form.get("token", ""), "/")
        if "token" in request.query_params and request.method == "GET":
            return self._let_in(request.query_params["token"], path)
        if not self._known(request):
            page = HTMLResponse(LOGIN.format(said=escape(FIRST)), 401)
            return page if path == "/" else PlainTextResponse(FIRST, 401)
        if request.method == "POST" and not _same(form.get("word", ""), self.form_word):
            return PlainTextResponse("The page is from before a restart: load it again.\n", 403)
        request.scope[FORM] = form
        return None

    def _known(self, request: Request) -> bool:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        bearer = kind.lower() == "bearer" and _same(token, self._token)
        return not self._token or bearer or _same(request.cookies.get(self._cookie, ""), self._pass)

    def _let_in(self, token: str, path: str) -> Response:
        """To `path`, with the cookie, if it is the token."""
        if self._token and not _same(token, self._token):
            return HTMLResponse(LOGIN.format(said=escape(WRONG)), 401)
        answer = RedirectResponse("/" + path.lstrip("/"), 303)
        if self._token:
            # lax: who follows a link of another page brings it along; "strict" would ask them for the token once more
            answer.set_cookie(self._cookie, self._pass, max_age=YEAR_S, httponly=True, samesite="lax")
        return answer


def from_here(headers: Headers) -> bool:
    """Whether a browser says that a page of ours asks."""
    host, origin = headers.get("host", ""), headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "same-origin"
    return origin.lower().partition("://")[2] == host.lower()


async def _form(request: Request) -> dict[str, str]:
    """The fields that a form of ours sends; none of one that is longer, or does not come."""
    sent = b""
    try:
        async with asyncio.timeout(FORM_S):
            async for chunk in request.stream():
                sent += chunk
                if len(sent) > LONGEST_FORM:
                    return {}
        fields = parse_qs(sent.decode("ascii", "replace"), max_num_fields=10) if sent else {}
    except (TimeoutError, ClientDisconnect, ValueError):
        return {}
    return {name: values[0] for name, values in fields.items()}


def _same(one: str, other: str) -> bool:
    """In a time that does not tell how much of it is right. Nothing is the same as nothing."""
    return bool(other) and hmac.compare_digest(one.encode(), other.encode())

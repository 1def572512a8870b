"""What holds for every request and every answer, around the whole application.

Answers carry the headers that keep a browser from being tricked. Requests that change something must come from
our own pages (three proofs: X-Deskbell, Origin, Sec-Fetch-Site), and their JSON is bounded before it is parsed.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from deskbell.api.origin import is_own
from deskbell.api.problems import Problem, body, forbidden
from deskbell.settings import Settings

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

JSON_BYTES = 256 * 1024
DRAINED_BYTES = 4 * 1024 * 1024
"""A body too big, up to this size, is read and thrown away: who still sends would never see the answer."""
JSON_DEPTH = 32
BODY_WITHIN_S = 20.0
FORMS = "/survey/"
"""Pages without script, whose forms browsers send as they always did; where they come from is checked all the same."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
REPORTS = frozenset({"/api/widget/visit"})
"""From pages of other origins, which the handler checks against the site's; no cookie and no token comes with them."""
REPORT_BYTES = 32 * 1024
HOOKS = "/hooks/"
"""From services, which sign what they send; the handler checks that over the very bytes."""
HOOK_BYTES = 3 * 1024 * 1024
UPLOADS = frozenset({"/api/files", "/api/widget/files"})
API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
YEAR = 365 * 24 * 3600

# Possessive, and a string need not end: each byte is looked at once, whatever a stranger sends.
_SIGNS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?+|[\[\]{}]', re.DOTALL)


class Guard:
    """Wraps the application: `Guard(app, settings)` is what the server runs."""

    def __init__(self, app: App, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._always = _headers(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answered = self._adding(scope, send)
        try:
            if scope["method"] not in SAFE_METHODS:
                receive = await self._checked(scope, receive)
        except Problem as problem:
            await _refuse(answered, problem)
            return
        except _Gone:
            return
        if scope["method"] == "HEAD":  # GET whose body the server leaves out; those who watch machines ask so
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, answered)

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        """The request's body, read and found good; raises Problem otherwise."""
        headers, path = _decoded(scope), scope["path"]
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Problem(415, "encoding", "Compressed requests are not taken.")
        if path.startswith(HOOKS):
            return _replay(await _read(headers, receive, HOOK_BYTES), receive)
        if path in REPORTS:
            return _replay(await _read(headers, receive, REPORT_BYTES), receive)
        check_origin(headers, self._settings, needed=not path.startswith("/api/widget/"))
        if (
            path.startswith("/api/")
            and not path.startswith("/api/widget/")
            and headers.get("x-deskbell") != "1"
        ):
            raise forbidden("The header X-Deskbell: 1 is missing.")
        if path in UPLOADS:
            return receive
        content = await _read(headers, receive)
        if not path.startswith(FORMS):
            _check_json(headers, content)
        return _replay(content, receive)

    def _adding(self, scope: Scope, send: Send) -> Send:
        """`send` that adds the headers which an answer does not set itself."""
        api = scope["path"].startswith("/api/")

        async def adding(message: Any) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                more = [*self._always, *(_API if api else _PAGES)]
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in more if name not in present),
                ]
            await send(message)

        return adding


class _Gone(Exception):
    """The client went away while it was sending."""


def check_origin(headers: Mapping[str, str], settings: Settings, *, needed: bool) -> None:
    """Raises Problem 403 unless all the browser says of where the request began is ours; `needed`: it must say."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    good_origin = origin is None or is_own(settings, origin, headers.get("host"))
    good_site = site is None or site in ("same-origin", "none")
    if not good_origin or not good_site or (needed and origin is None and site is None):
        raise forbidden("This request did not come from a page of this desk.")


def _headers(settings: Settings) -> list[tuple[bytes, bytes]]:
    always = [
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"strict-origin-when-cross-origin"),
        (b"x-permitted-cross-domain-policies", b"none"),
        (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ]
    if settings.address.startswith("https://"):
        always.append((b"strict-transport-security", f"max-age={YEAR}; includeSubDomains".encode()))
    return always


_API = (
    (b"content-security-policy", API_POLICY.encode()),
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)
_PAGES = (
    (b"content-security-policy", API_POLICY.encode()),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


def _decoded(scope: Scope) -> dict[str, str]:
    """Header names are in lower case already; of a header sent twice both count, which no check lets through."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


async def _read(headers: Mapping[str, str], receive: Receive, most: int = JSON_BYTES) -> bytes:
    """The whole body, at most `most` bytes of it, before anything looks into it."""
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:12]) > DRAINED_BYTES:
        raise _too_big(most)
    content, size, more = bytearray(), 0, True
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            while more:
                message: Any = await receive()
                if message["type"] == "http.disconnect":
                    raise _Gone
                part = message.get("body", b"")
                size += len(part)
                more = message.get("more_body", False)
                if size <= most:
                    content += part
                elif size > DRAINED_BYTES:
                    raise _too_big(most)
    except TimeoutError:
        raise Problem(408, "slow", f"The request did not arrive within {BODY_WITHIN_S:g} seconds.") from None
    if size > most:
        raise _too_big(most)
    return bytes(content)


def _too_big(most: int) -> Problem:
    return Problem(413, "too_big", f"A request may have at most {most // 1024} KiB.", limit=most)


def _check_json(headers: Mapping[str, str], content: bytes) -> None:
    if not content:
        return
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "content_type", "Requests are JSON: Content-Type must be application/json.")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(400, "bad_json", "The request is not valid UTF-8.") from None
    if depth(content) > JSON_DEPTH:
        raise Problem(400, "bad_json", f"JSON may be nested at most {JSON_DEPTH} deep.", limit=JSON_DEPTH)


def depth(content: bytes) -> int:
    """How deep JSON is nested, without parsing it."""
    if content.count(b"[") + content.count(b"{") <= JSON_DEPTH:
        return 0
    level = deepest = 0
    for sign in _SIGNS.finditer(content):
        first = sign[0][:1]
        if first in (b"[", b"{"):
            level += 1
            deepest = max(deepest, level)
        elif first in (b"]", b"}"):
            level -= 1
    return deepest


def _replay(content: bytes, receive: Receive) -> Receive:
    """Hands the body on once, then whatever comes after it (the client leaving)."""
    messages: Iterable[Any] = iter([{"type": "http.request", "body": content, "more_body": False}])

    async def replay() -> Any:
        for message in messages:
            return message
        return await receive()

    return replay


async def _refuse(send: Send, problem: Problem) -> None:
    content = body(problem)
    await send(
        {
            "type": "http.response.start",
            "status": problem.status,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(content)).encode()),
                (b"connection", b"close"),
            ],
        }
    )
    await send({"type": "http.response.body", "body": content, "more_body": False})

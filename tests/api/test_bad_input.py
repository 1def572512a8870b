"""Whatever comes in, the answer is a clear error and never a fault (hardening B1 to B6, R9, S7)."""

import asyncio
import gzip
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig

from deskbell.api import auth, routes, security, uploads
from tests.api.desk import OWN, EdgeDesk, code

ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    2**63,
    10**400,
    "",
    "x" * 300,
    "\x00",
    "\u202e",
    "0",
    " 1",
    [],
    [1],
    {},
    {"$ne": 1},
    [[]],
    "{{7*7}}",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
]
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "POST /api/session": ("nobody", {"email": "a@b.test", "password": "x"}),
    "POST /api/setup": (
        "nobody",
        {"token": "x", "name": "A", "email": "a@b.test", "password": "seven green apples"},
    ),
    "POST /api/widget/session": ("nobody", {"site": "shop", "token": "x"}),
    "PUT /api/me/availability": ("admin", {"available": True}),
    "PATCH /api/me/settings": (
        "admin",
        {
            "live_sort": "new",
            "theme": "dark",
            "sound": True,
            "enter_sends": True,
            "quiet": ["mention.bell"],
            "digest": False,
        },
    ),
    "PUT /api/me/password": ("admin", {"old": "x", "new": "seven green apples"}),
    "POST /api/staff": (
        "admin",
        {
            "name": "A",
            "email": "a@b.test",
            "role": "agent",
            "password": "x",
            "max_chats": 1,
            "departments": [1],
        },
    ),
    "PATCH /api/staff/1": ("admin", {"name": "A", "email": "a@b.test", "max_chats": 1, "departments": [1]}),
    "POST /api/departments": ("admin", {"name": "A", "description": "x", "offered": True, "staff": [1]}),
    "PATCH /api/departments/1": (
        "admin",
        {"name": "A", "description": "x", "offered": True, "staff": [1], "first_line": True, "hours": None},
    ),
    "POST /api/sites": (
        "admin",
        {
            "name": "A",
            "active": True,
            "allowed_origins": ["*"],
            "departments": [1],
            "look": {"color": "#000000"},
            "texts": {"title": "x"},
            "form": {"fields": []},
        },
    ),
    "PATCH /api/sites/1": ("admin", {"name": "A", "allowed_origins": ["*"], "form": {"name": "off"}}),
    "PATCH /api/customers/1": ("admin", {"name": "A", "email": "a@b.test", "phone": "1"}),
    "PATCH /api/preferences": (
        "admin",
        {"max_chats": 1, "distribution": "averaged", "last_agent": True, "web_end": "x", "hours": None},
    ),
    "POST /api/closing-tags": ("admin", {"name": "Sold"}),
    "PATCH /api/closing-tags/1": ("admin", {"name": "Sold", "active": True}),
}


@pytest.mark.parametrize("call", BODIES)
async def test_no_value_of_any_field_makes_a_fault(desk: EdgeDesk, call: str) -> None:
    await desk.site()
    who, good = BODIES[call]
    client = await desk.person("Ada", "admin") if who == "admin" else desk.client()
    method, path = call.split()
    tries: list[Any] = [*ODD]
    tries += [good | {field: odd} for field in good for odd in ODD]
    tries += [{name: value for name, value in good.items() if name != field} for field in good]
    tries += [good | {"surplus": 1}]
    for body in tries:
        answer = await client.request(method, path, json=body)
        assert answer.status_code < 500, (body, answer.text)
        if answer.status_code >= 400:
            assert set(answer.json()["error"]) <= {"code", "text", "field", "limit"}
        if answer.status_code == 401 and who == "admin":  # a try has signed us out, as it should
            async with desk.client() as again:
                await again.post(
                    "/api/session", json={"email": "ada@desk.test", "password": "seven green bicycles"}
                )
                client.cookies = again.cookies


RAW = {
    "cut": (b'{"email": "a', 400),
    "empty": (b"", 400),
    "no utf-8": (b'{"email": "\xff"}', 400),
    "lone surrogate": (b'{"email": "\\ud800", "password": "x"}', 400),
    "nan": (b'{"email": NaN}', 400),
    "infinity": (b'{"email": 1e999, "password": "x"}', 400),
    "deep": (b"[" * 33 + b"]" * 33, 400),
    "very deep": (b"[" * 200_000, 400),
    "deep objects": (b'{"a":' * 100 + b"1" + b"}" * 100, 400),
    "too big": (b'{"email": "' + b"x" * 300_000 + b'"}', 413),
    "long number": (b'{"email": ' + b"9" * 100_000 + b"}", 400),
    "two values": (b'{"email": "a"} {"email": "b"}', 400),
}


@pytest.mark.parametrize("kind", RAW)
async def test_broken_json_is_refused_before_it_hurts(desk: EdgeDesk, kind: str) -> None:
    content, status = RAW[kind]
    headers = OWN | {"Content-Type": "application/json"}
    answer = await desk.client(headers).post("/api/session", content=content)
    assert (answer.status_code, "error" in answer.json()) == (status, True)


async def test_a_compressed_request_is_not_taken(desk: EdgeDesk) -> None:
    headers = OWN | {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = await desk.client(headers).post("/api/session", content=gzip.compress(b" " * 10_000_000))
    assert code(answer) == (415, "encoding")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_only_json_is_taken(desk: EdgeDesk, kind: str) -> None:
    headers = OWN | ({"Content-Type": kind} if kind else {})
    answer = await desk.client(headers).post("/api/session", content=b'{"email":"a","password":"b"}')
    assert code(answer) == (415, "content_type")


@pytest.mark.parametrize("number", ["0", "-1", "1.0", "x", "99999999999999999999", "9" * 5000, "%00", "[1]"])
async def test_odd_numbers_in_an_address_find_nothing(desk: EdgeDesk, number: str) -> None:
    ada = await desk.person("Ada", "admin")
    for noun in ("staff", "departments", "sites", "customers"):
        answer = await ada.patch(f"/api/{noun}/{number}", json={"name": "x"})
        assert answer.status_code in (400, 404), answer.text


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", {"text": "The request needs a body of whole JSON."}),
        (b'{"site":', {"text": "The request needs a body of whole JSON."}),
        (b"[]", {"text": "It must be an object, not a list."}),
        (b'{"site": "shop", "x": 1}', {"text": "There is no field named x here."}),
        (b"{}", {"text": "The field site is missing."}),
        (b'{"site": 5}', {"text": "It must be text, not a whole number.", "field": "site"}),
        (
            b'{"site": "%s"}' % (b"x" * 65),
            {"text": "At most 64 characters.", "field": "site", "limit": 64},
        ),
    ],
)
async def test_what_is_wrong_with_a_body_is_said_in_a_sentence_with_its_field_and_limit(
    desk: EdgeDesk, body: bytes, error: dict[str, Any]
) -> None:
    answer = await desk.client().post(
        "/api/widget/session", content=body, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["error"]) == (400, {"code": "bad_input"} | error)


async def test_odd_headers_are_no_fault(desk: EdgeDesk) -> None:
    chance = random.Random(5)
    for _ in range(100):
        noise = bytes(chance.randrange(32, 127) for _ in range(chance.randrange(60))).decode()
        headers = OWN | dict.fromkeys(
            ("Authorization", "Cookie", "X-Forwarded-For", "Range", "User-Agent"), noise
        )
        for path in ("/api/session", "/api/widget/files/" + "0" * 32, "/"):
            answer = await desk.client(headers).get(path)
            assert answer.status_code in (200, 401, 404, 503), (noise, answer.text)


async def test_unknown_addresses_and_methods_have_the_same_kind_of_answer(desk: EdgeDesk) -> None:
    assert code(await desk.client().get("/api/nothing")) == (404, "not_found")
    assert code(await desk.client().delete("/api/labels")) == (405, "not_allowed")
    assert (await desk.client({}).get("/../../etc/passwd")).status_code == 404


def test_no_get_changes_anything_and_every_route_is_known_to_be_open_or_not() -> None:
    """A new route must be thought about: it names who may call it, or stands here as open to everybody."""
    opened = {
        "GET /api/setup",
        "POST /api/setup",
        "POST /api/session",
        "POST /api/widget/session",
        "GET /api/widget/files/{file_id:str}",  # these three look for the token or the signature themselves
        "GET /api/widget/files/{file_id:str}/preview",
        "POST /api/widget/files/{file_id:str}/link",
    }
    found = set()
    for handler in routes.HANDLERS:
        asks = {"staff_user", "signed_in", "visitor"} & set(handler.fn.__annotations__)
        for path in handler.paths:
            if path.startswith("/api/") and not asks:
                found |= {f"{method} {path}" for method in handler.http_methods}
    assert found == opened


def test_the_openapi_document_can_be_made() -> None:
    given = {"edge": Provide(lambda: None, sync_to_thread=False), **auth.DEPENDENCIES}
    app = Litestar(routes.HANDLERS, dependencies=given, openapi_config=OpenAPIConfig("Desk", "1"))
    document = app.openapi_schema.to_schema()
    assert document["openapi"] == "3.1.0"
    assert "/api/widget/session" in document["paths"]


@pytest.mark.parametrize("path", ["/api/session", "/api/widget/files"])
async def test_a_body_that_never_comes_is_not_waited_for(
    desk: EdgeDesk, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security, "BODY_WITHIN_S", 0.05)
    monkeypatch.setattr(uploads, "PATIENCE_S", 0.05)
    monkeypatch.setattr(uploads, "PATIENCE_PER_MB_S", 0)
    await desk.site()
    visitor = await desk.visitor()

    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    headers = {"X-Deskbell": "1", "Content-Type": "application/json"}
    answer = await visitor.post(path, content=trickle(), headers=headers)
    assert code(answer) == (408, "slow")

"""Every body and every query of the HTTP API, made wrong in every way: a clear refusal, never a fault (B1-B9, S7, S9)."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, get_args

import httpx
import pytest

from tests.doors import garbage
from tests.doors.house import PASSWORD, Door, House, live_chat

PATHS = (
    "0",
    "-1",
    "1.0",
    "1 ",
    "[1]",
    "true",
    "0x1",
    "9" * 40,
    "%00",
    "%ff",
    "..%2f..",
    "é",
    "1;2",
    "{}",
    "1e3",
)
ODD = (*PATHS[1:8:2], "", "x" * 3_000, "' OR 1=1 --", "<script>", "1&after=2", "%F0%9F%A6%8A")
SKIPPED = {
    ("DELETE", "/api/session"),
    ("PUT", "/api/me/password"),
    ("POST", "/api/session"),
    ("POST", "/api/setup"),
}
"""They would end the session of the one who asks; they are tried by strangers."""


GIVEN = ("data", "request", "self")


class Route(NamedTuple):
    method: str
    path: str
    body: Any
    queries: tuple[str, ...]

    def at(self, number: object) -> str:
        return re.sub(r"\{[^}]*\}", str(number), self.path)


def routes_of(door: Door) -> Iterator[Route]:
    for route in door.node.app.routes.routes:
        for handler in getattr(route, "route_handlers", ()):
            if not handler.include_in_schema or not route.path.startswith("/api/"):
                continue
            for method in sorted(handler.http_methods - {"HEAD", "OPTIONS"}):
                body = handler.parsed_data_field.annotation if handler.parsed_data_field else None
                inside = {*handler.resolve_dependencies(), *GIVEN, *route.path_parameters}
                queries = set(handler.parsed_fn_signature.parameters) - inside
                yield Route(method, route.path_format, body, tuple(sorted(queries)))


def is_answered_well(answer: httpx.Response) -> bool:
    """Not a fault; and a refusal in the one shape of errors, without a word of the inside."""
    if answer.status_code < 400:
        return True
    if answer.status_code >= 500 or "traceback" in answer.text.lower():
        return False
    if answer.headers["content-type"] != "application/json":
        return False
    error = answer.json()["error"]
    return bool(error["code"]) and bool(error["text"]) and len(answer.content) < 2_000


async def everybody(house: House) -> tuple[list[httpx.AsyncClient], int, list[Route]]:
    """Clients of an admin, of Marta, and of nobody; the number of a chat; the routes."""
    chat = await live_chat(house)
    boss = await (await house.hire("Boss", "admin")).http()
    door = house.nodes[0]
    return [boss, chat.visitor.http(), house.keep(door.client())], chat.c, list(routes_of(door))


PLENTY = {"visitor_messages_per_s": 100_000, "visitor_messages_burst": 100_000}


async def test_no_body_is_a_fault(house: House) -> None:
    await house.open(**PLENTY)
    clients, c, routes = await everybody(house)
    tried = 0
    for route in routes:
        if not garbage.struct_of(route.body):
            continue
        good, kinds = garbage.valid(route.body), len(get_args(route.body)) or 1
        bodies = garbage.examples(garbage.broken(good), 12 * kinds) + garbage.examples(good, 3 * kinds)
        right = clients[1] if "/widget/" in route.path else clients[0]
        for client in clients if (route.method, route.path) not in SKIPPED else clients[2:]:
            for body in bodies if client is right else bodies[:2]:
                answer = await client.request(
                    route.method,
                    route.at(c),
                    content=garbage.text(body).encode(),
                    headers={"Content-Type": "application/json"},
                )
                assert is_answered_well(answer), (
                    route,
                    str(body)[:500],
                    answer.status_code,
                    answer.text[:300],
                )
                tried += 1
    assert tried > 200


async def test_what_is_hardly_json_is_refused(house: House) -> None:
    await house.open(**PLENTY)
    clients, c, routes = await everybody(house)
    for route in routes:
        if not garbage.struct_of(route.body):
            continue
        client = clients[1] if "/widget/" in route.path else clients[0]
        for raw in garbage.RAW:
            if raw.startswith(b'{"id":"a"') or (len(raw) > 1_000 and not route.path.endswith("/close")):
                continue  # a doubled key is the last one; big ones end in the guard, which is the same for all
            answer = await client.request(
                route.method, route.at(c), content=raw, headers={"Content-Type": "application/json"}
            )
            assert is_answered_well(answer), (route, raw[:50], answer.status_code, answer.text[:300])
            assert answer.status_code >= 400 or raw in (b"",), (route, raw[:50], answer.text[:300])


async def test_no_path_or_query_is_a_fault(house: House) -> None:
    await house.open(**PLENTY)
    clients, c, routes = await everybody(house)
    for route in routes:
        if route.method != "GET" or route.path.startswith("/api/openapi.json/{"):
            continue  # the last is the framework's own "no such page"
        client = clients[1] if "/widget/" in route.path else clients[0]
        addresses = [route.at(odd) for odd in PATHS] if "{" in route.path else []
        for name in route.queries:
            for odd in (
                *PATHS,
                "",
                "x" * 3_000,
                "' OR 1=1 --",
                "<script>",
                "1&" + name + "=2",
                "null",
                "%F0%9F%A6%8A",
            ):
                addresses.append(f"{route.at(c)}?{name}={odd}")
        for address in addresses:
            answer = await client.get(address)
            assert is_answered_well(answer), (address[:200], answer.status_code, answer.text[:300])
            assert "<script>" not in answer.text or answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("tab=nope", "tab"),
        ("tab=live&sort=price", "sort"),
        ("tab=live&scope=everything", "scope"),
        ("tab=live&limit=0", "limit"),
        ("tab=live&limit=101", "limit"),
        ("tab=live&limit=1e9", "limit"),
        ("tab=live&limit=ten", "limit"),
    ],
)
async def test_an_unknown_value_of_a_query_is_refused_by_name(
    door: Door, house: House, query: str, field: str
) -> None:
    ada = await (await house.hire("Ada")).http()
    answer = await ada.get(f"/api/conversations?{query}")
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)


FORGED = [
    "x",
    "====",
    "W10",
    "WzFd",
    "WzEsMl0x",
    "bnVsbA",
    "WyJhIiwiYiJd",
    "WzEsLTFd",
    "é",
    "%00",
    "x" * 5_000,
]
FORGED += ["Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTksMV0", "WzEsOTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ"]


@pytest.mark.parametrize("after", FORGED, ids=range(len(FORGED)))
async def test_a_forged_place_in_a_list_is_refused(door: Door, house: House, after: str) -> None:
    ada = await (await house.hire("Ada")).http()
    answer = await ada.get(f"/api/conversations?tab=closed&after={after}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_input")


async def test_a_limit_is_named_in_the_refusal(door: Door, house: House) -> None:
    chat = await live_chat(house)
    ada = await chat.agent.http()
    path = f"/api/conversations/{chat.c}/messages"
    long = await ada.post(path, json={"id": "a", "text": "x" * 10_001})
    assert (long.status_code, "10000" in long.json()["error"]["text"]) == (400, True)
    rich = await ada.post(path, json={"id": "a", "html": "<p>" + "x" * 10_001})
    assert (rich.status_code, rich.json()["error"]["limit"]) == (400, 10_000)
    many = await ada.post(path, json={"id": "a", "text": "x", "files": ["0" * 32] * 11})
    assert (many.status_code, "10" in many.json()["error"]["text"]) == (400, True)
    big = await ada.post(
        path, content=b'"' + b"x" * 300_000 + b'"', headers={"Content-Type": "application/json"}
    )
    assert (big.status_code, big.json()["error"]["limit"]) == (413, 256 * 1024)
    both = await ada.get(f"/api/conversations/{chat.c}/entries?before=1&after=1")
    assert (both.status_code, both.json()["error"]["field"]) == (400, "after")


async def test_what_may_not_be_set_is_refused_by_name(door: Door, house: House) -> None:
    ada = await (await house.hire("Ada")).http()
    for extra in ({"role": "admin"}, {"is_admin": True}, {"staff_id": 1}, {"email": "x@y.test"}):
        answer = await ada.put("/api/me/availability", json={"available": True} | extra)
        assert (answer.status_code, next(iter(extra)) in answer.text) == (400, True)
    sign_in = {"email": {"$ne": ""}, "password": {"$ne": ""}}
    assert (await ada.post("/api/session", json=sign_in)).status_code == 400
    assert (
        await ada.post("/api/session", json={"email": "ada@desk.test\x00", "password": PASSWORD})
    ).status_code == 401


OVER: dict[str, tuple[dict[str, Any], str]] = {
    "a comment": ({"t": "comment", "text": "x" * 4_001}, "4000"),
    "an empty comment": ({"t": "comment", "text": ""}, "1"),
    "a comment of blanks": ({"t": "comment", "text": " \n "}, "empty"),
    "names in a comment": ({"t": "comment", "text": "x", "mentions": [1] * 21}, "20"),
    "the note of a transfer": ({"t": "transfer", "agent": 1, "note": "x" * 501}, "500"),
    "a colleague's number": ({"t": "assign", "agent": 2**31}, "2147483647"),
    "two receivers": ({"t": "transfer", "agent": 1, "department": 1}, "choose one"),
    "no receiver": ({"t": "transfer"}, "choose one"),
    "an unknown action": ({"t": "explode"}, "explode"),
    "a field too many": ({"t": "flag", "on": True, "role": "admin"}, "role"),
    "an id too long": ({"t": "flag", "on": True, "id": "x" * 65}, "64"),
}


@pytest.mark.parametrize(("action", "named"), OVER.values(), ids=list(OVER))
async def test_an_action_that_cannot_be_is_refused_with_why_at_both_doors(
    door: Door, house: House, action: dict[str, Any], named: str
) -> None:
    chat = await live_chat(house)
    ada = await chat.agent.http()
    body = {"id": "a", "c": chat.c} | action
    answer = await ada.post("/api/actions", json=body)
    assert (answer.status_code, named in answer.json()["error"]["text"]) == (400, True), answer.text
    await chat.ada.raw(json.dumps(body))
    refusal = await chat.ada.find(lambda f: f["t"] in ("nack", "error"), "a refusal")
    assert named in refusal["text"], refusal
    assert await chat.marta.quiet() == []
    assert await chat.ada.quiet("entry", "row") == []


TOO_MUCH = [
    ("/api/tickets/accept", {"id": "q", "count": 0}, "1"),
    ("/api/tickets/accept", {"id": "q", "count": 101}, "100"),
    ("/api/conversations/{c}/close", {"id": "c", "note": "x" * 2_001}, "2000"),
    ("/api/conversations/{c}/close", {"id": "c", "sentiment": "furious"}, "sentiment"),
    ("/api/conversations/{c}/close", {"id": "c", "tag": 77}, "does not exist"),
    ("/api/customers/{customer}/notes", {"id": "n", "text": "x" * 4_001}, "4000"),
    ("/api/customers/{customer}/notes", {"id": "n", "text": "  "}, "empty"),
    ("/api/notifications/read", {"ids": [1] * 101}, "100"),
]


@pytest.mark.parametrize(("path", "body", "named"), TOO_MUCH, ids=range(len(TOO_MUCH)))
async def test_what_is_too_much_is_refused_with_the_limit(
    door: Door, house: House, path: str, body: dict[str, Any], named: str
) -> None:
    chat = await live_chat(house)
    customer = await house.pool.fetchval("SELECT customer_id FROM conversation WHERE id = $1", chat.c)
    ada = await chat.agent.http()
    answer = await ada.post(path.format(c=chat.c, customer=customer), json=body)
    assert (answer.status_code, named in answer.text) == (400, True), answer.text
    assert await house.pool.fetchval("SELECT state FROM conversation WHERE id = $1", chat.c) == "live"

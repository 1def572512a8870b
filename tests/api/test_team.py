"""Who may manage what, departments and who is there, preferences, customers (PEOPLE-1, PEOPLE-3, PEOPLE-6)."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from deskbell.store import departments, presence
from tests.api.desk import NOW, EdgeDesk, code, sign_in
from tests.rules import rule

NEW = {"name": "Zed", "email": "zed@desk.test", "role": "agent", "password": "eleven blue kettles"}

ADMINS_ONLY: list[tuple[str, str, Any]] = [
    ("GET", "/api/staff", None),
    ("POST", "/api/staff", NEW),
    ("PATCH", "/api/staff/1", {"role": "admin"}),
    ("GET", "/api/sites", None),
    ("POST", "/api/sites", {"name": "Mine"}),
    ("PATCH", "/api/sites/1", {"active": False}),
    ("POST", "/api/departments", {"name": "Mine"}),
    ("PATCH", "/api/departments/1", {"name": "Mine"}),
]
SUPERVISORS_TOO: list[tuple[str, str, Any]] = [
    ("GET", "/api/preferences", None),
    ("PATCH", "/api/preferences", {"max_chats": 3}),
    ("POST", "/api/closing-tags", {"name": "Sold"}),
    ("PATCH", "/api/closing-tags/1", {"active": False}),
    ("PATCH", "/api/departments/1", {"first_line": True}),
]
EVERYBODY: list[tuple[str, str, Any]] = [
    ("GET", "/api/team", None),
    ("GET", "/api/departments", None),
    ("GET", "/api/labels", None),
    ("GET", "/api/closing-tags", None),
    ("GET", "/api/closing-dialog", None),
    ("GET", "/api/session", None),
]


async def call(client: httpx.AsyncClient, request: tuple[str, str, Any]) -> int:
    method, path, body = request
    return (await client.request(method, path, json=body)).status_code


@rule("PEOPLE-1")
@pytest.mark.parametrize(
    "request_", [*ADMINS_ONLY, *SUPERVISORS_TOO, *EVERYBODY], ids=lambda r: f"{r[0]} {r[1]}"
)
async def test_nobody_without_a_session_and_no_visitor_gets_in(
    desk: EdgeDesk, request_: tuple[str, str, Any]
) -> None:
    await desk.hire("Ada", "admin")
    await desk.site()
    visitor = await desk.visitor()
    visitor.headers["X-Deskbell"] = "1"
    assert await call(desk.client(), request_) == 401
    assert await call(visitor, request_) == 401


@rule("PEOPLE-1")
@pytest.mark.parametrize(("role", "more"), [("agent", 403), ("supervisor", 200)])
async def test_agents_and_supervisors_stop_where_their_role_ends(
    desk: EdgeDesk, role: str, more: int
) -> None:
    client = await desk.person("Bob", role)
    await departments.add(desk.pool, "Support", "", True)
    assert [await call(client, request) for request in ADMINS_ONLY] == [403] * len(ADMINS_ONLY)
    assert [await call(client, request) for request in SUPERVISORS_TOO] == [
        201 if more == 200 and method == "POST" else more for method, _, _ in SUPERVISORS_TOO
    ]
    assert [await call(client, request) for request in EVERYBODY] == [200] * len(EVERYBODY)
    assert await desk.pool.fetchval("SELECT role FROM staff") == role


@rule("PEOPLE-1")
async def test_an_admin_manages_staff_and_the_new_person_signs_in(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada", "admin")
    made = await ada.post("/api/staff", json=NEW)
    assert (made.status_code, made.json()["email"]) == (201, "zed@desk.test")
    async with desk.client() as zed:
        assert (await sign_in(zed, "zed", NEW["password"])).json()["role"] == "agent"
    assert code(await ada.post("/api/staff", json=NEW | {"email": "ZED@desk.test"})) == (409, "taken")
    assert desk.heard.staff == 1


async def test_nothing_can_be_set_that_is_not_offered(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada", "admin")
    odd: list[dict[str, Any]] = [
        {"id": 5},
        {"password_hash": "x"},
        {"created_at": 1},
        {"available": True},
        {"settings": {}},
    ]
    for more in odd:
        assert code(await ada.post("/api/staff", json=NEW | more)) == (400, "bad_input")
        assert code(await ada.patch("/api/staff/1", json=more)) == (400, "bad_input")
    for more in ({"role": "admin"}, {"available": 1}, {"email": "x@y.test"}):
        assert code(await ada.patch("/api/me/settings", json=more)) == (400, "bad_input")


@rule("PEOPLE-3")
@pytest.mark.parametrize(
    "change", [{"active": False}, {"role": "supervisor"}, {"password": "nine slow tractors"}], ids=str
)
async def test_a_changed_right_ends_the_persons_sessions(desk: EdgeDesk, change: dict[str, Any]) -> None:
    ada, bob = await desk.person("Ada", "admin"), await desk.person("Bob")
    bob_id = (await bob.get("/api/session")).json()["id"]
    assert (await ada.patch(f"/api/staff/{bob_id}", json=change)).status_code == 200
    assert (await bob.get("/api/session")).status_code == 401
    assert len(desk.heard.ended) == 1
    assert (await ada.get("/api/session")).status_code == 200


@rule("PEOPLE-8")
async def test_somebody_deactivated_keeps_their_name_and_is_not_available(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada", "admin")
    bob = await desk.hire("Bob", available=True)
    shown = (await ada.patch(f"/api/staff/{bob}", json={"active": False})).json()
    assert (shown["name"], shown["active"], shown["available"]) == ("Bob", False, False)
    assert desk.heard.switched == [(bob, False)]
    assert "Bob" in [person["name"] for person in (await ada.get("/api/team")).json()["staff"]]


async def test_the_last_admin_cannot_go(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada", "admin")
    me = (await ada.get("/api/session")).json()["id"]
    for change in ({"active": False}, {"role": "agent"}):
        assert code(await ada.patch(f"/api/staff/{me}", json=change)) == (409, "last_admin")
    await desk.hire("Bob", "admin")
    assert (await ada.patch(f"/api/staff/{me}", json={"role": "agent"})).status_code == 200


async def test_names_lose_what_is_invisible_and_bad_addresses_are_refused(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada", "admin")
    made = await ada.post("/api/staff", json=NEW | {"name": " Z\u202eed\u200b  <b> "})
    assert made.json()["name"] == "Zed <b>"
    assert code(await ada.post("/api/staff", json=NEW | {"email": "no address"})) == (400, "bad_text")
    assert code(await ada.post("/api/staff", json=NEW | {"name": "a\x00b"})) == (400, "bad_text")
    assert code(await ada.post("/api/staff", json=NEW | {"name": " "})) == (400, "bad_text")


@rule("PEOPLE-6", "PEOPLE-4")
async def test_a_department_card_counts_who_is_online_with_names(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada", "admin")
    bob, eva, kim = [await desk.hire(name, available=name != "Kim") for name in ("Bob", "Eva", "Kim")]
    body = {"name": "Billing", "description": "Money", "staff": [bob, eva, kim]}
    assert (await ada.post("/api/departments", json=body)).status_code == 201
    await presence.renew(desk.pool, "node", [bob, kim], NOW)
    [card] = (await ada.get("/api/departments")).json()["departments"]
    assert (card["total"], card["online"], card["offline"]) == (3, 1, 2)
    assert [(member["name"], member["online"]) for member in card["staff"]] == [
        ("Bob", True),
        ("Eva", False),
        ("Kim", False),
    ]
    desk.clock.advance(timedelta(seconds=60))
    [card] = (await ada.get("/api/departments")).json()["departments"]
    assert (card["online"], card["offline"]) == (0, 3)


@rule("PEOPLE-6")
async def test_an_agent_may_be_in_several_departments(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada", "admin")
    ids = [(await ada.post("/api/departments", json={"name": name})).json()["id"] for name in ("A", "B")]
    made = await ada.post("/api/staff", json=NEW | {"departments": ids})
    assert made.json()["departments"] == ids
    assert code(await ada.patch("/api/staff/1", json={"departments": [99]})) == (400, "department")
    assert code(await ada.post("/api/departments", json={"name": "a"})) == (409, "taken")
    assert code(await ada.patch(f"/api/departments/{ids[0]}", json={"name": "b"})) == (409, "taken")
    left = await ada.patch(f"/api/departments/{ids[0]}", json={"staff": []})
    assert left.json()["total"] == 0


async def test_preferences_show_their_bounds_and_refuse_what_is_outside(desk: EdgeDesk) -> None:
    sven = await desk.person("Sven", "supervisor")
    shown = {item["name"]: item for item in (await sven.get("/api/preferences")).json()["preferences"]}
    assert shown["max_chats"] == {
        "name": "max_chats",
        "what": "The maximum of chats per agent",
        "kind": "number",
        "value": 5,
        "default": 5,
        "least": 1,
        "most": 100,
    }
    for value in (0, 101, "5", 5.5, True, None):
        answer = await sven.patch("/api/preferences", json={"max_chats": value, "last_agent": False})
        assert code(answer) == (400, "preference")
        assert "from 1 to 100" in answer.json()["error"]["text"]
    assert code(await sven.patch("/api/preferences", json={"nope": 1})) == (400, "preference")
    assert await desk.pool.fetchval("SELECT count(*) FROM preference") == 0
    changed = await sven.patch("/api/preferences", json={"max_chats": 100})
    assert changed.json()["preferences"][0]["value"] == 100
    assert desk.heard.words == ["preferences"]


@rule("PEOPLE-3")
async def test_a_shorter_session_length_counts_for_running_sessions(desk: EdgeDesk) -> None:
    sven, bob = await desk.person("Sven", "supervisor"), await desk.person("Bob")
    desk.clock.advance(timedelta(hours=2))
    async with desk.client() as fresh:
        await sign_in(fresh, "Sven")
        await fresh.patch("/api/preferences", json={"session_hours": 2})
        assert (await fresh.get("/api/session")).status_code == 200
    assert (await bob.get("/api/session")).status_code == 401
    assert (await sven.get("/api/session")).status_code == 401
    assert len(desk.heard.ended) == 2


@rule("PEOPLE-7")
async def test_a_customer_is_known_to_those_who_deal_with_them(desk: EdgeDesk) -> None:
    ada, olga = await desk.person("Ada"), await desk.person("Olga")
    sven = await desk.person("Sven", "supervisor")
    ada_id = (await ada.get("/api/session")).json()["id"]
    customer = await desk.pool.fetchval("INSERT INTO customer (name) VALUES ('Marta') RETURNING id")
    await desk.pool.execute(
        """INSERT INTO conversation (kind, state, channel, customer_id, owner_id, created_at, state_at)
           VALUES ('chat', 'live', 'web', $1, $2, $3, $3)""",
        customer,
        ada_id,
        NOW,
    )
    path = f"/api/customers/{customer}"
    assert code(await olga.get(path)) == (404, "not_found")
    assert code(await olga.patch(path, json={"name": "X"})) == (404, "not_found")
    for client in (ada, sven):
        assert (await client.get(path)).json()["conversations"][0]["state"] == "live"
    changed = await ada.patch(path, json={"email": "Marta@Example.org", "phone": "+49 30 1"})
    assert (changed.json()["email"], changed.json()["email_verified"]) == ("marta@example.org", False)
    assert (await ada.get("/api/customers/999999999999")).status_code == 404


async def test_labels_are_found_by_any_part_and_signs_mean_nothing(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    await desk.pool.execute("INSERT INTO label (name) VALUES ('refund'), ('Big refund'), ('100%'), ('a_b')")

    async def found(words: str) -> list[str]:
        return [
            label["name"] for label in (await ada.get("/api/labels", params={"q": words})).json()["labels"]
        ]

    assert await found("REF") == ["refund", "Big refund"]
    assert await found("%") == ["100%"]
    assert await found("_") == ["a_b"]
    assert len(await found("")) == 4

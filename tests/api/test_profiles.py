"""A customer's profile: what those who deal with them may change, and nobody else (PEOPLE-7, VISITOR-6)."""

from typing import Any

import httpx
import pytest

from tests.api.desk import EdgeDesk, code
from tests.api.test_notes import conversation, own_id
from tests.rules import rule


async def marta_of(desk: EdgeDesk, agent: httpx.AsyncClient) -> str:
    """The path of a customer this agent deals with."""
    marta = await desk.pool.fetchval("INSERT INTO customer (name) VALUES ('Marta') RETURNING id")
    await conversation(desk, marta, await own_id(agent), "live")
    return f"/api/customers/{marta}"


async def field(desk: EdgeDesk, key: str = "plan") -> None:
    await desk.pool.execute("INSERT INTO customer_field (key, label) VALUES ($1, 'Plan')", key)


@rule("PEOPLE-7")
async def test_a_stranger_neither_reads_nor_changes_a_profile(desk: EdgeDesk) -> None:
    ada, olga = await desk.person("Ada"), await desk.person("Olga")
    path = await marta_of(desk, ada)
    assert code(await olga.get(path)) == (404, "not_found")
    assert code(await olga.patch(path, json={"company": "Evil"})) == (404, "not_found")
    assert (await ada.get(path)).json()["company"] == ""


async def test_details_own_fields_and_several_addresses_are_kept(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    path = await marta_of(desk, ada)
    await field(desk)
    changed = {
        "company": " Lamps  Ltd ",
        "email": "Marta@home.test",
        "emails": ["m@work.test", "marta@home.test", "M@work.test"],
        "fields": {"plan": " gold "},
    }
    assert (await ada.patch(path, json=changed)).status_code == 200
    now = (await ada.get(path)).json()
    assert (now["company"], now["email"], now["fields"]) == ("Lamps Ltd", "marta@home.test", {"plan": "gold"})
    assert now["emails"] == [{"email": "m@work.test", "verified": False}]
    assert (await ada.patch(path, json={"fields": {"plan": ""}, "emails": []})).json()["fields"] == {}
    assert (await ada.get(path)).json()["emails"] == []


@rule("VISITOR-6")
async def test_typing_an_address_never_makes_it_verified(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    path = await marta_of(desk, ada)
    await desk.pool.execute("UPDATE customer SET email = 'm@home.test', email_verified = true")
    await desk.pool.execute("INSERT INTO customer_email SELECT id, 'm@work.test', true FROM customer")
    await ada.patch(path, json={"email": "other@home.test", "emails": ["m@work.test", "m@home.test"]})
    now = (await ada.get(path)).json()
    assert now["email_verified"] is False
    assert {one["email"]: one["verified"] for one in now["emails"]} == {
        "m@work.test": True,
        "m@home.test": False,
    }


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"company": "x" * 201}, (400, "bad_input")),
        ({"emails": [f"m{n}@home.test" for n in range(11)]}, (400, "bad_input")),
        ({"emails": ["nobody"]}, (400, "bad_text")),
        ({"fields": {"unknown": "x"}}, (400, "bad_input")),
        ({"fields": {"plan": "x" * 1001}}, (400, "bad_input")),
        ({"company": "Kept?", "fields": {"unknown": "x"}}, (400, "bad_input")),
    ],
)
async def test_what_does_not_fit_is_refused_and_nothing_of_it_is_kept(
    desk: EdgeDesk, body: dict[str, Any], answer: tuple[int, str]
) -> None:
    ada = await desk.person("Ada")
    path = await marta_of(desk, ada)
    await field(desk)
    before = (await ada.get(path)).json()
    assert code(await ada.patch(path, json=body)) == answer
    assert (await ada.get(path)).json() == before


async def test_own_fields_are_defined_by_supervisors_and_hidden_ones_keep_their_values(
    desk: EdgeDesk,
) -> None:
    ada, sven = await desk.person("Ada"), await desk.person("Sven", "supervisor")
    new = {"key": "plan", "label": "Plan"}
    assert code(await ada.post("/api/customer-fields", json=new)) == (403, "forbidden")
    made = (await sven.post("/api/customer-fields", json=new)).json()
    assert code(await sven.post("/api/customer-fields", json=new)) == (409, "taken")
    path = await marta_of(desk, ada)
    await ada.patch(path, json={"fields": {"plan": "gold"}})
    await sven.patch(f"/api/customer-fields/{made['id']}", json={"active": False})
    assert [one["active"] for one in (await ada.get("/api/customer-fields")).json()["fields"]] == [False]
    assert (await ada.get(path)).json()["fields"] == {"plan": "gold"}

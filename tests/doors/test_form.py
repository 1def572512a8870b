"""The form before a chat: what a site requires is required at both doors (VISITOR-4); what the doors say of themselves."""

from typing import Any

import pytest

from deskbell.store.types import to_json
from tests.doors.house import Door, House, live_chat
from tests.rules import rule

ORDER = {"key": "order", "label": "Order number", "kind": "text", "need": True}
FORM = {"name": "need", "email": "need", "department": "need", "fields": [ORDER]}


async def ask_for(house: House, form: dict[str, Any], departments: tuple[int, ...] = ()) -> None:
    await house.pool.execute(
        "UPDATE site SET form = $1::text::jsonb, departments = $2", to_json(form), list(departments)
    )
    await house.reread()


@rule("VISITOR-4")
async def test_a_department_of_another_site_cannot_be_chosen(door: Door, house: House) -> None:
    sales, support = await house.department("Sales"), await house.department("Support")
    await ask_for(house, {}, (sales,))
    marta = await house.visitor()
    widget = await marta.widget()
    refused = await widget.ask("start", text="Hello", department=support)
    by_http = await marta.http().post(
        "/api/widget/start", json={"id": "a", "text": "Hello", "department": support}
    )
    assert (refused["t"], refused["code"], by_http.status_code) == ("nack", "department", 400)
    assert await house.pool.fetchval("SELECT count(*) FROM conversation") == 0
    await marta.start(widget, department=sales)


@rule("VISITOR-4")
@pytest.mark.parametrize(
    ("left_out", "code"),
    [("name", "field"), ("email", "field"), ("department", "department"), ("fields", "field")],
)
async def test_what_a_site_requires_is_required_at_both_doors(
    door: Door, house: House, left_out: str, code: str
) -> None:
    sales, _ = await house.department("Sales"), await house.department("Support")
    await ask_for(house, FORM)
    whole: dict[str, Any] = {
        "name": "Marta",
        "email": "marta@home.test",
        "department": sales,
        "fields": {"order": "17"},
    }
    given = {"text": "Hello"} | {key: value for key, value in whole.items() if key != left_out}
    marta = await house.visitor()
    widget = await marta.widget()
    refused = await widget.ask("start", **given)
    by_http = await marta.http().post("/api/widget/start", json={"id": "a"} | given)
    named = "order" if left_out == "fields" else left_out
    assert (refused["t"], refused["code"], f"({named})" in refused["text"]) == ("nack", code, True)
    assert (by_http.status_code, by_http.json()["error"]["code"]) == (400, code)
    await marta.start(widget, **whole)


@rule("VISITOR-4")
async def test_who_is_known_already_is_not_asked_again(door: Door, house: House) -> None:
    await ask_for(house, {"name": "need", "email": "need", "department": "need"})
    marta = await house.visitor()
    await house.pool.execute("UPDATE customer SET name = 'Marta', email = 'marta@home.test'")
    widget = await marta.widget()
    assert (await marta.start(widget))["seq"] > 0


async def test_the_api_is_described_as_json_and_by_no_page_with_scripts_of_strangers(
    door: Door, house: House
) -> None:
    async with door.client() as http:
        document = (await http.get("/api/openapi.json")).json()
        pages = [(await http.get(path)).status_code for path in ("/api", "/api/swagger", "/api/redoc")]
    assert (document["openapi"], "/api/widget/start" in document["paths"]) == ("3.1.0", True)
    assert pages == [404, 404, 404]


async def test_a_customer_who_was_renamed_is_news_for_every_console(door: Door, house: House) -> None:
    chat = await live_chat(house)
    http = await chat.agent.http()
    customer = await house.pool.fetchval("SELECT customer_id FROM conversation WHERE id = $1", chat.c)
    assert (await http.patch(f"/api/customers/{customer}", json={"name": "Marta"})).status_code == 200
    assert "customers" in (await chat.ada.hear("changed"))["what"]

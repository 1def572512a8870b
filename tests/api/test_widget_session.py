"""A visitor's beginning, and the sites they come from (VISITOR-1, VISITOR-4)."""

from datetime import timedelta
from typing import Any

import pytest

from deskbell.store import departments, presence
from tests.api.desk import HOST, NOW, EdgeDesk, code
from tests.rules import rule

ORIGIN = {"Origin": HOST}


async def boot(desk: EdgeDesk, **body: Any) -> Any:
    return await desk.client(ORIGIN).post("/api/widget/session", json={"site": "shop"} | body)


@rule("VISITOR-5")
async def test_a_known_token_gets_its_session_back(desk: EdgeDesk) -> None:
    await desk.site()
    first = (await boot(desk)).json()
    await desk.pool.execute("UPDATE customer SET name = 'Marta'")
    again = (await boot(desk, token=first["token"])).json()
    assert again["token"] == first["token"]
    assert again["customer"] == {"name": "Marta", "email": ""}
    assert await desk.pool.fetchval("SELECT count(*) FROM customer") == 1


async def test_a_token_is_long_random_and_stored_as_a_hash(desk: EdgeDesk) -> None:
    await desk.site()
    token = (await boot(desk)).json()["token"]
    assert len(token) == 43
    assert await desk.pool.fetchval("SELECT count(*) FROM browser WHERE token_hash = $1", token.encode()) == 0


@pytest.mark.parametrize("odd", ["", "x", "x" * 100, "\u0000", "null"])
async def test_an_unknown_token_gets_a_new_session(desk: EdgeDesk, odd: str) -> None:
    await desk.site()
    answer = await boot(desk, token=odd)
    assert answer.status_code == 200
    assert answer.json()["token"] != odd


async def test_a_token_of_another_site_opens_nothing(desk: EdgeDesk) -> None:
    await desk.site()
    await desk.site("blog")
    token = (await boot(desk, site="blog")).json()["token"]
    await desk.pool.execute("UPDATE customer SET name = 'Marta'")
    mixed = (await boot(desk, token=token)).json()
    assert mixed["token"] != token
    assert mixed["customer"]["name"] == ""


async def test_a_browser_not_seen_for_half_a_year_is_a_new_one(desk: EdgeDesk) -> None:
    await desk.site()
    token = (await boot(desk)).json()["token"]
    desk.clock.advance(timedelta(days=100))
    assert (await boot(desk, token=token)).json()["token"] == token
    desk.clock.advance(timedelta(days=100))
    assert (await boot(desk, token=token)).json()["token"] == token
    desk.clock.advance(timedelta(days=180, seconds=1))
    assert (await boot(desk, token=token)).json()["token"] != token


@rule("VISITOR-1")
@pytest.mark.parametrize("key", ["nope", "shut", "", "\u0000", "shop' OR 1=1 --"])
async def test_a_site_that_is_unknown_or_closed_begins_nothing(desk: EdgeDesk, key: str) -> None:
    await desk.site()
    await desk.site("shut", active=False)
    assert code(await boot(desk, site=key)) == (404, "not_found")
    assert await desk.pool.fetchval("SELECT count(*) FROM customer") == 0


async def test_closing_a_site_shuts_its_visitors_out(desk: EdgeDesk) -> None:
    await desk.site()
    visitor = await desk.visitor()
    await desk.pool.execute("UPDATE site SET active = false")
    assert (await visitor.post("/api/widget/files?name=a.txt", content=b"x")).status_code == 401


async def test_a_staff_cookie_is_no_visitor_and_a_visitors_token_no_staff(desk: EdgeDesk) -> None:
    await desk.site()
    ada, visitor = await desk.person("Ada"), await desk.visitor()
    assert (await ada.post("/api/widget/files?name=a.txt", content=b"x")).status_code == 401
    token = visitor.headers["authorization"].partition(" ")[2]
    visitor.cookies.set("deskbell_session", token)
    assert (await visitor.get("/api/session")).status_code == 401
    ada.headers["Authorization"] = f"Bearer {ada.cookies['deskbell_session']}"
    assert (await ada.post("/api/widget/files?name=a.txt", content=b"x")).status_code == 401


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}], ids=str
)
async def test_another_origin_cannot_begin_a_session(desk: EdgeDesk, headers: dict[str, str]) -> None:
    await desk.site(allowed_origins=["https://evil.test"])
    answer = await desk.client(headers).post("/api/widget/session", json={"site": "shop"})
    assert code(answer) == (403, "forbidden")
    assert "access-control-allow-origin" not in answer.headers


async def test_one_address_cannot_make_customers_without_end(desk: EdgeDesk) -> None:
    await desk.site()
    answers = [await boot(desk) for _ in range(65)]
    assert answers[-1].status_code == 429
    assert await desk.pool.fetchval("SELECT count(*) FROM customer") == 60
    desk.clock.advance(timedelta(seconds=int(answers[-1].headers["retry-after"])))
    assert (await boot(desk)).status_code == 200


@rule("VISITOR-1", "VISITOR-4")
async def test_each_site_has_its_own_look_questions_departments_and_texts(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada", "admin")
    sales = await departments.add(desk.pool, "Sales", "", True)
    await departments.add(desk.pool, "Support", "", True)
    await departments.add(desk.pool, "Hidden", "", False)
    field = {"key": "order", "label": "Order number", "kind": "number", "need": True}
    body = {
        "name": "Shop",
        "allowed_origins": ["https://Shop.example/", "http://localhost:8000"],
        "departments": [sales],
        "look": {"color": "#112233", "position": "left"},
        "texts": {"title": "Hi <b>"},
        "form": {"name": "need", "email": "off", "fields": [field]},
    }
    made = (await ada.post("/api/sites", json=body)).json()
    other = (await ada.post("/api/sites", json={"name": "Blog"})).json()
    assert made["allowed_origins"] == ["https://shop.example", "http://localhost:8000"]
    assert made["key"] != other["key"]
    assert f'data-site="{made["key"]}"' in made["snippet"]
    shop = (await boot(desk, site=made["key"])).json()["site"]
    assert (shop["look"]["color"], shop["look"]["position"], shop["texts"]["title"]) == (
        "#112233",
        "left",
        "Hi <b>",
    )
    assert (shop["form"]["name"], shop["form"]["email"], shop["form"]["fields"]) == ("need", "off", [field])
    assert [department["name"] for department in shop["departments"]] == ["Sales"]
    blog = (await boot(desk, site=other["key"])).json()["site"]
    assert [department["name"] for department in blog["departments"]] == ["Sales", "Support"]
    assert blog["limits"] == {"text": 10000, "file_mb": 25, "files": 10}


async def test_a_site_changes_only_what_is_named(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada", "admin")
    made = (await ada.post("/api/sites", json={"name": "Shop", "look": {"color": "#112233"}})).json()
    changed = (await ada.patch(f"/api/sites/{made['id']}", json={"active": False})).json()
    assert changed == made | {"active": False}
    assert (await ada.patch("/api/sites/99", json={"active": False})).status_code == 404


BAD_ORIGINS = [
    "shop.example",
    "https://",
    "https://shop.example/path",
    "javascript:alert(1)",
    "https://a.example; script-src *",
    "https://a b.example",
    "https://user@shop.example",
    "https://shop.example:99999",
    "null",
    "https://[::1",
    "*.example",
]


@pytest.mark.parametrize("bad", BAD_ORIGINS)
async def test_what_is_no_origin_is_refused(desk: EdgeDesk, bad: str) -> None:
    ada = await desk.person("Ada", "admin")
    answer = await ada.post("/api/sites", json={"name": "Shop", "allowed_origins": [bad]})
    assert code(answer) == (400, "origin")
    assert "https://shop.example.org" in answer.json()["error"]["text"]


async def test_whether_somebody_can_answer_is_said_per_department(desk: EdgeDesk) -> None:
    await desk.site()
    sales, support = [await departments.add(desk.pool, name, "", True) for name in ("Sales", "Support")]
    ada = await desk.hire("Ada", available=True)
    await departments.set_staff(desk.pool, sales or 0, [ada])
    assert (await boot(desk)).json()["open"] is False
    await presence.renew(desk.pool, "node", [ada], NOW)
    begun = (await boot(desk)).json()
    assert begun["open"] is True
    found = {item["id"]: item["available"] for item in begun["site"]["departments"]}
    assert found == {sales: True, support: False}


async def test_the_browsers_language_is_kept_if_it_is_one(desk: EdgeDesk) -> None:
    await desk.site()
    for header in ("de-AT,de;q=0.9", "<script>", "x" * 500):
        client = desk.client(ORIGIN | {"Accept-Language": header})
        await client.post("/api/widget/session", json={"site": "shop"})
    rows = await desk.pool.fetch("SELECT locale FROM customer ORDER BY id")
    assert [row["locale"] for row in rows] == ["de-AT", "", ""]

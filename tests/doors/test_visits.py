"""Where pages of other sites report, who may see what they report, and whom a site can prove (VISITOR-2, 3, 6)."""

import base64
import json
import warnings
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
import jwt
import pytest

from deskbell.kit import urls
from tests.doors.house import NOW, Door, House, Person, Visitor, live_chat
from tests.rules import rule

SHOP = "https://shop.test"
KEY = "k" * 32
EVIL = '"><img src=x onerror=alert(1)>'


async def open_shop(house: House, **values: Any) -> None:
    """The site `shop` names its own pages."""
    await house.pool.execute("UPDATE site SET allowed_origins = '{https://shop.test}' WHERE key = 'shop'")
    for name, value in values.items():
        cast = "::text::jsonb" if name == "triggers" else ""
        await house.pool.execute(f"UPDATE site SET {name} = $1{cast} WHERE key = 'shop'", value)
    await house.reread()


async def report(
    house: House, *fields: tuple[str, Any], origin: str | None = SHOP, key: str = KEY, **more: str
) -> httpx.Response:
    """What a loader sends; without fields, one page."""
    views = fields or (("i", 1), ("u", SHOP + "/"), ("t", "Shop"))
    headers = {} if origin is None else {"Origin": origin}
    async with httpx.AsyncClient(base_url=house.nodes[0].address, headers=headers, verify=False) as browser:
        form = {"s": "shop", "k": key} | more
        content = str(httpx.QueryParams([*form.items(), *((name, str(value)) for name, value in views)]))
        return await browser.post(
            "/api/widget/visit",
            content=content,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )


async def stored(house: House) -> int:
    found: int = await house.pool.fetchval("SELECT count(*) FROM visitor")
    return found


@rule("VISITOR-2")
@pytest.mark.parametrize(
    "origin", ["https://evil.test", "https://shop.test.evil.test", "null", "", None, "http://shop.test"]
)
async def test_pages_of_another_site_report_nothing(door: Door, house: House, origin: str | None) -> None:
    await open_shop(house)
    answer = await report(house, origin=origin)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert await stored(house) == 0


@rule("VISITOR-2")
async def test_a_page_reports_only_its_own_address_without_what_is_secret_in_it(
    door: Door, house: House
) -> None:
    await open_shop(house)
    for address in ("https://evil.test/", "javascript:alert(1)", "file:///etc/passwd", "", "https://"):
        assert (await report(house, ("i", 1), ("u", address))).json()["error"]["code"] == "url"
    said = "https://marta:pw@shop.test/a?q=lamp&access_token=abc&Session-Id=5#token=x"
    assert (await report(house, ("i", 1), ("u", said))).status_code == 200
    kept = await house.pool.fetchval("SELECT url FROM page_view")
    assert kept == "https://shop.test/a?q=lamp&access_token=hidden&Session-Id=hidden"
    assert urls.page_address("https://shop.test/#/cart") == "https://shop.test/#/cart"


@rule("VISITOR-2")
@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ([("i", n) for n in range(21)], "20 pages"),
        ([("n", f"fact {n}") for n in range(21)] + [("v", "x")] * 21, "20 facts"),
        ([("n", "x" * 61), ("v", "x")], "60 characters"),
        ([("n", "x"), ("v", "x" * 501)], "500 characters"),
        ([("n", "x")], "20 facts"),
        ([("i", "one"), ("u", SHOP)], "number"),
        ([("z", "x")] * 200, "fields"),
    ],
)
async def test_what_is_too_much_is_refused_with_the_limit(
    door: Door, house: House, fields: list[tuple[str, Any]], word: str
) -> None:
    await open_shop(house)
    answer = await report(house, *fields)
    assert answer.status_code == 400
    assert word in answer.json()["error"]["text"]
    assert (await report(house, ("x", "y" * 40_000))).status_code == 413
    assert await stored(house) == 0


@rule("VISITOR-2")
async def test_nothing_is_kept_where_tracking_is_off_or_not_agreed_to(door: Door, house: House) -> None:
    for tracking, consent in (("off", "1"), ("consent", "0")):
        await open_shop(house, tracking=tracking)
        answer = await report(house, c=consent)
        assert dict(parse_qsl(answer.text)) == {"m": tracking}
        assert await stored(house) == 0
    await report(house, c="1")
    assert await stored(house) == 1


async def test_one_address_reports_so_often_and_not_more(door: Door, house: House) -> None:
    await open_shop(house)
    answers = [await report(house, ("i", "one")) for _ in range(201)]
    assert (answers[199].status_code, answers[200].status_code) == (400, 429)


async def booted(house: House, **body: Any) -> httpx.Response:
    async with house.nodes[0].client() as frame:
        return await frame.post("/api/widget/session", json={"site": "shop"} | body)


@rule("VISITOR-3", "PEOPLE-7")
async def test_who_deals_with_a_customer_reads_where_they_come_from(door: Door, house: House) -> None:
    chat = await live_chat(house)
    await open_shop(house)
    first = int((NOW - timedelta(days=30)).timestamp() * 1000)
    page = ("i", 1), ("u", SHOP + "/lamps"), ("t", EVIL), ("a", 5_000), ("w", 4), ("n", "plan"), ("v", "gold")
    more = {"z": "Europe/Vienna", "l": "de-AT", "r": "https://search.test/?q=lamp", "f": str(first)}
    assert (await report(house, *page, fu=SHOP + "/first", **more)).status_code == 200
    await booted(house, token=chat.visitor.token, visitor=KEY)
    olga = await (await house.hire("Olga")).http()
    assert (await olga.get("/api/customers/1/visits")).status_code == 404
    told = (await (await chat.agent.http()).get("/api/customers/1/visits")).json()
    visit = told["visits"][0]
    assert (visit["ip"], visit["zone"], visit["locale"]) == ("127.0.0.1", "Europe/Vienna", "de-AT")
    assert (visit["referrer"], visit["landing_url"]) == ("https://search.test/?q=lamp", SHOP + "/lamps")
    assert "httpx" in visit["user_agent"]
    assert told["pages"] == [
        {"url": SHOP + "/lamps", "title": EVIL, "at": int(NOW.timestamp() * 1000) - 5_000, "dwell": 4}
    ]
    assert told["initial"] == {"at": first, "url": SHOP + "/first"}
    assert told["facts"] == {"plan": "gold"}


async def test_a_customer_without_a_reporting_page_has_at_least_an_address(door: Door, house: House) -> None:
    chat = await live_chat(house)
    told = (await (await chat.agent.http()).get("/api/customers/1/visits")).json()
    assert (told["visits"][0]["ip"], told["pages"], told["facts"]) == ("127.0.0.1", [], {})
    assert told["initial"]["url"] == ""


# -- live visitors


async def on_the_site(house: House, person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await (await person.http()).get("/api/visitors")).json()["rows"]
    return found


async def test_staff_see_who_is_on_the_site_and_nobodys_name(door: Door, house: House) -> None:
    chat = await live_chat(house)
    await open_shop(house)
    await report(house)
    await booted(house, token=chat.visitor.token, visitor=KEY)
    (row,) = await on_the_site(house, await house.hire("Olga"))
    assert (row["url"], row["chat"], row["owner"]) == (SHOP + "/", chat.c, chat.agent.id)
    assert not {"name", "customer", "ip", "email"} & row.keys()
    house.clock.advance(timedelta(seconds=60))
    assert await on_the_site(house, chat.agent) == []


async def test_consoles_that_look_hear_who_comes_and_goes(door: Door, house: House) -> None:
    await open_shop(house)
    console = await (await house.hire("Ada")).console()
    await console.say("follow_visitors", on=True)
    assert (await console.hear("visitors"))["all"] is True
    await report(house)
    look = door.node.desk.live_visitors.look
    await look()
    came = await console.hear("visitors")
    assert [row["title"] for row in came["rows"]] == ["Shop"]
    house.clock.advance(timedelta(seconds=61))
    await look()
    assert (await console.hear("visitors"))["gone"] == [came["rows"][0]["id"]]


@rule("VISITOR-6")
async def test_a_chat_an_agent_begins_comes_to_the_first_frame_of_that_browser_alone(
    door: Door, house: House
) -> None:
    await open_shop(house)
    ada = await house.hire("Ada")
    console = await ada.console()
    await report(house)
    (row,) = await on_the_site(house, ada)
    http = await ada.http()
    for _ in range(2):  # sending it twice is once
        answer = await http.post(
            f"/api/visitors/{row['id']}/chat", json={"id": "hello", "text": "Can I help?"}
        )
        assert answer.status_code == 200, answer.text
    assert dict(parse_qsl((await report(house)).text))["chat"] == "1"
    stranger = (await booted(house, visitor="s" * 32)).json()
    assert stranger["view"] is None
    frame = (await booted(house, visitor=KEY)).json()
    assert (frame["view"]["c"], frame["view"]["agent"]) == (answer.json()["c"], {"name": "Ada"})
    late = (await booted(house, visitor=KEY)).json()  # a script of the page, with the key it can read
    assert late["view"] is None
    marta = await Visitor(house, house._stack, frame["token"]).widget()
    await marta.ask("send", c=frame["view"]["c"], text="Yes please")
    assert (await console.entry("Yes please"))["c"] == frame["view"]["c"]


# -- greetings


async def greeted(house: House, *fields: tuple[str, Any], key: str = KEY, **more: str) -> dict[str, str]:
    page = fields or (("i", 1), ("u", SHOP + "/cart"))
    return dict(parse_qsl((await report(house, *page, key=key, **more)).text))


async def triggers(house: House, **values: Any) -> None:
    one = {"id": "cart", "page": "/cart", "seconds": 5, "visits": 1, "text": "Can we help?"} | values
    await open_shop(house, triggers=json.dumps([one]))


async def test_a_site_greets_once_a_day_and_never_after_it_was_put_away(door: Door, house: House) -> None:
    await triggers(house)
    (await house.hire("Ada"))
    ada = await house.nodes[0].node.pool.fetchval("SELECT id FROM staff")
    await house.pool.execute("INSERT INTO presence VALUES ($1, 'x', $2)", ada, NOW + timedelta(days=3))
    assert "wait" not in await greeted(house, ("i", 1), ("u", SHOP + "/"))
    assert await greeted(house, ("i", 2), ("u", SHOP + "/cart")) == {"m": "on", "wait": "5", "g": "cart"}
    assert (await greeted(house, ("i", 2), ("u", SHOP + "/cart"), g="cart"))["say"] == "Can we help?"
    assert "say" not in await greeted(house, ("i", 2), ("u", SHOP + "/cart"), g="cart")
    house.clock.advance(timedelta(hours=24))
    assert (await greeted(house, ("i", 3), ("u", SHOP + "/cart"), g="cart"))["say"] == "Can we help?"
    await greeted(house, ("x", 1))
    house.clock.advance(timedelta(hours=48))
    assert "say" not in await greeted(house, ("i", 4), ("u", SHOP + "/cart"), g="cart")


async def test_nobody_is_greeted_while_nobody_can_answer_or_a_chat_is_open(door: Door, house: House) -> None:
    await triggers(house)
    await greeted(house)
    assert "say" not in await greeted(house, g="cart")  # nobody is there
    agent = await house.hire("Ada")
    await agent.console()
    visitor = await house.visitor()
    await visitor.start(await visitor.widget())
    await booted(house, token=visitor.token, visitor=KEY)
    assert "say" not in await greeted(house, g="cart")
    assert (await greeted(house, key="n" * 32, g="cart"))["say"] == "Can we help?"


async def test_an_answered_greeting_stands_first_in_the_sites_own_words(door: Door, house: House) -> None:
    await triggers(house)
    visitor = await house.visitor()
    http = visitor.http()
    body = {"id": "s", "text": "Yes", "greeting": "cart"}
    c = (await http.post("/api/widget/start", json=body)).json()["c"]
    lines = (await http.get(f"/api/widget/entries?c={c}")).json()["entries"]
    assert lines[1]["event"] == {"name": "greeted", "text": "Can we help?"}
    other = (await house.visitor()).http()
    c = (await other.post("/api/widget/start", json=body | {"greeting": "my own words"})).json()["c"]
    lines = (await other.get(f"/api/widget/entries?c={c}")).json()["entries"]
    assert "greeted" not in {line.get("event", {}).get("name") for line in lines}


# -- whom a site proves


async def secret(house: House, key: str = "shop") -> str:
    admin = await (await house.hire(f"Boss of {key}", "admin")).http()
    site = await house.pool.fetchval("SELECT id FROM site WHERE key = $1", key)
    made: str = (await admin.post(f"/api/sites/{site}/identity-secret")).json()["secret"]
    listed = (await admin.get("/api/sites")).text
    assert made not in listed
    return made


def signed(key: str, alg: str = "HS256", **claims: Any) -> str:
    now = int(NOW.timestamp())
    body = {
        "iat": now,
        "exp": now + 300,
        "sub": "u1",
        "aud": "shop",
        "email": "marta@home.test",
        "name": "Marta",
    }
    with warnings.catch_warnings():  # it says that HS512 wants a longer key
        warnings.simplefilter("ignore", jwt.warnings.InsecureKeyLengthWarning)
        return jwt.encode({k: v for k, v in (body | claims).items() if v is not None}, key, alg)


def unsigned() -> str:
    now = int(NOW.timestamp())
    parts = {"alg": "none", "typ": "JWT"}, {"iat": now, "exp": now + 300, "sub": "u1", "aud": "shop"}
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + "."
    )


@rule("VISITOR-6")
async def test_no_forged_stale_or_foreign_identity_is_accepted(door: Door, house: House) -> None:
    await house.site("blog")
    key, blog = await secret(house), await secret(house, "blog")
    now = int(NOW.timestamp())
    forged = {
        "alg none": unsigned(),
        "wrong key": signed("x" * 43),
        "key of another site": signed(blog),
        "for another site": signed(key, aud="blog"),
        "expired": signed(key, iat=now - 400, exp=now),
        "living too long": signed(key, exp=now + 601),
        "from the future": signed(key, iat=now + 61, exp=now + 300),
        "no exp": signed(key, exp=None),
        "no iat": signed(key, iat=None),
        "no sub": signed(key, sub=None),
        "no aud": signed(key, aud=None),
        "other algorithm": signed(key, alg="HS512"),
        "bad e-mail": signed(key, email="nobody"),
        "words": "a.b.c",
    }
    for name, token in forged.items():
        answer = await booted(house, identity=token)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "identity"), name
        assert key not in answer.text
    assert await house.pool.fetchval("SELECT count(*) FROM identity") == 0


@rule("VISITOR-6")
async def test_all_browsers_of_one_proven_user_are_one_customer(door: Door, house: House) -> None:
    key = await secret(house)
    first = await house.visitor()
    await first.start(await first.widget(), "From the phone")
    proven = (await booted(house, token=first.token, identity=signed(key))).json()
    assert proven["token"] == first.token
    assert proven["customer"] == {"name": "Marta", "email": "marta@home.test"}
    other = (await booted(house, identity=signed(key))).json()
    assert other["token"] != first.token
    assert other["view"]["c"] == proven["view"]["c"]
    assert await house.pool.fetchval("SELECT email_verified FROM customer") is True
    somebody = (await booted(house, token=other["token"], identity=signed(key, sub="u2", email=None))).json()
    assert (somebody["view"], somebody["token"] != other["token"]) == (None, True)


@rule("VISITOR-6")
async def test_a_typed_address_reveals_nothing_and_joins_nothing(door: Door, house: House) -> None:
    key = await secret(house)
    marta = (await booted(house, identity=signed(key))).json()
    await (
        Visitor(house, house._stack, marta["token"])
        .http()
        .post("/api/widget/start", json={"id": "a", "text": "Hi"})
    )
    theo = await house.visitor()
    await theo.http().post("/api/widget/start", json={"id": "b", "text": "Hi", "email": "marta@home.test"})
    view = (await booted(house, token=theo.token)).json()["view"]
    assert view["c"] != (await booted(house, token=marta["token"])).json()["view"]["c"]
    rows = await house.pool.fetch(
        "SELECT email_verified FROM customer WHERE email = 'marta@home.test' ORDER BY id"
    )
    assert [row[0] for row in rows] == [True, False]


@rule("VISITOR-6")
async def test_signing_out_ends_the_token_the_sockets_and_what_was_signed_before(
    door: Door, house: House
) -> None:
    key = await secret(house)
    token = (await booted(house, identity=signed(key))).json()["token"]
    visitor = Visitor(house, house._stack, token)
    widget = await visitor.widget()
    house.clock.advance(timedelta(seconds=2))
    assert (await visitor.http().post("/api/widget/logout", json={})).status_code == 204
    assert (await widget.hear("bye"))["code"] == 1001
    assert (await visitor.http().get("/api/widget/entries?c=1")).status_code == 401
    assert (await booted(house, identity=signed(key))).status_code == 401
    anew = signed(key, iat=int(NOW.timestamp()) + 2)
    assert (await booted(house, identity=anew)).status_code == 200


@rule("VISITOR-6")
async def test_a_new_secret_makes_the_one_before_worthless(door: Door, house: House) -> None:
    key = await secret(house)
    admin = await (await house.hire("Alma", "admin")).http()
    await admin.post("/api/sites/1/identity-secret")
    assert (await booted(house, identity=signed(key))).status_code == 401

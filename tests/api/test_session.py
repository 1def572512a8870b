"""Signing in and out, and what a session is worth (PEOPLE-2, PEOPLE-3)."""

import time
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from deskbell.desk.setup import setup_token
from deskbell.store import sessions, staff
from tests.api.desk import HOST, OWN, PASSWORD, EdgeDesk, code, sign_in
from tests.rules import rule

TOKEN_USE = {"name": "Ada", "email": "ada@desk.test", "password": PASSWORD}


async def test_a_stranger_learns_nothing(desk: EdgeDesk) -> None:
    async with desk.client() as stranger:
        assert code(await stranger.get("/api/session")) == (401, "signed_out")
        assert code(await stranger.delete("/api/session")) == (401, "signed_out")
        stranger.cookies.set("deskbell_session", "x" * 43)
        assert code(await stranger.get("/api/session")) == (401, "signed_out")


@rule("PEOPLE-3")
async def test_signing_in_makes_a_session_and_signing_out_ends_it(desk: EdgeDesk) -> None:
    await desk.hire("Ada", "supervisor")
    async with desk.client() as ada:
        answer = await sign_in(ada, "Ada")
        assert answer.json()["role"] == "supervisor"
        assert (await ada.get("/api/session")).json()["name"] == "Ada"
        kept = dict(ada.cookies)
        assert (await ada.delete("/api/session")).status_code == 204
        ada.cookies.update(kept)
        assert (await ada.get("/api/session")).status_code == 401
        assert len(desk.heard.ended) == 1


async def test_the_cookie_is_for_servers_only_and_its_token_is_not_stored(desk: EdgeDesk) -> None:
    await desk.hire("Ada")
    async with desk.client() as ada:
        cookie = (await sign_in(ada, "Ada")).headers["set-cookie"]
        token = ada.cookies["deskbell_session"]
        assert {"HttpOnly", "Path=/", "SameSite=lax", "Max-Age=86400"} <= {
            part.strip() for part in cookie.split(";")
        }
        assert (
            await desk.pool.fetchval("SELECT count(*) FROM session WHERE token_hash = $1", token.encode())
            == 0
        )


async def test_with_https_the_cookie_has_the_host_prefix_and_is_secure(
    pool: asyncpg.Pool, tmp_path: Path
) -> None:
    desk = EdgeDesk(pool, tmp_path, base_url="https://desk.test")
    await desk.hire("Ada")
    async with desk.client(OWN | {"Origin": "https://desk.test"}) as ada:
        cookie = (await sign_in(ada, "Ada")).headers["set-cookie"]
    assert cookie.startswith("__Host-deskbell=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


@rule("PEOPLE-3")
async def test_a_session_ends_on_its_own_after_24_hours(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    desk.clock.advance(timedelta(hours=24, seconds=-1))
    assert (await ada.get("/api/session")).status_code == 200
    desk.clock.advance(timedelta(seconds=1))
    assert (await ada.get("/api/session")).status_code == 401
    assert len(await sessions.sweep(desk.pool, desk.clock.now())) == 1


@rule("PEOPLE-3")
async def test_a_changed_password_ends_the_other_sessions(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    async with desk.client() as phone:
        await sign_in(phone, "Ada")
        answer = await ada.put("/api/me/password", json={"old": PASSWORD, "new": "three quiet lighthouses"})
        assert answer.status_code == 204
        assert (await ada.get("/api/session")).status_code == 200
        assert (await phone.get("/api/session")).status_code == 401
        assert (await sign_in(phone, "Ada")).status_code == 401
        assert (await sign_in(phone, "Ada", "three quiet lighthouses")).status_code == 200
    assert len(desk.heard.ended) == 1


async def test_a_wrong_old_password_changes_nothing(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    answer = await ada.put("/api/me/password", json={"old": "wrong", "new": "three quiet lighthouses"})
    assert code(answer) == (400, "wrong_password")


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("short", "12 characters"),
        ("aaaaaaaaaaaaaaaa", "easy to guess"),
        ("ada@desk.test123", "easy"),
        ("password1234", "easy"),
    ],
)
async def test_a_weak_password_is_refused_with_what_to_do(desk: EdgeDesk, password: str, says: str) -> None:
    ada = await desk.person("Ada")
    answer = await ada.put("/api/me/password", json={"old": PASSWORD, "new": password})
    assert code(answer) == (400, "password")
    assert says in answer.json()["error"]["text"]


async def test_a_deactivated_person_is_out_at_once(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    [person] = await staff.everybody(desk.pool, desk.clock.now())
    await staff.change(desk.pool, person.id, {"active": False})
    assert (await ada.get("/api/session")).status_code == 401
    assert code(await sign_in(ada, "Ada")) == (401, "wrong_password")


async def test_a_cookie_planted_before_signing_in_is_worth_nothing_after(desk: EdgeDesk) -> None:
    eve = await desk.person("Eve")
    planted = eve.cookies["deskbell_session"]
    await desk.hire("Ada")
    async with desk.client() as ada:
        ada.cookies.set("deskbell_session", planted, domain="desk.test")
        answer = await sign_in(ada, "Ada")
        assert answer.cookies["deskbell_session"] != planted
    assert (await eve.get("/api/session")).status_code == 401


async def test_a_wrong_password_and_nobody_get_the_same_answer(desk: EdgeDesk) -> None:
    await desk.hire("Ada")
    async with desk.client() as stranger:
        wrong, nobody = await sign_in(stranger, "Ada", "wrong"), await sign_in(stranger, "Nobody")
        assert wrong.status_code == nobody.status_code == 401
        assert wrong.content == nobody.content


async def test_nobody_takes_as_long_as_a_wrong_password(desk: EdgeDesk) -> None:
    """The hash of nobody is checked too; both need real work, so their times stay within a factor."""
    stored = await desk.edge.passwords.hash(PASSWORD)
    await desk.edge.passwords.check(None, "warm")
    times = []
    for known in (stored, None):
        begun = time.perf_counter()
        for _ in range(20):
            await desk.edge.passwords.check(known, "wrong")
        times.append(time.perf_counter() - begun)
    assert times[1] > times[0] / 4


async def test_guessing_is_slowed_but_the_owner_elsewhere_gets_in(desk: EdgeDesk) -> None:
    await desk.hire("Ada")
    async with desk.client() as guesser:
        answers = [await sign_in(guesser, "Ada", f"guess {number}") for number in range(8)]
    assert [answer.status_code for answer in answers] == [401] * 6 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1
    desk.edge.limits.before_sign_in("198.51.100.7", "ada@desk.test", desk.clock.now().timestamp())
    desk.clock.advance(timedelta(seconds=21))
    async with desk.client() as ada:
        assert (await sign_in(ada, "Ada")).status_code == 200


async def test_one_address_cannot_try_many_accounts(desk: EdgeDesk) -> None:
    async with desk.client() as sprayer:
        answers = [await sign_in(sprayer, f"name{number}", "Spring2026!") for number in range(70)]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429


async def test_twenty_sessions_of_one_person_are_enough(desk: EdgeDesk) -> None:
    first = await desk.person("Ada")
    for _ in range(20):
        async with desk.client() as more:
            await sign_in(more, "Ada")
    assert (await first.get("/api/session")).status_code == 401
    assert len(desk.heard.ended) == 1


@rule("PEOPLE-2")
async def test_the_first_admin_needs_the_printed_token_once(desk: EdgeDesk) -> None:
    token = await setup_token(desk.pool, desk.clock)
    assert token is not None
    async with desk.client() as ada:
        assert (await ada.get("/api/setup")).json() == {"open": True}
        assert code(await ada.post("/api/setup", json=TOKEN_USE | {"token": "wrong"})) == (403, "forbidden")
        made = await ada.post("/api/setup", json=TOKEN_USE | {"token": token})
        assert (made.status_code, made.json()["role"]) == (201, "admin")
        assert (await ada.get("/api/session")).json()["name"] == "Ada"
        assert (await ada.get("/api/setup")).json() == {"open": False}
        assert code(await ada.post("/api/setup", json=TOKEN_USE | {"token": token})) == (409, "closed")
    assert await setup_token(desk.pool, desk.clock) is None


@rule("PEOPLE-2")
async def test_a_setup_token_lives_half_an_hour(desk: EdgeDesk) -> None:
    token = await setup_token(desk.pool, desk.clock)
    desk.clock.advance(timedelta(minutes=30))
    async with desk.client() as ada:
        assert code(await ada.post("/api/setup", json=TOKEN_USE | {"token": token})) == (403, "forbidden")


async def test_settings_are_kept_on_the_server_one_by_one(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    await ada.patch("/api/me/settings", json={"live_sort": "new"})
    answer = await ada.patch("/api/me/settings", json={"theme": "dark"})
    assert answer.json()["settings"] == (await ada.get("/api/session")).json()["settings"]
    assert answer.json()["settings"] == {
        "live_sort": "new",
        "theme": "dark",
        "sound": True,
        "enter_sends": True,
        "lists": None,
        "quiet": [],
        "digest": True,
    }


@rule("PEOPLE-4")
async def test_the_switch_is_turned_by_hand_and_told_once(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    assert (await ada.get("/api/session")).json()["available"] is False
    for _ in range(2):
        assert (await ada.put("/api/me/availability", json={"available": True})).json() == {"available": True}
    assert (await ada.get("/api/session")).json()["available"] is True
    assert [available for _, available in desk.heard.switched] == [True]


CROSS_SITE = [
    {},
    {"X-Deskbell": "1"},
    {"Origin": HOST},
    {"X-Deskbell": "1", "Origin": "http://evil.test"},
    {"X-Deskbell": "1", "Origin": "null"},
    {"X-Deskbell": "1", "Origin": "http://desk.test.evil.test"},
    {"X-Deskbell": "1", "Origin": "https://desk.test"},
    {"X-Deskbell": "1", "Origin": "http://desk.test:81"},
    {"X-Deskbell": "1", "Origin": HOST, "Sec-Fetch-Site": "cross-site"},
    {"X-Deskbell": "1", "Sec-Fetch-Site": "same-site"},
    {"X-Deskbell": "2", "Origin": HOST},
]


@pytest.mark.parametrize("headers", CROSS_SITE, ids=str)
async def test_another_site_cannot_act_for_somebody_who_is_signed_in(
    desk: EdgeDesk, headers: dict[str, str]
) -> None:
    ada = await desk.person("Ada")
    async with desk.client(headers) as forged:
        forged.cookies = ada.cookies
        assert code(await forged.put("/api/me/availability", json={"available": True})) == (403, "forbidden")
        assert code(await forged.delete("/api/session")) == (403, "forbidden")
    assert (await ada.get("/api/session")).json()["available"] is False


@pytest.mark.parametrize("headers", [OWN, {"X-Deskbell": "1", "Sec-Fetch-Site": "same-origin"}], ids=str)
async def test_our_own_page_may(desk: EdgeDesk, headers: dict[str, str]) -> None:
    ada = await desk.person("Ada")
    async with desk.client(headers) as own:
        own.cookies = ada.cookies
        assert (await own.put("/api/me/availability", json={"available": True})).status_code == 200

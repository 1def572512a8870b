"""Business hours set and asked for: the desk's, a department's, and what a visitor is told (TICKET-1, VISITOR-8)."""

from datetime import timedelta
from typing import Any

import httpx

from deskbell.store import departments, presence
from tests.api.desk import HOST, NOW, EdgeDesk, code
from tests.rules import rule

WORKDAYS: dict[str, Any] = {
    "zone": "UTC",
    "weekly": [[["09:00", "12:00"], ["13:00", "17:00"]]] * 5 + [[], []],
    "holidays": [{"date": "2026-03-03", "name": "Feast", "intervals": []}],
}
"""NOW is Monday 2026-03-02, 9:00."""
NIGHTS = WORKDAYS | {"weekly": [[["00:00", "06:00"], ["20:00", "24:00"]]] * 7}


async def boot(desk: EdgeDesk) -> dict[str, Any]:
    client = desk.client({"Origin": HOST})
    begun: dict[str, Any] = (await client.post("/api/widget/session", json={"site": "shop"})).json()
    return {name: begun[name] for name in ("open", "why", "opens_at", "offline")}


async def staffed(desk: EdgeDesk) -> tuple[httpx.AsyncClient, int]:
    """A supervisor, and Ada, who is available in Support, the one department."""
    await desk.site()
    support = await departments.add(desk.pool, "Support", "", True) or 0
    ada = await desk.hire("Ada", available=True)
    await departments.set_staff(desk.pool, support, [ada])
    await presence.renew(desk.pool, "node", [ada], NOW + timedelta(days=30))
    return await desk.person("Sven", "supervisor"), support


@rule("SUPERVISOR-2")
async def test_business_hours_are_set_shown_and_reset_and_their_problem_is_named(desk: EdgeDesk) -> None:
    sven, _ = await staffed(desk)
    set_ = await sven.patch("/api/preferences", json={"hours": WORKDAYS})
    shown = {item["name"]: item for item in set_.json()["preferences"]}["hours"]
    assert (shown["kind"], shown["value"], shown["default"]) == ("hours", WORKDAYS, None)
    bad = await sven.patch("/api/preferences", json={"max_chats": 3, "hours": WORKDAYS | {"zone": "Mars"}})
    assert code(bad) == (400, "preference")
    assert bad.json()["error"]["field"] == "hours"
    assert "no time zone named 'Mars'" in bad.json()["error"]["text"]
    reset = await sven.patch("/api/preferences", json={"hours": None})
    values = {item["name"]: item["value"] for item in reset.json()["preferences"]}
    assert (values["hours"], values["max_chats"]) == (None, 5)


@rule("SUPERVISOR-2")
async def test_a_keyword_that_clashes_is_refused_and_nothing_is_stored(desk: EdgeDesk) -> None:
    sven = await desk.person("Sven", "supervisor")
    assert (await sven.patch("/api/preferences", json={"web_end": "bye"})).status_code == 200
    clash = await sven.patch("/api/preferences", json={"web_stop": "BYE"})
    assert code(clash) == (400, "preference")
    assert await desk.pool.fetchval("SELECT count(*) FROM preference") == 1


@rule("VISITOR-8", "TICKET-1")
async def test_a_visitor_is_told_that_the_desk_is_shut_and_when_it_opens(desk: EdgeDesk) -> None:
    sven, _ = await staffed(desk)
    assert await boot(desk) == {"open": True, "why": None, "opens_at": None, "offline": "form"}
    await sven.patch("/api/preferences", json={"hours": WORKDAYS, "offline": "hidden"})
    assert (await boot(desk))["open"] is True
    desk.clock.advance(timedelta(hours=8))
    opens = NOW + timedelta(days=2)
    at = int(opens.timestamp() * 1000)
    assert await boot(desk) == {"open": False, "why": "hours", "opens_at": at, "offline": "hidden"}


@rule("VISITOR-8")
async def test_in_hours_without_anybody_available_no_time_is_promised(desk: EdgeDesk) -> None:
    await staffed(desk)
    await desk.pool.execute("UPDATE staff SET available = false")
    assert await boot(desk) == {"open": False, "why": "nobody", "opens_at": None, "offline": "form"}


@rule("SUPERVISOR-2")
async def test_the_own_hours_of_a_department_count_for_it_alone(desk: EdgeDesk) -> None:
    sven, support = await staffed(desk)
    sales = await departments.add(desk.pool, "Sales", "", True) or 0
    await departments.set_staff(desk.pool, sales, [1])
    changed = await sven.patch(f"/api/departments/{support}", json={"hours": NIGHTS, "first_line": True})
    assert (changed.json()["hours"], changed.json()["first_line"]) == (NIGHTS, True)
    client = desk.client({"Origin": HOST})
    begun = (await client.post("/api/widget/session", json={"site": "shop"})).json()
    available = {one["name"]: one["available"] for one in begun["site"]["departments"]}
    assert available == {"Sales": True, "Support": False}
    await sven.patch(f"/api/departments/{support}", json={"hours": None})
    [_, card] = (await sven.get("/api/departments")).json()["departments"]
    assert (card["name"], card["hours"], card["first_line"]) == ("Support", None, True)


async def test_a_supervisor_changes_no_more_of_a_department_and_an_agent_nothing(desk: EdgeDesk) -> None:
    sven, support = await staffed(desk)
    bob = await desk.person("Bob")
    path = f"/api/departments/{support}"
    for body in ({"name": "Mine"}, {"hours": None, "offered": False}, {}):
        assert code(await sven.patch(path, json=body)) == (403, "forbidden")
    assert code(await bob.patch(path, json={"hours": None})) == (403, "forbidden")
    bad = await sven.patch(path, json={"hours": WORKDAYS | {"weekly": []}})
    assert (code(bad), bad.json()["error"]["field"]) == ((400, "hours"), "hours")


@rule("VISITOR-8")
async def test_a_launcher_is_told_whether_to_show_on_pages_that_may_embed_it(desk: EdgeDesk) -> None:
    await staffed(desk)
    stranger = desk.client({})
    assert "open:true" in (await stranger.get("/widget/open/shop")).text
    await desk.pool.execute("UPDATE staff SET available = false")
    page = await stranger.get("/widget/open/shop")
    assert "open:false" in page.text
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    assert (await stranger.get("/widget/open/nope")).status_code == 404

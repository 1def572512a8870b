"""Who may do what at every door of the HTTP API: one table, which must name every route (PEOPLE-1, S6)."""

import re
from typing import Any

import httpx

from tests.doors.house import Door, House, live_chat
from tests.doors.test_bad_requests import routes_of
from tests.rules import rule

ROLES = ("nobody", "visitor", "theo", "olga", "mate", "ada", "sven", "boss")
"""Nobody; Marta by her token; another visitor; an agent elsewhere; one of Ada's department; the owner; a supervisor;
an admin."""

STAFF = {"nobody": 401, "visitor": 401, "theo": 401}
SEES = STAFF | {"olga": 404, "mate": 404}
MARTA = {"theo": 404, **dict.fromkeys(("nobody", "olga", "mate", "ada", "sven", "boss"), 401)}
ADMIN = STAFF | dict.fromkeys(("olga", "mate", "ada", "sven"), 403)
TUNES = STAFF | dict.fromkeys(("olga", "mate", "ada"), 403)
ANY: dict[str, int] = {}

REFUSED: dict[tuple[str, str], dict[str, int]] = {
    ("GET", "/api/conversations"): STAFF,
    ("GET", "/api/conversations/counts"): STAFF,
    ("GET", "/api/conversations/{number}"): SEES,
    ("GET", "/api/conversations/{number}/entries"): SEES,
    ("GET", "/api/conversations/{number}/mails/{seq}"): STAFF | dict.fromkeys(ROLES[3:], 404),
    ("GET", "/api/conversations/{number}/mails/{seq}/html"): STAFF | dict.fromkeys(ROLES[3:], 404),
    ("GET", "/api/conversations/{number}/mails/{seq}/original"): STAFF | dict.fromkeys(ROLES[3:], 404),
    ("POST", "/api/conversations/{number}/messages"): SEES | {"sven": 403, "boss": 403},
    ("POST", "/api/conversations/{number}/open"): SEES,
    ("POST", "/api/conversations/{number}/close"): SEES,
    ("POST", "/api/conversations/{number}/accept"): SEES | {"ada": 409, "sven": 409, "boss": 409},
    ("PUT", "/api/conversations/{number}/department"): SEES,
    ("PUT", "/api/conversations/{number}/labels"): SEES,
    ("GET", "/api/widget/entries"): MARTA,
    ("POST", "/api/widget/start"): {k: v for k, v in MARTA.items() if k != "theo"},
    ("POST", "/api/widget/messages"): MARTA,
    ("POST", "/api/widget/close"): MARTA,
    ("POST", "/api/widget/session"): ANY,
    ("GET", "/api/setup"): ANY,
    ("POST", "/api/setup"): dict.fromkeys(ROLES, 409),
    ("GET", "/api/session"): STAFF,
    ("POST", "/api/session"): dict.fromkeys(ROLES, 401),
    ("DELETE", "/api/session"): STAFF,
    ("PUT", "/api/me/availability"): STAFF,
    ("PATCH", "/api/me/settings"): STAFF,
    ("PUT", "/api/me/password"): STAFF | dict.fromkeys(ROLES[3:], 400),
    ("GET", "/api/team"): STAFF,
    ("GET", "/api/staff"): ADMIN,
    ("POST", "/api/staff"): ADMIN,
    ("PATCH", "/api/staff/{staff_id}"): ADMIN,
    ("GET", "/api/departments"): STAFF,
    ("POST", "/api/departments"): ADMIN,
    ("PATCH", "/api/departments/{department_id}"): ADMIN,
    ("GET", "/api/sites"): ADMIN,
    ("POST", "/api/sites"): ADMIN,
    ("PATCH", "/api/sites/{site_id}"): ADMIN,
    ("GET", "/api/labels"): STAFF,
    ("GET", "/api/customers/{customer_id}"): SEES,
    ("PATCH", "/api/customers/{customer_id}"): SEES,
    ("POST", "/api/files"): STAFF,
    ("GET", "/api/files/{file_id}"): STAFF | dict.fromkeys(ROLES[3:], 404),
    ("GET", "/api/files/{file_id}/preview"): STAFF | dict.fromkeys(ROLES[3:], 404),
    ("POST", "/api/widget/files"): {k: v for k, v in MARTA.items() if k != "theo"},
    ("GET", "/api/widget/files/{file_id}"): MARTA | {"visitor": 404},
    ("GET", "/api/widget/files/{file_id}/preview"): MARTA | {"visitor": 404},
    ("POST", "/api/widget/files/{file_id}/link"): MARTA | {"visitor": 404},
    ("GET", "/api/openapi.json"): ANY,
    ("GET", "/api/openapi.json/openapi.json"): ANY,
    ("GET", "/api/openapi.json/{path}"): dict.fromkeys(ROLES, 404),
    ("GET", "/api/preferences"): TUNES,
    ("PATCH", "/api/preferences"): TUNES,
    ("GET", "/api/closing-tags"): STAFF,
    ("POST", "/api/closing-tags"): TUNES,
    ("PATCH", "/api/closing-tags/{tag_id}"): TUNES,
    ("GET", "/api/closing-dialog"): STAFF,
    ("GET", "/api/canned-replies"): STAFF,
    ("POST", "/api/canned-replies"): STAFF,
    ("PATCH", "/api/canned-replies/{reply_id}"): STAFF | dict.fromkeys(ROLES[3:], 404),
    ("DELETE", "/api/canned-replies/{reply_id}"): STAFF | dict.fromkeys(ROLES[3:], 404),
    ("GET", "/api/limits"): STAFF,
    ("POST", "/api/actions"): SEES,
    ("GET", "/api/conversations/loads"): STAFF | dict.fromkeys(("olga", "mate", "ada"), 403),
    ("GET", "/api/conversations/{number}/comments"): SEES,
    ("GET", "/api/customers/{customer_id}/conversations"): SEES,
    ("GET", "/api/customers/{customer_id}/conversations/{number}"): SEES,
    ("GET", "/api/customers/{customer_id}/notes"): SEES,
    ("POST", "/api/customers/{customer_id}/notes"): SEES,
    ("DELETE", "/api/customers/{customer_id}/notes/{note_id}"): STAFF | dict.fromkeys(ROLES[3:], 404),
    ("GET", "/api/notifications"): STAFF,
    ("POST", "/api/notifications/read"): STAFF,
    ("GET", "/api/team/loads"): STAFF,
    ("GET", "/api/timers"): STAFF,
    ("POST", "/api/tickets/accept"): STAFF,
    ("POST", "/api/conversations/{number}/tickets"): SEES,
    ("GET", "/api/labels/used"): TUNES,
    ("POST", "/api/labels"): TUNES,
    ("PATCH", "/api/labels/{label_id}"): TUNES | dict.fromkeys(("sven", "boss"), 404),
    ("POST", "/api/labels/{label_id}/merge"): TUNES | dict.fromkeys(("sven", "boss"), 404),
    ("DELETE", "/api/labels/{label_id}"): TUNES | dict.fromkeys(("sven", "boss"), 404),
    ("GET", "/api/customer-fields"): STAFF,
    ("POST", "/api/customer-fields"): TUNES,
    ("PATCH", "/api/customer-fields/{field_id}"): TUNES,
    ("PUT", "/api/customers/{customer_id}/labels"): SEES,
    ("GET", "/api/customers"): TUNES,
    ("GET", "/api/customers/{customer_id}/duplicates"): TUNES,
    ("GET", "/api/customers/{customer_id}/belongings"): TUNES,
    ("POST", "/api/customers/{customer_id}/merge"): TUNES,
    ("GET", "/api/caught"): TUNES,
    ("DELETE", "/api/caught"): TUNES,
    ("GET", "/api/caught/{name}"): TUNES | dict.fromkeys(("sven", "boss"), 404),
    ("GET", "/api/widget/after"): MARTA,
    ("POST", "/api/widget/rate"): MARTA | {"visitor": 409},
    ("POST", "/api/widget/transcript"): MARTA,
    ("GET", "/api/blocks"): TUNES,
    ("POST", "/api/blocks/{block_id}/lift"): TUNES,
    ("GET", "/api/customers/{customer_id}/visits"): SEES,
    ("GET", "/api/visitors"): STAFF,
    ("POST", "/api/visitors/{visitor_id}/chat"): STAFF | dict.fromkeys(ROLES[3:], 409),
    ("POST", "/api/sites/{site_id}/identity-secret"): ADMIN,
    ("POST", "/api/widget/logout"): {k: v for k, v in MARTA.items() if k != "theo"},
    ("GET", "/api/conversations/{number}/templates"): SEES | dict.fromkeys(("ada", "sven", "boss"), 409),
    ("POST", "/api/conversations/{number}/template"): SEES | dict.fromkeys(("ada", "sven", "boss"), 409),
    ("GET", "/api/channels/whatsapp/accounts"): TUNES,
    ("POST", "/api/channels/whatsapp/accounts"): ADMIN,
    ("PATCH", "/api/channels/whatsapp/accounts/{account_id}"): ADMIN | {"boss": 404},
    ("DELETE", "/api/channels/whatsapp/accounts/{account_id}"): ADMIN | {"boss": 404},
    ("POST", "/api/channels/whatsapp/accounts/{account_id}/test"): ADMIN | {"boss": 404},
    ("POST", "/api/channels/whatsapp/accounts/{account_id}/sync"): ADMIN | {"boss": 404},
    ("GET", "/api/channels/whatsapp/accounts/{account_id}/templates"): TUNES
    | dict.fromkeys(("sven", "boss"), 404),
}
"""For each route, who is refused with what; everybody else is let in."""


BODIES: dict[str, Any] = {
    "POST /api/conversations/{number}/messages": {"id": "m", "text": "Hi"},
    "POST /api/conversations/{number}/close": {"id": "c"},
    "POST /api/conversations/{number}/accept": {"id": "a"},
    "PUT /api/conversations/{number}/department": {"id": "d", "department": 2},
    "PUT /api/conversations/{number}/labels": {"id": "l", "add": ["urgent"]},
    "POST /api/widget/start": {"id": "s", "text": "Hi"},
    "POST /api/widget/messages": {"id": "w", "text": "Hi", "c": 1},
    "POST /api/widget/close": {"id": "e", "c": 1},
    "POST /api/widget/session": {"site": "shop"},
    "POST /api/setup": {"token": "x", "name": "X", "email": "x@desk.test", "password": "three quiet boats"},
    "POST /api/session": {"email": "x@desk.test", "password": "wrong"},
    "PUT /api/me/availability": {"available": True},
    "PATCH /api/me/settings": {"theme": "dark"},
    "PUT /api/me/password": {"old": "wrong", "new": "three quiet lighthouses"},
    "POST /api/staff": {"name": "New", "email": "new@desk.test", "role": "agent"},
    "PATCH /api/staff/{staff_id}": {"max_chats": 4},
    "POST /api/departments": {"name": "New"},
    "PATCH /api/departments/{department_id}": {"description": "x"},
    "POST /api/sites": {"name": "New"},
    "PATCH /api/sites/{site_id}": {"name": "Changed"},
    "PATCH /api/customers/{customer_id}": {"phone": "123"},
    "PATCH /api/preferences": {"max_chats": 6},
    "POST /api/closing-tags": {"name": "Sold"},
    "PATCH /api/closing-tags/{tag_id}": {"name": "Sold out"},
    "POST /api/canned-replies": {"shortcut": "hi", "text": "Hello"},
    "PATCH /api/canned-replies/{reply_id}": {"text": "Hello"},
    "POST /api/actions": {"t": "flag", "id": "f", "c": 1, "on": True},
    "POST /api/customers/{customer_id}/notes": {"id": "n", "text": "Likes tea"},
    "POST /api/notifications/read": {"all": True},
    "POST /api/conversations/{number}/tickets": {
        "id": "t",
        "subject": "A lamp",
        "text": "Send one",
        "email": "marta@home.test",
    },
    "POST /api/widget/rate": {"id": "r", "c": 1, "score": 5},
    "POST /api/widget/transcript": {"id": "t", "c": 1, "email": "marta@home.test"},
    "POST /api/labels": {"name": "VIP"},
    "PATCH /api/labels/{label_id}": {"color": "red"},
    "POST /api/labels/{label_id}/merge": {"into": 1},
    "POST /api/customer-fields": {"key": "plan", "label": "Plan"},
    "PATCH /api/customer-fields/{field_id}": {"label": "Tariff"},
    "PUT /api/customers/{customer_id}/labels": {"add": ["VIP"]},
    "POST /api/customers/{customer_id}/merge": {"id": "m", "customer": 1},
    "POST /api/blocks/{block_id}/lift": {"id": "b"},
    "POST /api/tickets/accept": {"id": "q", "count": 3},
    "POST /api/visitors/{visitor_id}/chat": {"id": "v", "text": "Can I help?"},
    "POST /api/widget/logout": {},
    "POST /api/conversations/{number}/template": {"id": "t", "template": 1},
    "POST /api/channels/whatsapp/accounts": {
        "name": "Shop",
        "phone_number_id": "100200300",
        "waba_id": "400500600",
        "token": "t",
        "app_secret": "s",
    },
    "PATCH /api/channels/whatsapp/accounts/{account_id}": {"name": "Shop"},
}
QUERIES = {
    "/api/conversations": "?tab=live",
    "/api/widget/entries": "?c=1",
    "/api/widget/after": "?c=1",
    "/api/files": "?name=a.txt",
}
QUERIES["/api/widget/files"] = "?name=a.txt"
NUMBERS = {
    "staff_id": 1,
    "department_id": 1,
    "site_id": 1,
    "customer_id": 1,
    "number": 1,
    "seq": 1,
    "file_id": "0" * 32,
    "tag_id": 1,
    "note_id": 999,
    "reply_id": 999,
    "block_id": 1,
    "field_id": 1,
    "label_id": 999,
    "visitor_id": 999,
    "account_id": 999,
}


async def people(house: House) -> dict[str, httpx.AsyncClient]:
    """Everybody of ROLES. Marta is customer 1; her chat is number 1, and Ada's."""
    support = await house.department("Support")
    await house.department("Sales")
    chat = await live_chat(house, in_=(support,))
    theo = await house.visitor()
    others = {
        "olga": await house.hire("Olga", in_=(support + 1,)),
        "mate": await house.hire("Mate", in_=(support,)),
        "sven": await house.hire("Sven", "supervisor"),
        "boss": await house.hire("Boss", "admin"),
    }
    nobody = house.keep(house.nodes[0].client())
    visitors = {"visitor": chat.visitor.http(), "theo": theo.http()}
    staff = {"ada": await chat.agent.http()} | {name: await person.http() for name, person in others.items()}
    return {"nobody": nobody, **visitors, **staff}


def request(client: httpx.AsyncClient, method: str, path: str) -> httpx.Request:
    address = re.sub(r"\{(\w+)\}", lambda found: str(NUMBERS.get(found[1], "nothing")), path)
    address += QUERIES.get(path, "")
    if path.endswith("/files"):
        return client.build_request(method, address, content=b"some text")
    return client.build_request(method, address, json=BODIES.get(f"{method} {path}"))


async def test_every_route_is_in_the_table(door: Door) -> None:
    assert {(route.method, route.path) for route in routes_of(door)} == REFUSED.keys()


LATE = ("close", "session", "logout")
"""What ends the chat or the session of who asks comes last."""


def in_order() -> list[tuple[str, str]]:
    return sorted(REFUSED, key=lambda door: (door[1].endswith(LATE), door[0] == "DELETE"))


@rule("PEOPLE-1")
async def test_every_door_lets_in_whom_it_should_and_nobody_else(door: Door, house: House) -> None:
    clients = await people(house)
    wrong = []
    for method, path in in_order():
        refused = REFUSED[method, path]
        for role in sorted(
            ROLES, key=lambda role: role not in refused
        ):  # who is refused changes nothing: first
            if path == "/api/session" and method == "POST":
                BODIES["POST /api/session"]["email"] = f"{role}@nowhere.test"
            answer = await clients[role].send(request(clients[role], method, path))
            let_in = answer.status_code not in (401, 403, 404) and answer.status_code < 500
            expected = refused.get(role)
            if not (let_in if expected is None else answer.status_code == expected):
                wrong.append(
                    f"{method} {path} {role}: {answer.status_code}, not {expected} {answer.text[:90]}"
                )
    assert wrong == []


@rule("TEAM-7", "PEOPLE-7")
async def test_a_note_goes_by_its_author_or_a_supervisor_and_by_nobody_else(door: Door, house: House) -> None:
    clients = await people(house)
    notes = "/api/customers/1/notes"
    ids = [
        (await clients["ada"].post(notes, json={"id": f"n{n}", "text": "Likes tea"})).json()["id"]
        for n in range(2)
    ]
    of_sven = (await clients["sven"].post(notes, json={"id": "s", "text": "Pays late"})).json()["id"]
    for role, status in {"nobody": 401, "visitor": 401, "theo": 401, "olga": 404, "mate": 404}.items():
        assert (await clients[role].delete(f"{notes}/{ids[0]}")).status_code == status, role
    assert (await clients["ada"].delete(f"{notes}/{of_sven}")).status_code == 403
    for role, note in (("ada", ids[0]), ("sven", ids[1])):
        assert (await clients[role].delete(f"{notes}/{note}")).status_code < 300
    assert [note["id"] for note in (await clients["ada"].get(notes)).json()["notes"]] == [of_sven]

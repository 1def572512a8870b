"""All that is stored as text, filled with markup and opened in every screen: nothing runs, and it reads as it was written.

A new screen is one line of SCREENS; a new text is one line of poison.py.
"""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator, Page, expect

from deskbell.domain.preferences import KINDS, Words
from deskbell.store import preferences
from tests.browser.conftest import NewPage
from tests.browser.console import Console, Customer, customer
from tests.browser.desk import Desk, given
from tests.browser.poison import FIRST, SHORT, WHERE_TEXT_STANDS, poison, unlisted
from tests.rules import rule

WATCH = """
window.xss = () => console.error('XSS: it ran');
document.addEventListener('securitypolicyviolation', (event) =>
  console.error('CSP: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample));
"""
SETTLING = """
window.flying = 0;
window.changed = performance.now();
const real = window.fetch;
window.fetch = (...asked) => {
  window.flying += 1;
  return real(...asked).finally(() => (window.flying -= 1));
};
new MutationObserver(() => (window.changed = performance.now()))
  .observe(document, { subtree: true, childList: true, characterData: true });
"""
SETTLED = "() => window.flying === 0 && performance.now() - window.changed > 150"
READ = """() => {
  const said = [document.title, document.body.textContent];
  for (const element of document.querySelectorAll('[title], [aria-label], [placeholder], [alt], input, textarea'))
    said.push(element.title, element.getAttribute('aria-label'), element.placeholder, element.alt, element.value);
  const links = [...document.querySelectorAll('a[href], area[href], form[action], iframe[src]')]
    .map((one) => one.getAttribute('href') ?? one.getAttribute('action') ?? one.getAttribute('src'));
  return {
    said: said.filter(Boolean).join('\\n'),
    made: document.querySelectorAll('[data-xss], base, meta[http-equiv=refresh], img[src=x]').length,
    links: links.filter((link) => /^\\s*(javascript|data|vbscript):/i.test(link.replace(/[\\t\\n]/g, ''))),
  };
}"""

Act = Callable[[Page], Awaitable[object]]
MARK = re.compile(r"\[([a-z_]+\.(?!html)[a-z_]+)\]\d+" + re.escape(FIRST) + r"|\[([a-z_]+\.html)\]")


def press(name: str, role: Any = "button") -> Act:
    return lambda page: page.get_by_role(role, name=name).first.click()


def key(*keys: str) -> Act:
    async def act(page: Page) -> None:
        for one in keys:
            await page.keyboard.press(one)

    return act


def each(what: Callable[[Page], Locator]) -> Act:
    """Opens one after the other and looks at each."""

    async def act(page: Page) -> None:
        await what(page).first.wait_for()
        for place in range(await what(page).count()):
            await what(page).nth(place).click()
            await page.wait_for_function(SETTLED, polling=50)
            await looks[page]()
            if await page.get_by_role("dialog").count():
                await page.keyboard.press("Escape")

    return act


looks: dict[Page, Callable[[], Awaitable[None]]] = {}


async def slash(page: Page) -> None:
    await page.locator(".reply .ProseMirror").click()
    await page.keyboard.type("/")


async def quote(page: Page) -> None:
    await page.locator(".more").last.focus()
    await page.keyboard.press("Enter")
    await press("Quote", "menuitem")(page)


async def search(page: Page) -> None:
    await page.keyboard.press("Control+K")
    await page.get_by_role("dialog").get_by_role("combobox").fill("customer.name")


TABS = ("live", "pending", "tagged", "closed", "tickets")
PANEL = each(lambda page: page.get_by_role("tablist", name="About this").get_by_role("tab"))
PAST = each(lambda page: page.locator(":is(aside, main section) li :is(a, button)").first)


async def manage(page: Page) -> None:
    """Every section, and in each the form of its first line."""
    tabs = page.locator("nav .tab")
    await tabs.first.wait_for()
    for place in range(await tabs.count()):
        await tabs.nth(place).click()
        await page.wait_for_function(SETTLED, polling=50)
        await looks[page]()
        edit = page.get_by_role("button", name=re.compile("^(Edit|Rename)")).first
        if await edit.count():
            await edit.click()
            await page.wait_for_function(SETTLED, polling=50)
            await looks[page]()
            await page.keyboard.press("Escape")


async def template(page: Page) -> None:
    """The first one, to be filled in."""
    await page.get_by_role("combobox", name="Search templates").press("Enter")


async def templates(page: Page) -> None:
    await page.locator("main section > details").last.locator("summary").click()


AWAY = key("Escape")
SCREENS: tuple[tuple[str, str, tuple[Act, ...]], ...] = (
    *(("Sven", f"/{tab}", ()) for tab in ("live", "pending", "closed", "tickets")),
    ("Bruno", "/tagged", ()),
    ("Bruno", "/live/{offered}", (press("Notifications"),)),
    ("Ada", "/live/{chat}", (PANEL, press("History", "tab"), PAST, slash, key("Enter"), quote)),
    ("Ada", "/live/{chat}", (press("End chat"), AWAY, press("Create linked ticket"), AWAY)),
    ("Ada", "/live/{chat}", (press("Department"), AWAY, press("Add a label"), AWAY, press("Transfer"), AWAY)),
    ("Ada", "/live/{offered}", (PANEL,)),
    ("Ada", "/closed/{closed}", (PANEL, template)),
    ("Ada", "/tickets/{ticket}", (PANEL,)),
    ("Ada", "/customers/{customer}", (PAST,)),
    ("Sven", "/live/{chat}", (search, AWAY, press("Filters"))),
    ("Sven", "/visitors", ()),
    ("Alma", "/customers/{customer}", (press("Edit"), AWAY, press("Merge"))),
    ("Alma", "/manage/departments", (manage,)),
    ("Alma", "/manage/whatsapp", (templates,)),
    ("customer", "/chat/shop", (press("End chat"),)),
    ("stranger", "/chat/shop", ()),
)
"""Who, where, and what is done there; everything is looked at after each step."""

ONLY_ELSEWHERE = {
    "department.mail_name": "the sender of mails",
    "file.name": "the name of a download; threads show the one their entries carry",
    "survey.comment": "the thread's event, which has it too",
    "visit.time_zone": "a zone that no clock knows is not shown",
    "transcript.error": "the thread's event, which has it too",
}
"""Poisoned texts that no screen above need show, and where they are."""


async def furnish(desk: Desk) -> tuple[dict[str, int], Customer]:
    """One of everything, by the doors where there is one."""
    ada, sven, alma = [await desk.signed_in(name) for name in ("Ada", "Sven", "Alma")]
    await _lists(sven, alma)  # which makes open consoles connect anew
    site = await desk.pool.fetchval("SELECT id FROM site")
    form = [{"key": "order", "label": "Order", "kind": "text", "need": False}]
    texts = {"title": "Shop", "welcome": "Hi", "offline": "Away", "placeholder": "Write"}
    asks = {"name": "ask", "email": "ask", "department": "ask", "fields": form}
    assert (await alma.patch(f"/api/sites/{site}", json={"texts": texts, "form": asks})).status_code == 200
    console = await desk.console("Ada")
    numbers: dict[str, int] = {}
    people = {}
    for name in ("closed", "ticket", "offered", "chat"):
        people[name] = await customer(desk, f"Customer {name}")
        details = {"email": f"{name}@desk.test", "fields": {"order": "7"}}
        numbers[name] = await people[name].start("Hello", **details)
        await given(console)
        await _talk(ada, numbers[name])
        if name in ("closed", "ticket"):
            await _close(ada, numbers[name])
    marta = people["chat"]
    await _more(desk, ada, marta, numbers)
    await _by_hand(desk, marta, numbers, site)
    numbers["customer"] = await desk.pool.fetchval(
        "SELECT customer_id FROM conversation WHERE id = $1", marta.c
    )
    return numbers, marta


async def _lists(sven: httpx.AsyncClient, alma: httpx.AsyncClient) -> None:
    for client, path, body in (
        (sven, "/api/closing-tags", {"name": "Sold"}),
        (sven, "/api/canned-replies", {"own": False, "shortcut": "hi", "html": "<p><b>Hi</b></p>"}),
        (sven, "/api/customer-fields", {"key": "size", "label": "Size"}),
        (alma, "/api/departments", {"name": "Press", "description": "News"}),
    ):
        assert (await client.post(path, json=body)).status_code == 201, path


async def _talk(ada: httpx.AsyncClient, c: int) -> None:
    path = f"/api/conversations/{c}"
    said = await ada.post(f"{path}/messages", json={"id": "m", "html": "<p><b>Rich</b></p>", "quote": 2})
    assert said.status_code == 200, said.text
    await ada.put(f"{path}/labels", json={"id": "l", "add": ["urgent"]})
    await ada.post("/api/actions", json={"t": "flag", "id": "f", "c": c, "on": True})


async def _close(ada: httpx.AsyncClient, c: int) -> None:
    tag = (await ada.get("/api/closing-tags")).json()["tags"][0]["id"]
    body = {"id": "c", "sentiment": "positive", "tag": tag, "note": "Done"}
    assert (await ada.post(f"/api/conversations/{c}/close", json=body)).status_code == 200


async def _more(desk: Desk, ada: httpx.AsyncClient, marta: Customer, numbers: dict[str, int]) -> None:
    bruno = await desk.pool.fetchval("SELECT id FROM staff WHERE name = 'Bruno'")
    await desk.console("Bruno")
    file = (await ada.post("/api/files?name=a.txt", content=b"A file")).json()["id"]
    picture = (await ada.post("/api/files?name=b.txt", content=b"Another")).json()["id"]
    for t, body in (
        ("transfer", {"agent": bruno, "note": "Yours", "c": numbers["offered"]}),
        ("comment", {"text": "Look", "mentions": [bruno], "c": marta.c}),
    ):
        answer = await ada.post("/api/actions", json={"t": t, "id": t, **body})
        assert answer.status_code == 200, answer.text
    path = f"/api/conversations/{marta.c}"
    await ada.post(f"{path}/messages", json={"id": "files", "files": [file, picture]})
    ticket = {"id": "t", "subject": "A lamp", "text": "Two lamps"}
    made = await ada.post(f"{path}/tickets", json=ticket)
    assert made.status_code == 200, made.text
    numbers["ticket"] = made.json()["ticket"]


BY_HAND = """
INSERT INTO note (customer_id, staff_id, client_id, text, at)
SELECT {customer}, id, 'n', 'Note', now() FROM staff WHERE name = 'Ada';
INSERT INTO customer_email (customer_id, email) VALUES ({customer}, 'second@desk.test') ON CONFLICT DO NOTHING;
INSERT INTO visitor (key_hash, site_id, customer_id, first_at, first_url, visits, seen_at, facts)
VALUES ('x', {site}, {customer}, now(), 'x', 1, now(), '{{"plan": "gold"}}');
INSERT INTO visit (visitor_id, customer_id, site_id, pages, page_at, started_at, last_at)
SELECT id, {customer}, {site}, 1, now(), now(), now() FROM visitor;
INSERT INTO page_view (visit_id, id, url, at)
SELECT v.id, n, 'x', now() FROM visit v, generate_series(91, 94) n;
UPDATE visitor SET visit_id = (SELECT max(id) FROM visit WHERE visitor_id = visitor.id);
INSERT INTO block (customer_id, conversation_id, reason, staff_id, at, until, address)
SELECT customer_id, id, 'Rude', owner_id, now(), now() + interval '9 h', 'x' FROM conversation WHERE id = {closed};
INSERT INTO channel_account (channel, external_id, name, enabled, trouble, facts, created_at)
VALUES ('whatsapp', '1', 'Shop', false, 'Ended', '{{"verified_name": "Shop"}}', now());
INSERT INTO contact (account_id, user_id, customer_id, last_in_at, created_at)
SELECT a.id, '1', c.customer_id, now() - interval '2 days', now() FROM channel_account a, conversation c
WHERE c.id = {closed};
INSERT INTO message_template (account_id, external_id, name, language, status, components, changed_at)
SELECT id, '1', 'hi', 'en', 'APPROVED', '[{{"type": "BODY", "text": "Hi"}}, {{"type": "FOOTER", "text": "Bye"}}, {{"type":
"BUTTONS", "buttons": [{{"type": "QUICK_REPLY", "text": "Yes"}}]}}]', now() FROM channel_account;
UPDATE conversation SET channel = 'whatsapp' WHERE id = {closed};
UPDATE entry SET data = '{{"via": "whatsapp", "template": {{"name": "hi", "language": "en", "footer": "Bye", "buttons":
["Yes"], "header": {{"kind": "text", "text": "Hi"}}}}}}'
WHERE conversation_id = {closed} AND kind = 'message' AND author = 'agent';
INSERT INTO dispatch (conversation_id, seq, channel, customer_id, state, error, created_at, changed_at)
SELECT c.id, e.seq, 'whatsapp', c.customer_id, 'failed', 'No', now(), now() FROM conversation c JOIN entry e
ON e.conversation_id = c.id AND e.kind = 'message' AND e.author = 'agent' WHERE c.id = {closed};
UPDATE entry SET data = CASE conversation_id
WHEN {closed} THEN '{{"shared": {{"kind": "location", "name": "Pier", "address": "Quay 1", "lat": 1.5, "lon": 2.5}}}}'
WHEN {offered} THEN '{{"shared": {{"kind": "contacts", "contacts": [{{"name": "Nora", "phones": ["1"], "emails":
["a@b"]}}]}}}}'
WHEN {ticket} THEN '{{"shared": {{"kind": "referral", "headline": "New", "url": "https://a.test/"}}}}'
ELSE '{{"shared": {{"kind": "unsupported", "text": "x"}}, "coming": [{{"kind": "document", "type": "x",
"name": "n"}}]}}' END::jsonb
WHERE kind = 'message' AND author = 'customer' AND seq < 4;
INSERT INTO survey (conversation_id, seq, kind, asked_at, score, comment, rated_at)
SELECT id, last_seq, 'csat', now(), 4, 'Nice', now() FROM conversation WHERE id = {closed}
ON CONFLICT DO NOTHING
"""


async def _by_hand(desk: Desk, marta: Customer, numbers: dict[str, int], site: int) -> None:
    who = await desk.pool.fetchval("SELECT customer_id FROM conversation WHERE id = $1", marta.c)
    await desk.pool.execute(BY_HAND.format(customer=who, site=site, **numbers))
    words = {name: SHORT[: kind.most] for name, kind in KINDS.items() if isinstance(kind, Words)}
    words |= {"web_end": "<b data-xss>1", "web_stop": "<b data-xss>2"}
    await preferences.save(desk.pool, words, None)


@rule("CHAT-1", "CHAT-4", "CHAT-10")
async def test_whatever_is_stored_as_text_is_text_in_every_screen(
    desk: Desk, new_page: NewPage, complaints: list[str]
) -> None:
    assert await unlisted(desk.pool) == set()
    numbers, marta = await furnish(desk)
    await poison(desk.pool)
    assert desk.door
    await desk.door.node.desk.changed("team", "departments", "labels", "preferences")
    seen: set[str] = set()
    wrong: list[str] = []
    pages: dict[str, Page] = {}
    for who, path, acts in SCREENS:
        page = pages.get(who) or await _page(desk, new_page, who, marta)
        pages[who] = page
        where = f"{who} {path}"

        async def look(page: Page = page, where: str = where) -> None:
            for frame in page.frames:
                found = await frame.evaluate(READ)
                seen.update(a or b for a, b in MARK.findall(found["said"]))
                if found["made"] or found["links"]:
                    wrong.append(f"{where}: {found['made']} elements made, links {found['links']}")
            wrong.extend(f"{where}: {said[:200]}" for said in complaints)
            complaints.clear()

        looks[page] = look
        await page.goto(desk.address + path.format(**numbers))
        await page.wait_for_function(SETTLED, polling=50)
        await look()
        for act in acts:
            try:
                await act(page)
            except (PlaywrightError, AssertionError) as error:
                wrong.append(f"{where}: {str(error)[:300]}")
            await page.wait_for_function(SETTLED, polling=50)
            await look()
    looks.clear()
    assert wrong == []
    everything = {f"{table}.{column}" for table, columns in WHERE_TEXT_STANDS.items() for column in columns}
    assert everything - seen <= ONLY_ELSEWHERE.keys()


async def _page(desk: Desk, new_page: NewPage, who: str, marta: Customer) -> Page:
    page = await new_page()
    page.set_default_timeout(4_000)
    await page.add_init_script(WATCH + SETTLING)
    page.on("dialog", lambda dialog: dialog.dismiss())
    if who == "customer":
        token = f"localStorage.setItem('deskbell.token.shop', {json.dumps(marta.token)})"
        await page.add_init_script(token)
    elif who != "stranger":
        await Console(desk, page, who).open()
        await expect(page.locator("main")).to_be_visible()
    return page

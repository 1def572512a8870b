"""How long the console takes to show another chat: a click in a real Chromium until its newest message is painted."""

import os
import shutil

import asyncpg
from playwright.async_api import Page, async_playwright

from bench.people import COOKIE, Member
from bench.server import BenchError

CHATS = 8
MESSAGES = 1_000

_CUSTOMERS = "INSERT INTO customer (name) SELECT 'Reader ' || n FROM generate_series(1, $1) AS n RETURNING id"

_CHATS = """
    INSERT INTO conversation (
        kind, state, channel, site_id, customer_id, owner_id, created_at, state_at, queued_at, assigned_at,
        opened_at, last_seq, last_public_seq, last_customer_seq, last_agent_seq, last_customer_at, last_agent_at,
        customer_messages, agent_messages, preview, preview_by)
    SELECT 'chat', 'live', 'web', $2, id, $3, now() - interval '1 day', now(), now(), now(), now(),
        $4, $4, $4, $4 - 1, now(), now(), $4 / 2, $4 / 2, 'newest of ' || id, 'customer'
    FROM unnest($1::bigint[]) AS id RETURNING id, customer_id
"""

# Two lines of text each; the newest one is named after the customer, so that the screen can be asked for it.
_MESSAGES = """
    INSERT INTO entry (conversation_id, seq, kind, public, prev_public, author, author_id, text, at)
    SELECT c.id, seq, 'message', true, seq - 1, CASE WHEN seq % 2 = 0 THEN 'customer' ELSE 'agent' END,
        CASE WHEN seq % 2 = 0 THEN c.customer_id ELSE c.owner_id END,
        CASE WHEN seq = $2 THEN 'newest of ' || c.customer_id
            ELSE 'Line ' || seq || ': my parcel was to come on Tuesday and it is still on its way, says the page.' END,
        now() - interval '1 day' + seq * interval '80 s'
    FROM conversation c, generate_series(1, $2) AS seq WHERE c.id = ANY ($1::bigint[])
"""

# Resolves with the milliseconds from the click to the frame after the one that shows the text.
_OPEN = """
    ([card, newest]) => new Promise((resolve, reject) => {
        const began = performance.now();
        document.querySelector(`[data-card="${card}"]`).click();
        const look = () => {
            const log = document.querySelector('[role=log]');
            if (log && log.textContent.includes(newest)) {
                requestAnimationFrame(() => resolve(performance.now() - began));
            } else if (performance.now() - began > 10000) {
                reject(new Error('the chat did not open'));
            } else {
                requestAnimationFrame(look);
            }
        };
        look();
    })
"""


async def add_long_chats(db: asyncpg.Connection, site: int, owner: int) -> list[tuple[int, str]]:
    """Live chats of 1,000 messages each: (conversation, text of its newest message)."""
    customers = [row["id"] for row in await db.fetch(_CUSTOMERS, CHATS)]
    chats = await db.fetch(_CHATS, customers, site, owner, MESSAGES)
    await db.execute(_MESSAGES, [row["id"] for row in chats], MESSAGES, timeout=60)
    return [(row["id"], f"newest of {row['customer_id']}") for row in chats]


async def open_times(origin: str, member: Member, chats: list[tuple[int, str]]) -> list[float]:
    """Milliseconds for each chat, opened for the first time while another one is on the screen."""
    async with async_playwright() as playwright:
        names = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
        browser = await playwright.chromium.launch(
            executable_path=next((path for name in names if (path := shutil.which(name))), None),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        try:
            context = await browser.new_context(viewport={"width": 1280, "height": 800})
            await context.add_cookies([{"name": COOKIE, "value": member.token, "url": origin}])
            page = await context.new_page()
            await page.goto(f"{origin}/live")
            await page.locator(f'[data-card="{chats[0][0]}"]').wait_for(timeout=15_000)
            times = [await _open(page, chat, newest) for chat, newest in chats]
            return times[1:]
        except Exception as error:
            raise BenchError(f"the console could not be measured: {error}") from error
        finally:
            await browser.close()


async def _open(page: Page, chat: int, newest: str) -> float:
    took: float = await page.evaluate(_OPEN, [str(chat), newest])
    await page.wait_for_timeout(300)
    return took

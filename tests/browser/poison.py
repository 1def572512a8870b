"""Everything that is stored as text, turned into markup that would run if any screen took it for markup.

A new column of text is one line: in WHERE_TEXT_STANDS, or in NOT_FOR_EYES with the reason.
"""

import json
from typing import Any

import asyncpg

PAYLOADS = (
    "<img src=x onerror=xss() data-xss>",
    '"><img src=x onerror=xss() data-xss>',
    "'><svg onload=xss() data-xss>",
    "<svg><script data-xss>xss()</script></svg>",
    "<script data-xss>xss()</script>",
    "</script><script data-xss>xss()</script>",
    "</title><b data-xss>",
    "</style><b data-xss>",
    "<iframe srcdoc='<script>parent.xss()</script>' data-xss></iframe>",
    "<a href=javascript:xss() data-xss>x</a>",
    "<a href=' java\tscript:xss()' data-xss>x</a>",
    "<a href='data:text/html,<script>xss()</script>' data-xss>x</a>",
    "<form action=javascript:xss() data-xss><button>x</button></form>",
    "<details open ontoggle=xss() data-xss>",
    "<input autofocus onfocus=xss() data-xss>",
    "<body onload=xss() data-xss>",
    "<math><mtext><table><mglyph><style><img src=x onerror=xss() data-xss>",
    "<noscript><p title='</noscript><img src=x onerror=xss() data-xss>'>",
    "<template><b data-xss></template>",
    "<object data=javascript:xss() data-xss></object>",
    "<embed src=javascript:xss() data-xss>",
    "<link rel=stylesheet href=/evil.css data-xss>",
    "<meta http-equiv=refresh content='0;url=/evil' data-xss>",
    "<base href=//evil.example data-xss>",
    "<style>*{display:none}</style>",
    "`${xss()}` {{constructor.constructor('xss()')()}} #{xss()}",
    "javascript:xss()//",
    'https://desk.test/"onmouseover=xss() data-xss=',
    "[x](javascript:xss())",
    "&lt;img src=x onerror=xss()&gt; &#60;b data-xss&#62;",
    "\u202e<b data-xss>\u2066",
    "<!-- <b data-xss> --><![CDATA[<b data-xss>]]><?php xss() ?>",
)
ALL = " ".join(PAYLOADS)
SHORT = PAYLOADS[0]
FIRST = "<img src=x onerror="
"""How every poisoned text goes on after its mark; what must be read on the screen, letter by letter."""

WHERE_TEXT_STANDS = {
    "canned_reply": ("shortcut", "text", "html"),
    "channel_account": ("name", "trouble", "facts"),
    "closing_tag": ("name",),
    "conversation": ("close_reason", "transfer_note", "close_note", "subject", "preview"),
    "customer": ("name", "email", "phone", "company", "fields"),
    "customer_email": ("email",),
    "customer_field": ("label",),
    "block": ("reason", "address"),
    "department": ("name", "description", "mail_name"),
    "dispatch": ("error",),
    "entry": ("text", "html", "data"),
    "file": ("name",),
    "label": ("name",),
    "message_template": ("name", "language", "category", "reason", "components"),
    "note": ("text",),
    "notification": ("data",),
    "page_view": ("url", "title"),
    "site": ("name", "texts", "form"),
    "staff": ("name",),
    "survey": ("comment",),
    "transcript": ("error",),
    "visit": (
        "ip", "user_agent", "locale", "time_zone", "referrer", "landing_url", "landing_title", "url", "title",
    ),
    "visitor": ("first_url", "facts"),
}  # fmt: skip

NOT_FOR_EYES = {
    "arrival": "what webhooks said, for the jobs",
    "block_mark": "what blocks are found by",
    "browser.subject": "an id",
    "channel_account": "ids and settings beside its texts, checked when they come in",
    "channel_message": "ids of messages at services",
    "coming_file": "what the jobs note; threads show what their entries carry",
    "contact": "how services name people; screens show the customer",
    "conversation": "states, kinds and ids beside its texts",
    "customer.locale": "a code, checked when it comes in",
    "customer_field": "key and kind, checked when they come in",
    "department.hours": "business hours, checked whole",
    "department.mail_address": "an address, checked",
    "dispatch": "states and templates beside its errors",
    "dispatch_part": "what is sent, which no screen shows",
    "entry": "kinds and ids beside its texts",
    "file": "ids and types of ours",
    "identity.subject": "an id",
    "inbound_mail": "what the mailbox's jobs note",
    "label.color": "a colour, checked",
    "letter": "mail that waits",
    "mail_message": "ids of mails",
    "mailbox": "the mailbox's own state",
    "message_template": "ids, and states of which one means that it can be sent, beside its texts",
    "node": "names of nodes",
    "note.client_id": "an id",
    "notification.kind": "one of ours",
    "preference": "checked one by one",
    "presence.node": "a name of ours",
    "customer_presence.node": "a name of ours",
    "session": "a browser's name, which no screen shows",
    "site": "key, look, tracking and origins, checked",
    "staff": "e-mail, role, settings and the hash of a password, checked",
    "survey.kind": "one of ours",
    "transcript": "an address and why, checked",
    "installation": "the desk's own marks",
    "alembic_version": "the migrations' own",
}
"""Texts that no screen shows as they are, by table or by column, and why."""

KEPT = frozenset({"id", "type", "by", "by_id", "kind", "priority", "due", "key", "need"})
"""Words of ours inside stored JSON."""


SHORTER = {"site.texts": 480, "site.form": 190, "channel_account.name": 80}
"""Characters of texts that are checked again when they are read, or by the table."""


PAGES = frozenset({"page_view.url", "visit.url", "visit.landing_url", "visit.referrer", "visitor.first_url"})
"""Addresses: some begin as a page's does, so that they become links; the others must not."""


OWN_WORDS = {"entry.data": {"name"}, "site.form": {"name", "email", "department"}}


async def poison(pool: asyncpg.Pool) -> None:
    """Every text of WHERE_TEXT_STANDS says where it stands, and then all that is dangerous."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for table, columns in WHERE_TEXT_STANDS.items():
            found = await connection.fetch(
                "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1", table
            )
            kinds = {row[0]: row[1] for row in found}
            for column in columns:
                if kinds[column] == "jsonb":
                    await _poison_json(connection, table, column)
                else:
                    # Some must be told apart in any case; an empty html stays no html.
                    where = f"{table}.{column}"
                    page = "https://a.test/" if where in PAGES else ""
                    await connection.execute(
                        f"UPDATE {table} SET {column} = left($1 || abs(hashtext(ctid::text)) || $2, $3)"
                        + (" WHERE html IS NOT NULL" if column == "html" else ""),
                        f"{page}[{where}]",
                        ALL,
                        SHORTER.get(where, 10 * len(ALL)),
                    )
        await connection.execute("UPDATE page_view SET url = 'javascript:xss()//' || url WHERE id % 2 = 0")


async def _poison_json(connection: Any, table: str, column: str) -> None:
    said = f"[{table}.{column}]0{ALL}"[: SHORTER.get(f"{table}.{column}")]
    rows = await connection.fetch(f"SELECT ctid::text AS place, {column}::text AS value FROM {table}")
    for row in rows:
        if row["value"] is not None:
            kept = KEPT | OWN_WORDS.get(f"{table}.{column}", set())
            value = json.dumps(_poisoned(json.loads(row["value"]), said, kept))
            await connection.execute(
                f"UPDATE {table} SET {column} = $2::text::jsonb WHERE ctid = $1::text::tid",
                row["place"],
                value,
            )


def _poisoned(value: Any, said: str, kept: frozenset[str]) -> Any:
    """`kept` holds for the outermost; inside, names are names."""
    if isinstance(value, str):
        return said
    if isinstance(value, list):
        return [_poisoned(one, said, KEPT) for one in value]
    if isinstance(value, dict):
        return {k: v if k in kept else _poisoned(v, said, KEPT) for k, v in value.items()}
    return value


async def unlisted(pool: asyncpg.Pool) -> set[str]:
    """Columns that hold text and stand in neither table."""
    rows = await pool.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND data_type IN ('text', 'jsonb', 'character varying')"
    )
    return {
        f"{table}.{column}"
        for table, column in rows
        if column not in WHERE_TEXT_STANDS.get(table, ())
        and table not in NOT_FOR_EYES
        and f"{table}.{column}" not in NOT_FOR_EYES
    }

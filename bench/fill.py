"""A desk with years of history: closed chats, their messages and some tickets, made inside PostgreSQL."""

import asyncpg

MESSAGES_EACH = 10
CUSTOMERS_SHARE = 4
WORDS = (
    "parcel order invoice refund size colour delivery address payment card voucher return exchange warranty"
    " battery charger screen manual update password account login email phone number late broken missing"
    " wrong please thank you hello today tomorrow monday friday the a is was not can have where when how"
)

_CUSTOMERS = """
    INSERT INTO customer (name, email)
    SELECT 'Customer ' || n, 'customer' || n || '@mail.example' FROM generate_series(1, $1) AS n
    RETURNING id
"""

# Closed one after the other over two years; one in fifty is a ticket; owners by turns.
_CONVERSATIONS = """
    INSERT INTO conversation (
        kind, state, channel, site_id, customer_id, owner_id, created_at, state_at, queued_at, assigned_at,
        opened_at, closed_at, closed_by, close_reason, last_seq, last_public_seq, last_customer_seq,
        last_agent_seq, last_customer_at, last_agent_at, customer_messages, agent_messages, preview, preview_by)
    SELECT CASE WHEN n % 50 = 0 THEN 'ticket' ELSE 'chat' END, 'closed', 'web', $2, $3::bigint + n % $4,
        ($5::int[])[1 + n % cardinality($5::int[])], t, t + '15 min', t, t, t, t + '15 min',
        (ARRAY['customer', 'agent', 'system'])[1 + n % 3], 'done', $6 + 2, $6 + 2, $6, $6 + 1,
        t + '10 min', t + '12 min', $6 / 2, $6 / 2, 'thank you, the parcel is here now', 'customer'
    FROM generate_series(1, $1) AS n, LATERAL (SELECT now() - interval '2 years' * n / $1 AS t) AS at
"""

_EVENTS = """
    INSERT INTO entry (conversation_id, seq, kind, public, prev_public, author, author_id, data, at)
    SELECT c.id, seq, 'event', true, seq - 1, 'system', 0, data::jsonb, c.created_at
    FROM conversation c,
        (VALUES (1, '{"name": "started"}'), ($2, '{"name": "closed", "by": "agent"}')) AS e (seq, data)
    WHERE c.id >= $1
"""

_MESSAGES = """
    INSERT INTO entry (conversation_id, seq, kind, public, prev_public, author, author_id, text, at)
    SELECT c.id, seq, 'message', true, seq - 1, CASE WHEN seq % 2 = 0 THEN 'customer' ELSE 'agent' END,
        CASE WHEN seq % 2 = 0 THEN c.customer_id ELSE c.owner_id END,
        ($3::text[])[1 + abs(hashint8(c.id * 16 + seq)::bigint) % cardinality($3::text[])],
        c.created_at + seq * interval '1 min'
    FROM conversation c, generate_series(2, $2 + 1) AS seq WHERE c.id >= $1
"""

_SENTENCES = """
    SELECT array_agg(sentence) FROM (
        SELECT string_agg((string_to_array($1, ' '))[1 + floor(random() * 50)::int], ' ') AS sentence
        FROM generate_series(1, 997) AS s, generate_series(1, 12) GROUP BY s) AS made
"""


# One in two thousand has a word that nobody else says.
_RARE = """
    UPDATE entry SET text = text || ' sonderfall zanzibar'
    WHERE conversation_id >= $1 AND conversation_id % 2000 = 7 AND seq = 4
"""

_SEARCH = """
    INSERT INTO search (conversation_id, upto, words)
    SELECT c.id, c.last_seq, words_of(string_agg(e.text, ' '))
    FROM conversation c JOIN entry e ON e.conversation_id = c.id AND e.kind = 'message'
    WHERE c.id >= $1 GROUP BY c.id, c.last_seq
    ON CONFLICT (conversation_id) DO NOTHING
"""


async def fill(db: asyncpg.Connection, site: int, owners: list[int], conversations: int) -> int:
    """Add `conversations` closed ones with 10 messages each; returns the number of messages."""
    count = max(1, conversations // CUSTOMERS_SHARE)
    customers = [row["id"] for row in await db.fetch(_CUSTOMERS, count)]
    before: int = await db.fetchval("SELECT coalesce(max(id), 0) FROM conversation")
    sentences = await db.fetchval(_SENTENCES, WORDS)
    async with db.transaction():
        await db.execute(
            _CONVERSATIONS, conversations, site, min(customers), count, owners, MESSAGES_EACH, timeout=300
        )
        await db.execute(_EVENTS, before + 1, MESSAGES_EACH + 2, timeout=300)
        await db.execute(_MESSAGES, before + 1, MESSAGES_EACH, sentences, timeout=600)
        await db.execute(_RARE, before + 1, timeout=60)
        await db.execute(_SEARCH, before + 1, timeout=600)
    await db.execute("VACUUM (ANALYZE) conversation", timeout=300)
    await db.execute("VACUUM (ANALYZE) entry", timeout=600)
    await db.execute("VACUUM (ANALYZE) search", timeout=600)
    await db.execute("VACUUM (ANALYZE) customer")
    return conversations * MESSAGES_EACH

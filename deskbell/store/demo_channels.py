"""What the demo's talks over a messaging service need besides: how far each answer got, and who has which number."""

from deskbell.store.types import Database

_SENT = """
INSERT INTO dispatch (conversation_id, seq, channel, customer_id, state, created_at, changed_at)
SELECT c.id, e.seq, c.channel, c.customer_id, CASE WHEN e.read_at IS NULL THEN 'delivered' ELSE 'read' END, e.at,
       COALESCE(e.read_at, e.at)
FROM entry e JOIN conversation c ON c.id = e.conversation_id WHERE e.kind = 'message' AND e.data ? 'via'"""

_MEET = """
INSERT INTO contact (account_id, user_id, phone, customer_id, name, last_in_at, created_at)
SELECT $1, ltrim(cu.phone, '+'), ltrim(cu.phone, '+'), cu.id, cu.name, max(c.last_customer_at), min(c.created_at)
FROM conversation c JOIN customer cu ON cu.id = c.customer_id
WHERE c.channel = $2 AND cu.phone <> '' GROUP BY cu.id ON CONFLICT DO NOTHING"""


async def sent(db: Database) -> None:
    """Everything that was answered over a service has arrived."""
    await db.execute(_SENT)


async def meet(db: Database, account_id: int, channel: str) -> None:
    """The customers of these talks wrote to this account."""
    await db.execute(_MEET, account_id, channel)

"""Everything of one customer becomes another's, in the transaction that says so in the threads."""

from deskbell.domain.standing import Merge
from deskbell.kit.postgres import Connection

# Conversations that changed in the batch have moved already; these are the closed ones.
STEPS = (
    "UPDATE conversation SET customer_id = $1 WHERE customer_id = $2",
    """UPDATE entry SET author_id = $1
       WHERE author = 'customer' AND author_id = $2
         AND conversation_id IN (SELECT id FROM conversation WHERE customer_id = $1)""",
    "UPDATE file SET owner_id = $1 WHERE owner = 'customer' AND owner_id = $2",
    "UPDATE browser SET customer_id = $1 WHERE customer_id = $2",
    "UPDATE visitor SET customer_id = $1 WHERE customer_id = $2",
    "UPDATE visit SET customer_id = $1 WHERE customer_id = $2",
    "UPDATE identity SET customer_id = $1 WHERE customer_id = $2",
    "UPDATE note SET customer_id = $1 WHERE customer_id = $2",
    "UPDATE block SET customer_id = $1 WHERE customer_id = $2",
    "UPDATE contact SET customer_id = $1 WHERE customer_id = $2",
    "UPDATE dispatch SET customer_id = $1 WHERE customer_id = $2",
    """INSERT INTO customer_email (customer_id, email, verified)
       SELECT $1, email, bool_or(verified) FROM (
         SELECT email, verified FROM customer_email WHERE customer_id = $2
         UNION ALL SELECT email, email_verified FROM customer WHERE id = $2 AND email <> ''
       ) AS theirs GROUP BY email
       ON CONFLICT (customer_id, email) DO UPDATE SET verified = customer_email.verified OR excluded.verified""",
    "DELETE FROM customer_email WHERE customer_id = $2 AND $1 <> $2",
    "UPDATE customer SET merged_into = $1 WHERE merged_into = $2",
    # What the one who stays does not say of themselves, the other says.
    """UPDATE customer k SET
         name = CASE WHEN k.name = '' THEN g.name ELSE k.name END,
         phone = CASE WHEN k.phone = '' THEN g.phone ELSE k.phone END,
         company = CASE WHEN k.company = '' THEN g.company ELSE k.company END,
         email = CASE WHEN k.email = '' THEN g.email ELSE k.email END,
         email_verified = CASE WHEN k.email = '' OR lower(k.email) = lower(g.email)
                          THEN g.email_verified OR (k.email <> '' AND k.email_verified) ELSE k.email_verified END,
         locale = CASE WHEN k.locale = '' THEN g.locale ELSE k.locale END,
         fields = g.fields || k.fields,
         labels = ARRAY(SELECT DISTINCT unnest(k.labels || g.labels) ORDER BY 1),
         opted_out = k.opted_out OR g.opted_out,
         blocked_until = GREATEST(k.blocked_until, g.blocked_until),
         last_agent_id = COALESCE((SELECT v.owner_id FROM conversation v WHERE v.customer_id = k.id
                                   AND v.owner_id IS NOT NULL ORDER BY v.assigned_at DESC NULLS LAST LIMIT 1),
                                  k.last_agent_id, g.last_agent_id),
         created_at = LEAST(k.created_at, g.created_at)
       FROM customer g WHERE k.id = $1 AND g.id = $2""",
    "DELETE FROM customer_email ce USING customer cu WHERE ce.customer_id = $1 AND cu.id = $1 AND $2::bigint <> 0"
    " AND lower(ce.email) = lower(cu.email)",
    """UPDATE customer SET name = '', email = '', email_verified = false, phone = '', company = '', fields = '{}',
         labels = '{}', opted_out = false, blocked_until = NULL, merged_into = $1 WHERE id = $2""",
)


async def merge(connection: Connection, merged: Merge) -> None:
    """The number of who is gone stays, empty, and points to who is kept."""
    for step in STEPS:
        await connection.execute(step, merged.kept, merged.gone)

"""Made-up visits for the customers of the demo: three pages each, around their newest conversation."""

from deskbell.store.types import Database

_VISITORS = """
    INSERT INTO visitor (key_hash, site_id, customer_id, first_at, first_url, visits, seen_at, facts)
    SELECT sha256(('demo ' || cu.id)::bytea), $1, cu.id, began.at - make_interval(days => (10 + cu.id % 60)::int),
        'https://fjordandpine.example/', 1 + cu.id % 3, began.at,
        jsonb_build_object('plan', CASE WHEN cu.id % 2 = 0 THEN 'member' ELSE 'guest' END)
    FROM customer cu JOIN LATERAL (
        SELECT max(created_at) AS at FROM conversation WHERE customer_id = cu.id) AS began ON began.at IS NOT NULL
"""
_VISITS = """
    INSERT INTO visit (visitor_id, customer_id, site_id, ip, user_agent, locale, time_zone, referrer, landing_url,
        landing_title, url, title, page_at, pages, started_at, last_at)
    SELECT id, customer_id, $1, '198.51.100.' || (10 + id % 200),
        (ARRAY['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
               'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) '
                   'Version/18.5 Mobile/15E148 Safari/604.1',
               'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 '
                   'Safari/537.36'])[1 + id % 3],
        (ARRAY['en-GB', 'nb-NO', 'de-DE'])[1 + id % 3], (ARRAY['Europe/London', 'Europe/Oslo', 'Europe/Berlin'])[1 + id % 3],
        CASE WHEN id % 2 = 0 THEN 'https://search.example/?q=oak+table' ELSE '' END,
        'https://fjordandpine.example/', 'Fjord & Pine', 'https://fjordandpine.example/cart', 'Your cart', seen_at, 3,
        seen_at - interval '6 minutes', seen_at
    FROM visitor
"""
_VIEWS = """
    INSERT INTO page_view (visit_id, id, url, title, at, dwell)
    SELECT v.id, page.n, 'https://fjordandpine.example' || page.path, page.title,
        v.started_at + page.n * interval '2 minutes', 40 + page.n * 25
    FROM visit v, (VALUES (0, '/', 'Fjord & Pine'), (1, '/tables', 'Oak tables'), (2, '/cart', 'Your cart'))
        AS page (n, path, title)
"""
_PRESENT = "UPDATE visitor SET visit_id = visit.id FROM visit WHERE visit.visitor_id = visitor.id"


async def add(db: Database, site_id: int) -> None:
    """For everybody who has a conversation; the tables are empty so far."""
    await db.execute(_VISITORS, site_id)
    await db.execute(_VISITS, site_id)
    await db.execute(_VIEWS)
    await db.execute(_PRESENT)

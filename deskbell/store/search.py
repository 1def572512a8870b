"""Full-text search: what a query means, what it finds, and the words of conversations, written shortly after them.

Only messages are ever put in: comments are not to be found (TEAM-5).
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from deskbell.kit.postgres import Pool
from deskbell.store.types import Database

MOST_WORDS = 8
FEW = 5_000
"""So many conversations are looked up one by one. What finds more is common, and a list is read in its own order then."""
SAMPLE, COMMON = 500, 25
"""Words that as many of the newest conversations have are common, too: the index is not asked, it would take long."""
MESSAGES_AT_ONCE = 200
MOST_DIFFERENT = 20_000
"""Different words of one conversation; a tsvector cannot hold more than 1 MB."""

# `words_of` takes ASCII signs for spaces. Of the others these are taken for spaces as well, or they would cling to words.
_ASCII_SIGNS = ".,;:!?@#$%&*+-_/\\|=~^`'\"()[]{}<>"
_SIGNS = "‘’‚“”„«»‹›–—…·•¡¿´،؛؟。、，！？：；「」『』（）\u00a0\u2009\u200b\u202f\u3000"
_SPACES = str.maketrans(dict.fromkeys(_ASCII_SIGNS + _SIGNS, " "))
_NUMBER = re.compile(r"#?([1-9][0-9]{0,17})")

# How many of the newest have the words.
_SAMPLE = f"""
SELECT count(*) FROM (SELECT words FROM search ORDER BY conversation_id DESC LIMIT {SAMPLE}) newest
WHERE words @@ $1::text::tsquery"""

# What a word is differs by language and by the database's locale: it is asked for queries as it is for messages.
_WORDS = """
SELECT array_agg(token ORDER BY place) FROM ts_parse('default', $1) WITH ORDINALITY AS parsed (type, token, place)
WHERE type <> 12"""

_FIND = "SELECT conversations_with($1::text::tsquery, $2)"

# Takes in the next messages of these conversations. Two nodes may do it at once: words are a set, and `upto` only grows.
# Once a customer has changed or deleted a message at a service, its conversation is taken in anew and whole.
_TAKE_IN = f"""
WITH due AS (
    SELECT c.id, COALESCE(s.upto, 0) AS upto, c.last_seq, c.channel <> 'web' AND EXISTS (
        SELECT 1 FROM entry e WHERE e.conversation_id = c.id AND e.seq > COALESCE(s.upto, 0) AND e.kind = 'event'
        AND e.data ->> 'name' IN ('edited', 'withdrawn')) AS anew
    FROM conversation c LEFT JOIN search s ON s.conversation_id = c.id
    WHERE c.id = ANY($1::bigint[]) AND COALESCE(s.upto, -1) < c.last_seq
), span AS (
    SELECT id, anew, CASE WHEN anew THEN 0 ELSE upto END AS after,
           CASE WHEN anew THEN last_seq ELSE LEAST(last_seq, upto + $2) END AS upto
    FROM due
), said AS (
    SELECT id, anew, upto, CASE WHEN anew THEN (
        SELECT string_agg(CASE e.kind WHEN 'message' THEN e.text ELSE e.data ->> 'text' END, ' ') FROM entry e
        WHERE e.conversation_id = id AND (e.kind = 'message' OR e.data ->> 'name' = 'edited') AND NOT EXISTS (
            SELECT 1 FROM entry gone WHERE gone.conversation_id = id AND gone.kind = 'event'
            AND gone.data ->> 'name' = 'withdrawn'
            AND (gone.data ->> 'seq')::integer = COALESCE((e.data ->> 'seq')::integer, e.seq))
    ) ELSE (
        SELECT string_agg(e.text, ' ') FROM entry e WHERE e.conversation_id = id AND e.kind = 'message'
        AND e.seq > span.after AND e.seq <= span.upto
    ) END AS text
    FROM span
), saved AS (
    INSERT INTO search AS s (conversation_id, upto, words)
    SELECT id, upto, words_of(CASE WHEN $3 THEN
        translate(COALESCE(text, ''), '{_SIGNS}', repeat(' ', {len(_SIGNS)})) ELSE '' END) FROM said ORDER BY id
    ON CONFLICT (conversation_id) DO UPDATE SET upto = excluded.upto,
        words = CASE WHEN (SELECT anew FROM said WHERE id = excluded.conversation_id) THEN excluded.words
            WHEN length(s.words) < {MOST_DIFFERENT} THEN s.words || excluded.words ELSE s.words END
    WHERE s.upto < excluded.upto
)
SELECT span.id FROM span JOIN due USING (id) WHERE due.last_seq > span.upto"""

# What a dead node left behind: in everything open, and in a window of numbers.
_BEHIND = """
SELECT c.id FROM conversation c LEFT JOIN search s ON s.conversation_id = c.id
WHERE (c.state IN ('queued', 'offered', 'live', 'pending') OR c.id BETWEEN $1 AND $2)
  AND COALESCE(s.upto, -1) < c.last_seq
LIMIT $3"""

_NEWEST = "SELECT COALESCE(max(id), 0) FROM conversation"


class Wanted(NamedTuple):
    """What somebody looks for: words that all have to be there (a tsquery, or none), or a conversation's number."""

    words: str | None
    number: int | None


async def wanted(db: Database, text: str) -> Wanted:
    """The last word may be the beginning of one. Signs do not count."""
    words = (await db.fetchval(_WORDS, text.translate(_SPACES)) or [])[:MOST_WORDS]
    number = _NUMBER.fullmatch(text.strip())
    quoted = [f"'{word.lower()}'" for word in words]
    return Wanted(f"{' & '.join(quoted)}:*" if quoted else None, int(number[1]) if number else None)


async def find(pool: Pool, asked: Wanted) -> list[int] | None:
    """Ids of what is found, also of what the asker may not see; None when it is more than FEW."""
    numbered = [] if asked.number is None else [asked.number]
    if asked.words is None:
        return numbered
    if await pool.fetchval(_SAMPLE, asked.words) >= COMMON:
        return None
    found = [row[0] for row in await pool.fetch(_FIND, asked.words, FEW + 1)]
    return None if len(found) > FEW else numbered + found


async def take_in(pool: Pool, ids: Sequence[int]) -> list[int]:
    """Index the next messages of these conversations; those that have still more are returned."""
    try:
        return await _take_in(pool, ids)
    except asyncpg.ProgramLimitExceededError:  # one of them holds more than an index can
        return [left for one in ids for left in await _take_in_alone(pool, one)]


async def _take_in_alone(pool: Pool, conversation_id: int) -> list[int]:
    try:
        return await _take_in(pool, [conversation_id])
    except asyncpg.ProgramLimitExceededError:
        return await _take_in(pool, [conversation_id], words=False)


async def _take_in(pool: Pool, ids: Sequence[int], *, words: bool = True) -> list[int]:
    return [row[0] for row in await pool.fetch(_TAKE_IN, ids, MESSAGES_AT_ONCE, words)]


async def behind(pool: Pool, first: int, last: int, limit: int) -> list[int]:
    """Open conversations, and those numbered `first..last`, that have messages which are not in yet."""
    return [row[0] for row in await pool.fetch(_BEHIND, first, last, limit)]


async def newest(pool: Pool) -> int:
    """The greatest number there is, or 0."""
    return int(await pool.fetchval(_NEWEST))

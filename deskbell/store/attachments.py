"""Files that messages want to carry."""

from collections.abc import Sequence

from deskbell.domain.facts import FileFact
from deskbell.kit.postgres import Connection

# Locked, so that one file cannot be sent in two messages at once.
_FILES = """
SELECT id, owner, owner_id, conversation_id, name, size, type, width, height, preview
FROM file WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE"""


async def facts(connection: Connection, ids: Sequence[str]) -> dict[str, FileFact]:
    """Unknown ids are missing in the answer."""
    found = {}
    for row in await connection.fetch(_FILES, ids):
        view = {"id": row["id"], "name": row["name"], "size": row["size"], "type": row["type"]}
        view |= {key: row[key] for key in ("width", "height") if row[key] is not None}
        view["preview"] = row["preview"]
        found[row["id"]] = FileFact(row["id"], row["owner"], row["owner_id"], row["conversation_id"], view)
    return found

"""What a browser says of itself, made fit to be kept."""

from deskbell.kit import ids, text


def key_hash(site_id: int, key: str) -> bytes:
    """A key counts on its own site only."""
    return ids.digest(f"{site_id} {key}")


def shown(value: str, limit: int) -> str:
    """Words of a browser as one line, cut at `limit`; nothing if they are no text."""
    try:
        return text.name(value[:limit], limit)
    except text.BadText:
        return ""

"""Files that came with messages: asked for by their id, fetched within 5 minutes from Meta's own hosts with our token."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from deskbell.channels.base import Account, Media, SendError

from .graph import Graph

HOSTS = (".fbsbx.com", ".fbcdn.net", ".whatsapp.net", ".facebook.com")


async def fetch(graph: Graph, account: Account, file: Media) -> AsyncIterator[bytes]:
    """Its bytes, unchecked. Raises SendError."""
    about = await graph.media(account, file.id)
    url = str(about.get("url") or "")
    if not _is_known(url, graph.base):
        raise SendError("WhatsApp named an address for this file that is not its own.")
    async for piece in graph.bytes_of(account, url):
        yield piece


def _is_known(url: str, base: str) -> bool:
    """Only there does our token go: Meta's hosts, or the very host and port that is set up as the API."""
    try:
        parts, ours = urlsplit(url), urlsplit(base)
        if (parts.scheme, parts.hostname, parts.port) == (ours.scheme, ours.hostname, ours.port):
            return True
        return parts.scheme == "https" and parts.port is None and (parts.hostname or "").endswith(HOSTS)
    except ValueError:
        return False

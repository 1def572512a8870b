"""Files that came with messages: asked for by their id, fetched within 5 minutes from Meta's own hosts with our token.

Whoever could make us ask another host would read our network with our token.
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from deskbell.channels.base import Account, Media, SendError

if TYPE_CHECKING:
    from .graph import Graph

HOSTS = (".fbsbx.com", ".fbcdn.net", ".whatsapp.net", ".facebook.com")
GONE = 404
RETRY_S = 5.0


async def fetch(graph: "Graph", account: Account, file: Media) -> AsyncIterator[bytes]:
    """Its bytes, unchecked. Raises SendError; what came before that is worth nothing."""
    if not file.id.isascii() or not file.id.replace("-", "").replace("_", "").isalnum():
        raise SendError("WhatsApp's id of this file makes no sense.")
    for last in (False, True):
        about = await graph.media(account, file.id)
        url = str(about.get("url") or "")
        if not is_known(url, graph.base):
            raise SendError("WhatsApp named an address for this file that is not its own.")
        try:
            async for piece in graph.bytes_of(account, url):
                yield piece
        except SendError as error:
            if error.code == GONE and not last:
                continue  # its 5 minutes were over: once more with a new address
            if error.code >= 400 and error.code != GONE:
                raise SendError(str(error), code=error.code, retry=RETRY_S) from None
            raise
        return


def is_known(url: str, base: str) -> bool:
    """Only there does our token go: Meta's hosts, or the very host and port that is set up as the API."""
    try:
        parts, ours = urlsplit(url), urlsplit(base)
        if parts.username is not None or parts.password is not None:
            return False
        if (parts.scheme, parts.hostname, parts.port) == (ours.scheme, ours.hostname, ours.port):
            return True
        return parts.scheme == "https" and parts.port is None and (parts.hostname or "").endswith(HOSTS)
    except ValueError:
        return False

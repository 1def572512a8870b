"""Whether a request comes from a page of this desk itself (CSRF, and sockets opened by other sites)."""

from deskbell.settings import Settings


def is_own(settings: Settings, origin: str | None, host: str | None) -> bool:
    """Exact comparison. Without a BASE_URL the name it was called by counts: a page under another name has no cookie."""
    if not origin:
        return False
    if origin == settings.address:
        return True
    return not settings.base_url and host is not None and origin in (f"http://{host}", f"https://{host}")

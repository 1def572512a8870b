"""Addresses of pages from strangers: only http and https, without what opens doors elsewhere."""

import re
from urllib.parse import SplitResult, urlsplit

from deskbell.kit.text import clean

URL_LIMIT = 2_000
HIDDEN = "hidden"

_SECRET = re.compile(
    r"(?i)([?&;]|^)([^=&;]*(?:token|secret|passw|pwd|session|sid|auth|jwt|signature|sig|code|key|otp)[^=&;]*)=[^&;]*"
)


def page_address(value: str) -> str | None:
    """A page's address as it is kept: at most 2,000 characters, no user or password, values of parameters that look like
    secrets hidden, of the fragment only what names a place (`#top`, `#/cart`). None: it is no address of a page.
    """
    parts = split(value)
    if parts is None:
        return None
    query = _SECRET.sub(rf"\1\2={HIDDEN}", parts.query)
    fragment = "" if "=" in parts.fragment else parts.fragment
    return parts._replace(netloc=_host(parts), query=query, fragment=fragment).geturl()[:URL_LIMIT]


def origin_of(value: str) -> str | None:
    """`https://shop.example.org` of an address; None if it is no page's."""
    parts = split(value)
    return None if parts is None else f"{parts.scheme}://{_host(parts)}"


def split(value: str) -> SplitResult | None:
    if len(value) > 4 * URL_LIMIT:
        value = value[: 4 * URL_LIMIT]
    try:
        parts = urlsplit(clean(value, 4 * URL_LIMIT))
        parts.port  # noqa: B018 - raises when it is none
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2].lower()

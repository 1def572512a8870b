"""The format of a reply (CHAT-4): a small safe subset of HTML, and the plain text of it.

Bold, italic, strike, lists, quote, code and links. Cleaned when it comes in and again when it goes out of
the store to somebody (the list of what is safe may have grown shorter since it was stored).
"""

import re
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urlsplit

import nh3

from deskbell.kit.text import BadText, clean

HTML_LIMIT = 40_000
DEPTH_LIMIT = 16
TAGS = frozenset(
    ["p", "br", "strong", "b", "em", "i", "s", "del", "ul", "ol", "li", "blockquote", "code", "pre", "a"]
)
SCHEMES = frozenset({"http", "https", "mailto", "tel"})

_BLOCKS = frozenset({"p", "ul", "ol", "li", "blockquote", "pre"})
_RUNS = re.compile(r"\n{3,}")
_TAG = re.compile(r"<(/?)([a-z]+)")
_VOID = frozenset(["br", "hr", "img", "input", "wbr"])


class Rich(NamedTuple):
    html: str
    """The safe subset, well formed."""
    text: str
    """The same in plain text, for previews, search, mail and those who show no format."""


def rich(value: str, limit: int = HTML_LIMIT, text_limit: int = 10_000) -> Rich:
    """Clean formatted text from outside. Raises BadText with the limit if it is too long or too deep."""
    value = clean(value, limit, "The formatted text")
    if _depth(value) > DEPTH_LIMIT:
        raise BadText(f"The formatted text may be nested at most {DEPTH_LIMIT} deep.", DEPTH_LIMIT)
    safe = safe_html(value)
    text = clean(plain(safe), text_limit)
    return Rich(safe, text)


def safe_html(value: str) -> str:
    """Only what TAGS and links allow; everything else is taken out, the words stay."""
    return nh3.clean(
        value,
        tags=set(TAGS),
        attributes={"a": {"href"}},
        attribute_filter=_attribute,
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer nofollow ugc",
    ).strip()


def plain(safe: str) -> str:
    """The plain text of cleaned HTML: a line per block, list items marked, a link's address if it differs."""
    reader = _Plain()
    reader.feed(safe)
    reader.close()
    return _RUNS.sub("\n\n", "".join(reader.parts)).strip()


def _attribute(tag: str, attribute: str, value: str) -> str | None:
    """Links must name their scheme and host: `//evil` and relative ones mean something else elsewhere."""
    if attribute != "href":
        return value
    try:
        parts = urlsplit(value.strip())
    except ValueError:
        return None
    if parts.scheme.lower() not in SCHEMES:
        return None
    return value.strip() if parts.netloc or parts.scheme.lower() in ("mailto", "tel") else None


def _depth(value: str) -> int:
    """How deep the tags are nested at most; unclosed ones count, so a bomb is seen before it is parsed."""
    depth = deepest = 0
    for closing, tag in _TAG.findall(value.lower()):
        if tag not in _VOID:
            depth = max(depth - 1, 0) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._lists: list[int | None] = []
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.parts.append("\n")
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.parts)))
        if tag in _BLOCKS:
            self._break()
        if tag == "li":
            self.parts.append(self._mark())

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "a" and self._links:
            address, since = self._links.pop()
            shown = "".join(self.parts[since:]).strip()
            if address and shown not in (address, address.partition(":")[2]):
                self.parts.append(f" ({address})")
        if tag in _BLOCKS:
            self._break()

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def _break(self) -> None:
        if self.parts and not self.parts[-1].endswith(("\n", "• ", ". ")):
            self.parts.append("\n")

    def _mark(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "• "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

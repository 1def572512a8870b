"""HTML of mail: its text, and a document that can be shown in a sandbox (CHANNEL-4). Pure."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser

import nh3

DEEPEST = 2_000
"""Unclosed tags; beyond it the sanitiser would take seconds."""
SHOWN = 2_000_000

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
_LAYOUT = (_BLOCKS | {"br", "td", "th"}) - {"body", "form"}
_SILENT = frozenset({"style", "script", "title", "template", "noscript", "object", "svg", "math"})
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_TAGS = _BLOCKS | frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "big",
        "br",
        "caption",
        "cite",
        "code",
        "col",
        "colgroup",
        "del",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "kbd",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tt",
        "u",
        "var",
    ]
)
_TAGS -= {"body", "form"}
_SIZES = {
    "width",
    "height",
    "align",
    "valign",
    "bgcolor",
    "color",
    "face",
    "size",
    "dir",
    "lang",
    "style",
    "title",
}
_TABLE = {"border", "cellpadding", "cellspacing", "colspan", "rowspan", "nowrap"}
_STYLES = frozenset(
    [
        "color",
        "background-color",
        "font",
        "font-family",
        "font-size",
        "font-style",
        "font-weight",
        "line-height",
        "text-align",
        "text-decoration",
        "text-indent",
        "vertical-align",
        "white-space",
        "letter-spacing",
        "width",
        "height",
        "max-width",
        "min-width",
        "margin",
        "margin-top",
        "margin-right",
        "margin-bottom",
        "margin-left",
        "padding",
        "padding-top",
        "padding-right",
        "padding-bottom",
        "padding-left",
        "border",
        "border-top",
        "border-right",
        "border-bottom",
        "border-left",
        "border-color",
        "border-style",
        "border-width",
        "border-collapse",
        "border-radius",
        "border-spacing",
        "list-style-type",
        "direction",
    ]
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_CID = re.compile(r"""(?i)\bsrc\s*=\s*["']?cid:([^"'\s>]{1,200})""")
_REMOTE = re.compile(
    r"(?i)\b(?:src|background|srcset)\s*=\s*[\"']?\s*(?:https?:)?//|url\(\s*[\"']?(?:https?:)?//"
)
_RUNS = re.compile(r"\n{3,}")
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
_LINK = re.compile(r"(?i)\s*(https?://|mailto:|tel:)")
_DATA = re.compile(r"(?i)data:image/(png|jpeg|gif|webp);base64,")

POLICY = (
    "default-src 'none'; img-src data:{remote}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""What the document may do, whatever is left in it: no script, no form, and nothing fetched from anywhere unless asked."""


def text_of(html: str) -> str:
    """The words of a mail that has only HTML; quotes are marked with `> `, as in plain mail."""
    if depth(html) > DEEPEST:
        return _RUNS.sub("\n\n", _ANY_TAG.sub(" ", html)).strip()
    # Well formed first: the standard library's parser takes minutes for what is not.
    formed = nh3.clean(
        html[:SHOWN], tags=set(_LAYOUT), clean_content_tags=set(_SILENT), attributes={}, link_rel=None
    )
    reader = _Text()
    reader.feed(formed)
    reader.close()
    return reader.text()


def document(html: str, pictures: Mapping[str, str], *, remote: bool) -> str | None:
    """A whole page of sanitised HTML, to be sent with `policy`; None when it is nested too deep to be shown.

    `pictures`: Content-ID -> `data:` address of the picture. `remote`: pictures elsewhere are left in.
    """
    if depth(html) > DEEPEST:
        return None

    def allow(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "src":
            return _source(value, pictures, remote=remote)
        if attribute == "href":
            return value if _LINK.match(value) else None
        return value

    safe = nh3.clean(
        html[:SHOWN],
        tags=set(_TAGS),
        attributes={
            "*": set(_SIZES),
            "a": {"href"},
            "img": {"src", "alt"},
            **{tag: set(_TABLE) for tag in ("table", "td", "th", "tr")},
        },
        attribute_filter=allow,
        filter_style_properties=set(_STYLES),
        url_schemes={"http", "https", "mailto", "tel", "data", "cid"},
        link_rel="noopener noreferrer nofollow ugc",
        set_tag_attribute_values={"a": {"target": "_blank"}, "img": {"referrerpolicy": "no-referrer"}},
    )
    return (
        '<!doctype html><html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        "<style>html{background:#fff;color:#1a1a1a;font:14px/1.5 system-ui,sans-serif}body{margin:16px;"
        "overflow-wrap:anywhere}img{max-width:100%;height:auto}table{max-width:100%}</style></head>"
        f"<body>{safe}</body></html>"
    )


def policy(*, remote: bool) -> str:
    return POLICY.format(remote=" https: http:" if remote else "")


def has_remote(html: str) -> bool:
    """Whether it would fetch something from elsewhere; a hint for the screen, the policy does not rest on it."""
    return _REMOTE.search(html) is not None


def named_pictures(html: str) -> frozenset[str]:
    """The Content-IDs it shows."""
    return frozenset(_CID.findall(html))


def depth(html: str) -> int:
    deepest = open_tags = 0
    for closing, tag in _TAG.findall(html):
        if tag.lower() not in _VOID:
            open_tags = max(open_tags - 1, 0) if closing else open_tags + 1
            deepest = max(deepest, open_tags)
    return deepest


def _source(value: str, pictures: Mapping[str, str], *, remote: bool) -> str | None:
    value = value.strip()
    if value[:4].lower() == "cid:":
        return pictures.get(value[4:])
    if value[:5].lower() == "data:":
        return value if _DATA.match(value) else None
    return value if remote and re.match(r"(?i)https?://", value) else None


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[tuple[int, str]] = []
        self._line: list[str] = []
        self._quotes = 0
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS or tag == "br":
            self._end(always=tag == "br")
            self._quotes += tag == "blockquote"
            self._pre += tag == "pre"
            if tag == "p" and self._lines and self._lines[-1][1]:
                self._lines.append((self._quotes, ""))
            if tag == "li":
                self._line.append("• ")
        elif tag in ("td", "th") and self._line:
            self._line.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end()
            if tag == "blockquote":
                self._quotes = max(0, self._quotes - 1)
            if tag == "pre":
                self._pre = max(0, self._pre - 1)

    def handle_data(self, data: str) -> None:
        if self._pre:
            first, *rest = data.split("\n")
            self._line.append(first)
            for more in rest:
                self._end(always=True)
                self._line.append(more)
        else:
            self._line.append(re.sub(r"[ \t\r\n\f\u00a0]+", " ", data))

    def _end(self, *, always: bool = False) -> None:
        said = "".join(self._line)
        said = said.rstrip() if self._pre else re.sub(" +", " ", said).strip()
        self._line.clear()
        if said or always:
            self._lines.append((self._quotes, said))

    def text(self) -> str:
        self._end()
        lines = [f"{'> ' * min(quotes, 10)}{said}".rstrip() for quotes, said in self._lines]
        return _RUNS.sub("\n\n", "\n".join(lines)).strip("\n")

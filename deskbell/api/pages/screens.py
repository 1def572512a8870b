"""The console and the widget's frame: small HTML that loads the built files, each under its own policy."""

import re
from html import escape
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from deskbell.api.pages import built
from deskbell.api.pages.built import Page
from deskbell.api.ports import Edge, Here
from deskbell.settings import Settings
from deskbell.store import sites
from deskbell.store.sites import Site

TABS = ("live", "pending", "tagged", "closed", "tickets")
CONSOLE_PATHS = [
    "/",
    "/setup",
    "/visitors",
    "/manage/{section:str}",
    "/customers/{number:int}",
    *(f"/{tab}" for tab in TABS),
    *(f"/{tab}/{{conversation:str}}" for tab in TABS),
]
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")
_NOT_BUILT = """<h1>The screens are not built yet</h1>
<p>The server runs, but its web parts are missing. Run <code>make web</code> and reload this page.</p>"""


@get(CONSOLE_PATHS, include_in_schema=False)
async def console(request: Request[Any, Any, Any], edge: Here) -> Response[str]:
    """One page for all of the console's addresses; what is shown follows the address."""
    page = built.page("console")
    if page is None:
        return plain("Deskbell", _NOT_BUILT, 503)
    policy = policy_of(request, edge.settings, "'none'")
    return html(document("Deskbell", page, '<div id="app"></div>'), {"Content-Security-Policy": policy})


@get("/widget/frame/{key:str}", include_in_schema=False)
async def frame(request: Request[Any, Any, Any], key: FromPath[str], edge: Here) -> Response[str]:
    """What the loader shows in its iframe: only pages of the site's own origins may embed it (VISITOR-1)."""
    site = await _site(edge, key)
    answer = _chat(request, edge, site, ancestors(site) if site else "'none'")
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


@get("/chat/{key:str}", include_in_schema=False)
async def chat(request: Request[Any, Any, Any], key: FromPath[str], edge: Here) -> Response[str]:
    """The hosted chat page: the same, as a whole page, without a site around it (VISITOR-1)."""
    return _chat(request, edge, await _site(edge, key), "'none'")


async def _site(edge: Edge, key: str) -> Site | None:
    site = await sites.by_key(edge.pool, key) if len(key) <= 64 and "\x00" not in key else None
    return site if site and site.active else None


def _chat(request: Request[Any, Any, Any], edge: Edge, site: Site | None, embedders: str) -> Response[str]:
    page = built.page("widget")
    if site is None:
        return plain(
            "Chat", "<h1>This chat does not exist</h1><p>Its address may be wrong or out of date.</p>", 404
        )
    if page is None:
        return plain("Chat", _NOT_BUILT, 503)
    policy = policy_of(request, edge.settings, embedders)
    return html(document(site.name, page, ""), {"Content-Security-Policy": policy})


def ancestors(site: Site) -> str:
    """Who may embed: the site's origins and the desk itself. `*` only if the owner chose any page."""
    return "*" if "*" in site.allowed_origins else " ".join(("'self'", *site.allowed_origins))


def policy_of(request: Request[Any, Any, Any], settings: Settings, embedders: str) -> str:
    """Everything from the desk itself, nothing inline. Some browsers need the socket's address spelled out.

    The console shows mail in frames, which come with a policy of their own (api/mails.py).
    """
    host = settings.address.partition("://")[2] if settings.base_url else request.headers.get("host", "")
    scheme = "wss" if settings.address.startswith("https://") else "ws"
    socket = f" {scheme}://{host}" if _HOST.fullmatch(host) else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
        f"font-src 'self'; frame-src 'self'; connect-src 'self'{socket}; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types svelte-trusted-html deskbell-parse ProseMirrorClipboard; "
        f"frame-ancestors {embedders}"
    )


def document(title: str, page: Page, content: str) -> str:
    """A page that loads built files."""
    styles = "".join(f'<link rel="stylesheet" href="{escape(style)}">' for style in page.styles)
    preloads = "".join(f'<link rel="modulepreload" href="{escape(chunk)}">' for chunk in page.preloads)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="strict-origin-when-cross-origin">'
        f"<title>{escape(title)}</title>"
        f'<link rel="icon" href="/favicon.svg" type="image/svg+xml">{styles}{preloads}'
        f'<script type="module" src="{escape(page.script)}"></script></head><body>{content}'
        "<noscript>This page needs JavaScript.</noscript></body></html>"
    )


def plain(title: str, content: str, status: int = 200) -> Response[str]:
    """A page of words without any script; `content` is HTML."""
    return html(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="/favicon.svg" type="image/svg+xml">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{content}</body></html>",
        {
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'"
        },
        status,
    )


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:4rem auto;padding:0 1rem;"
    "color-scheme:light dark}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem .8rem .4rem 0;"
    "border-bottom:1px solid #8884}pre{white-space:pre-wrap;overflow-wrap:anywhere}"
)


def html(content: str, headers: dict[str, str], status: int = 200) -> Response[str]:
    return Response(
        content, media_type="text/html", status_code=status, headers={"Cache-Control": "no-cache"} | headers
    )


route_handlers = [console, frame, chat]

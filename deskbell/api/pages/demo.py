"""The shop with the widget, which only the demo has."""

import asyncio
from html import escape
from pathlib import Path

from litestar import Response, get

from deskbell.api.pages.screens import html
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import not_found
from deskbell.store import sites

FOLDER = Path(__file__).parent
SHOP_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@get("/demo/shop", include_in_schema=False)
async def shop(edge: Here) -> Response[str]:
    _only_in_demo(edge)
    found = await sites.everyone(edge.pool)
    if not found:
        raise not_found("site")
    content = (await asyncio.to_thread((FOLDER / "shop.html").read_text)).replace(
        "{{SITE_KEY}}", escape(found[0].key)
    )
    return html(content, {"Content-Security-Policy": SHOP_POLICY})


@get("/demo/shop.css", include_in_schema=False)
async def shop_style(edge: Here) -> Response[str]:
    _only_in_demo(edge)
    return Response(await asyncio.to_thread((FOLDER / "shop.css").read_text), media_type="text/css")


def _only_in_demo(edge: Edge) -> None:
    if not edge.demo:
        raise not_found()


route_handlers = [shop, shop_style]

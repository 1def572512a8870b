"""Built files: hashed ones may be kept for ever, the loader for five minutes."""

import asyncio
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from deskbell.api.pages import built
from deskbell.api.ports import Here
from deskbell.api.problems import not_found
from deskbell.store import preferences

FOR_EVER = "public, max-age=31536000, immutable"
FIVE_MINUTES = "public, max-age=300"
HIDES = b"document.currentScript&&document.currentScript.setAttribute('data-away','hidden');"
ICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#2563eb"/>'
    b'<path d="M16 7a7 7 0 0 1 7 7v4l2 4H7l2-4v-4a7 7 0 0 1 7-7z" fill="#fff"/><circle cx="16" cy="24.5" r="2" fill="#fff"/>'
    b"</svg>"
)


@get("/static/{path:path}", include_in_schema=False)
async def asset(request: Request[Any, Any, Any], path: FromPath[str]) -> Response[bytes]:
    """Only files of the build; a name with a hash in it never changes its content."""
    keep = FOR_EVER if "/assets/" in path else FIVE_MINUTES
    return await _answer(request, path.lstrip("/"), keep, "same-origin")


@get("/widget.js", include_in_schema=False)
async def loader(request: Request[Any, Any, Any], edge: Here) -> Response[bytes]:
    """The one script that other people's pages load (VISITOR-1). Only a desk whose launcher hides when nobody can
    answer makes it ask for that on every page (VISITOR-8): the others pay nothing.
    """
    if (await preferences.load(edge.pool)).offline != "hidden":
        return await _answer(request, "widget.js", FIVE_MINUTES, "cross-origin")
    file = await asyncio.to_thread(built.read, "widget.js", False)
    if file is None:
        raise not_found("file")
    headers = {"Cache-Control": FIVE_MINUTES, "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(HIDES + file.content, headers=headers, media_type=file.type)


@get("/visits.js", include_in_schema=False)
async def visits(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What the loader fetches to report pages; a module, which browsers load from elsewhere only with leave."""
    answer = await _answer(request, "visits.js", FIVE_MINUTES, "cross-origin")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


@get(["/favicon.ico", "/favicon.svg"], include_in_schema=False)
async def icon() -> Response[bytes]:
    return Response(ICON, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


async def _answer(request: Request[Any, Any, Any], path: str, keep: str, policy: str) -> Response[bytes]:
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    file = await asyncio.to_thread(built.read, path, zipped)
    if file is None:
        raise not_found("file")
    headers = {
        "Cache-Control": keep,
        "Cross-Origin-Resource-Policy": policy,
        "ETag": file.etag,
        "Vary": "Accept-Encoding",
    }
    if file.zipped:
        headers["Content-Encoding"] = "gzip"
    if request.headers.get("if-none-match") == file.etag:
        return Response(b"", status_code=304, headers=headers, media_type=file.type)
    return Response(file.content, headers=headers, media_type=file.type)


route_handlers = [asset, loader, visits, icon]

"""What the web build has left in deskbell/static: hashed files, found by each page's manifest."""

import re
from pathlib import Path
from typing import NamedTuple

import msgspec

STATIC = Path(__file__).parent.parent.parent / "static"
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".webp": "image/webp",
    ".mp3": "audio/mpeg",
}
"""Only files of these kinds are ever served; to text, the answer adds its charset."""


class Chunk(msgspec.Struct, rename="camel"):
    """One entry of a Vite manifest."""

    file: str
    is_entry: bool = False
    css: list[str] = []
    imports: list[str] = []


class Page(NamedTuple):
    """Addresses of what a page loads at once."""

    script: str
    styles: tuple[str, ...]
    preloads: tuple[str, ...]


class StaticFile(NamedTuple):
    content: bytes
    type: str
    zipped: bool
    etag: str


_PATH = re.compile(r"[A-Za-z0-9._/-]{1,200}")
_decode = msgspec.json.Decoder(dict[str, Chunk]).decode
_pages: dict[Path, tuple[int, Page]] = {}


def page(name: str, static: Path = STATIC) -> Page | None:
    """The page `console` or `widget`, or None if it is not built. Read again only when it was built again."""
    path = static / name / "manifest.json"
    try:
        built_at = path.stat().st_mtime_ns
        known = _pages.get(path)
        if known is None or known[0] != built_at:
            known = _pages[path] = built_at, _page(_decode(path.read_bytes()), f"/static/{name}/")
    except (OSError, msgspec.DecodeError, StopIteration):
        return None
    return known[1]


def _page(manifest: dict[str, Chunk], base: str) -> Page:
    entry = next(chunk for chunk in manifest.values() if chunk.is_entry)
    needed: dict[str, Chunk] = {}
    waiting = list(entry.imports)
    while waiting:
        name = waiting.pop()
        if name not in needed and name in manifest:
            needed[name] = manifest[name]
            waiting += manifest[name].imports
    styles = dict.fromkeys(css for chunk in (entry, *needed.values()) for css in chunk.css)
    preloads = [chunk.file for chunk in needed.values() if chunk is not entry]
    return Page(
        base + entry.file, tuple(base + css for css in styles), tuple(base + file for file in preloads)
    )


def read(path: str, zipped: bool, static: Path = STATIC) -> StaticFile | None:
    """A built file, in its compressed form if wanted and there. None for anything that is not one."""
    if not _PATH.fullmatch(path):
        return None
    target = (static / path).resolve()
    kind = TYPES.get(target.suffix)
    if kind is None or not target.is_relative_to(static.resolve()):
        return None
    beside = target.with_name(f"{target.name}.gz")
    chosen, is_zipped = (beside, True) if zipped and beside.is_file() else (target, False)
    try:
        about = chosen.stat()
        etag = f'"{about.st_mtime_ns:x}-{about.st_size:x}{"-gz" if is_zipped else ""}"'
        return StaticFile(chosen.read_bytes(), kind, is_zipped, etag)
    except OSError:
        return None

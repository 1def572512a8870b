"""What an entry becomes as messages of WhatsApp, and how one of them is handed over."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deskbell.channels.base import Account, OutFile, Outgoing, Person, SendError, Sent
from deskbell.kit import pictures

from . import files, marks

if TYPE_CHECKING:
    from .graph import Graph

TEXT = 4096
CAPTION = 1024
BORDERS = ("\n\n", "\n", " ")
FAR = 1000
"""How far back from the limit a border is looked for."""


def parts(outgoing: Outgoing) -> list[dict[str, Any]]:
    """Text first, cut at paragraphs and words; a short one stands as caption under the first file."""
    if outgoing.content is not None:
        return [dict(outgoing.content)]
    said = marks.from_html(outgoing.html) if outgoing.html else marks.plain(outgoing.text)
    kinds = [files.kind_of(file.name, file.type) or "document" for file in outgoing.files]
    caption = ""
    if kinds and kinds[0] in files.CAPTIONED and length(said) <= CAPTION:
        said, caption = "", said
    made = [_text(piece) for piece in split(said)]
    for place, (kind, file) in enumerate(zip(kinds, outgoing.files, strict=True)):
        made.append(_file(kind, file, caption if place == 0 else ""))
    if outgoing.answers and made:
        made[0]["context"] = {"message_id": outgoing.answers}
    return made


def _text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": {"body": said, "preview_url": True}}


def _file(kind: str, file: OutFile, caption: str) -> dict[str, Any]:
    about: dict[str, Any] = {"caption": caption} if caption else {}
    if kind == "document":
        about["filename"] = file.name
    return {
        "type": kind,
        kind: about,
        "file": {"id": file.id, "name": file.name, "type": file.type, "size": file.size},
    }


def length(text: str) -> int:
    """As their apps count: an emoji is two. Never less than what the service counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, most: int = TEXT) -> list[str]:
    """Pieces of at most `most`, none empty, broken where it hurts least; put together they say all of it."""
    pieces: list[str] = []
    rest = text.strip()
    while length(rest) > most:
        head = _head(rest, most)
        cut = _border(head)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest] if rest else pieces


def _head(text: str, most: int) -> str:
    """As many characters as fit."""
    head = text[:most]
    while length(head) > most:
        head = head[: len(head) - max(1, (length(head) - most) // 2)]
    return head


def _border(head: str) -> int:
    for border in BORDERS:
        found = head.rfind(border, max(1, len(head) - FAR))
        if found > 0:
            return found
    return len(head)


def why_not(said: str, given: Sequence[Mapping[str, Any]]) -> str | None:
    """`given`: files as messages carry them. Long text is cut, so only files can be refused."""
    for file in given:
        reason = files.why_not(str(file["name"]), str(file["type"]), int(file["size"]))
        if reason:
            return reason
    return None


async def send(
    graph: "Graph", account: Account, to: Person, part: Mapping[str, Any], attempt: str, content: bytes | None
) -> Sent:
    """Raises SendError."""
    body = {name: value for name, value in part.items() if name != "file"}
    file = part.get("file")
    if file is not None:
        if content is None:
            raise SendError("A file of this message is gone.")
        media_id = await _upload(graph, account, file, content)
        body = _with_media(body, media_id)
    return Sent(await graph.send(account, _envelope(to, attempt) | body))


def _envelope(to: Person, attempt: str) -> dict[str, Any]:
    whom = {"to": f"+{to.phone}"} if to.phone else {"recipient": to.user_id}
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **whom,
        "biz_opaque_callback_data": attempt,
    }


async def _upload(graph: "Graph", account: Account, file: Mapping[str, Any], content: bytes) -> str:
    name, type_ = str(file["name"]), str(file["type"])
    if type_ in files.CONVERTED:
        changed = await pictures.convert(content, files.KINDS["image"].most)
        if changed is None:
            raise SendError(f"{name} could not be made into a picture that WhatsApp takes.")
        content, type_ = changed
    return await graph.upload(account, content, files.type_of(name, type_), name)


def _with_media(body: Mapping[str, Any], media_id: str) -> dict[str, Any]:
    """The id where the file belongs: under its kind, or in the header of a template."""
    kind = body["type"]
    if kind != "template":
        return {**body, kind: {**body[kind], "id": media_id}}
    template = body["template"]
    components = [
        _header_with_media(one, media_id) if one.get("type") == "header" else one
        for one in template["components"]
    ]
    return {**body, "template": {**template, "components": components}}


def _header_with_media(component: Mapping[str, Any], media_id: str) -> dict[str, Any]:
    (parameter,) = component["parameters"]
    kind = parameter["type"]
    return {**component, "parameters": [{**parameter, kind: {**parameter[kind], "id": media_id}}]}

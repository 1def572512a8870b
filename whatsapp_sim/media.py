"""Pictures, sounds and files: which may be sent, and how long they can be fetched."""

import hashlib

import filetype  # type: ignore[import-untyped]

from whatsapp_sim.dice import Dice
from whatsapp_sim.errors import GraphError
from whatsapp_sim.state import Media, World

MB = 1024 * 1024
DAY = 86_400
UPLOADED_S = 30 * DAY
FROM_WEBHOOK_S = 7 * DAY
URL_S = 300
MOST_BYTES = 512 * MB
"""All media together; the oldest give way."""

AUDIO = {"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}
IMAGE = {"image/jpeg", "image/png"}
VIDEO = {"video/mp4", "video/3gpp"}
STICKER = {"image/webp"}
DOCUMENT = {
    "text/plain",
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
KINDS = {"audio": AUDIO, "image": IMAGE, "video": VIDEO, "sticker": STICKER, "document": DOCUMENT}
LARGEST = {"audio": 16 * MB, "image": 5 * MB, "video": 16 * MB, "sticker": 500 * 1024, "document": 100 * MB}
HEAD = 8_192


def bare(mime: str) -> str:
    """Without parameters: `audio/ogg; codecs=opus` is `audio/ogg`."""
    return mime.partition(";")[0].strip().lower()


def kind_of(mime: str) -> str | None:
    return next((kind for kind, mimes in KINDS.items() if bare(mime) in mimes), None)


def check_upload(content: bytes, mime: str) -> None:
    """Raises GraphError 131053 for what WhatsApp does not take."""
    kind = kind_of(mime)
    if kind is None:
        raise GraphError(131053, f"Unsupported media type: {mime[:80]}.")
    if not content:
        raise GraphError(131053, "The file is empty.")
    if len(content) > LARGEST[kind]:
        raise GraphError(131053, f"{kind} may have {LARGEST[kind]} bytes at most, this has {len(content)}.")
    if not _is_what_it_says(content, bare(mime), kind):
        raise GraphError(131053, f"The file is not {mime[:80]}.")


def _is_what_it_says(content: bytes, mime: str, kind: str) -> bool:
    if mime == "audio/ogg":
        return content.startswith(b"OggS") and b"OpusHead" in content[:HEAD]
    if kind in ("image", "sticker"):
        found = filetype.guess(content[:HEAD])
        return found is not None and found.mime == mime
    return True


class Shelf:
    """Where media lie, by their ids."""

    def __init__(self, world: World, dice: Dice) -> None:
        self._world, self._dice = world, dice
        self._count = 0

    def put(
        self, number: str, content: bytes, mime: str, *, keep_s: float, at: float, filename: str = ""
    ) -> Media:
        self._count += 1
        digest = hashlib.sha256(content).digest()
        media_id = self._dice.digits(15, "media", number, self._count)
        media = Media(media_id, number, content, mime, digest, at, keep_s, filename)
        self._world.media[media_id] = media
        self._make_room()
        return media

    def _make_room(self) -> None:
        total = sum(len(media.content) for media in self._world.media.values())
        for media_id in list(self._world.media):
            if total <= MOST_BYTES:
                return
            total -= len(self._world.media.pop(media_id).content)

    def get(self, media_id: str, now: float) -> Media | None:
        """None when it is not there, or not any more."""
        media = self._world.media.get(media_id)
        return media if media and now < media.at + media.keep_s else None

    def proof(self, media_id: str, expires: int) -> str:
        """What makes an address good until then."""
        return self._dice.hex("address", media_id, expires)
